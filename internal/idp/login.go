package idp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
)

// Login is a user who logs in at a client with a browser.
type Login struct {
	// Client is the client's id, and Secret its secret. The default of the
	// latter is what [Secret] tells.
	Client, Secret string

	// User is the person's name, and Password the password. The default of the
	// latter is what [Password] tells.
	User, Password string

	// Redirect is where the client takes the code. Nobody needs to listen
	// there. The default is [Callback].
	Redirect string

	// Params are further parameters of the authorization request, such as
	// scope, resource and prompt. The default of scope is openid.
	Params url.Values
}

// Callback is the redirect URI of the clients that [OIDCProvider] and
// [Zitadel] come with.
const Callback = "http://127.0.0.1/callback"

// Secret returns the secret of the clients that [OIDCProvider] and [Zitadel]
// come with.
func Secret(client string) string { return client + "-secret" }

// Password returns the password of the people that [OIDCProvider] and
// [Zitadel] know: alice and bob.
func Password(user string) string { return user + "-password" }

// Grant is a response of the token endpoint (RFC 6749, section 5.1; OpenID Connect Core,
// section 3.1.3.3). Members that the response lacks are empty.
type Grant struct {
	AccessToken  string `json:"access_token"`
	IDToken      string `json:"id_token"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// Login acts as the user and the client of l: it gets an authorization code with PKCE
// (RFC 7636) through the server's own pages. The error has the server's message.
func (s *Server) Login(ctx context.Context, l Login) (Grant, error) {
	session, err := s.Begin(ctx, l)
	if err != nil {
		return Grant{}, err
	}
	return session.Grant, nil
}

// login logs the user of b in.
func (b *browser) login(ctx context.Context, at metadata) (grant Grant, err error) {
	l, state, verifier := b.who, rand.Text(), rand.Text()+rand.Text()
	back, err := b.open(ctx, at.Authorization+"?"+l.question(state, verifier).Encode())
	if err != nil {
		return Grant{}, err
	}
	switch {
	case back.Get("state") != state:
		return Grant{}, fmt.Errorf("got state %q, want %q", back.Get("state"), state)
	case back.Get("error") != "":
		return Grant{}, fmt.Errorf("%s: %s", back.Get("error"), back.Get("error_description"))
	}
	err = call(ctx, http.MethodPost, at.Token, basic(l.Client, l.Secret), url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {back.Get("code")},
		"code_verifier": {verifier},
		"redirect_uri":  {l.Redirect},
	}, &grant)
	return grant, err
}

// question returns the parameters of the authorization request.
func (l Login) question(state, verifier string) url.Values {
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{"scope": {"openid"}}
	maps.Copy(q, l.Params)
	maps.Copy(q, url.Values{
		"client_id":             {l.Client},
		"response_type":         {"code"},
		"redirect_uri":          {l.Redirect},
		"state":                 {state},
		"nonce":                 {rand.Text()},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	})
	return q
}

// basic returns the header of client_secret_basic (RFC 6749, section 2.3.1).
func basic(id, secret string) string {
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}
