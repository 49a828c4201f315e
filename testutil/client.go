package testutil

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Client is a client that is registered at an [Issuer]. It authenticates with its
// secret, by client_secret_basic or client_secret_post (RFC 6749, section 2.3.1), with
// an assertion signed by one of its keys (private_key_jwt), or with one of its
// certificates (RFC 8705, section 2). Without any of these it cannot authenticate.
type Client struct {
	// ID is the client's id. It is required.
	ID string

	// Secret is the client's password.
	Secret string

	// Keys are the keys that the client may sign assertions with, each with its own
	// algorithm only.
	Keys []*Key

	// Certificates are the certificates that the client may present to [Issuer.Listen].
	Certificates []*x509.Certificate

	// Audiences are the audiences that the client may request tokens for.
	Audiences []string

	// Scopes are the scopes that the client may be granted, by audience.
	Scopes map[string][]string

	// Exchange lets the client exchange tokens that are addressed to it
	// (RFC 8693).
	Exchange bool

	// OwnAudiences are the audiences by which tokens are addressed to the client. The
	// default is its id alone.
	OwnAudiences []string

	// Opaque makes the client's tokens random texts that only introspection can read.
	// The default is JWTs.
	Opaque bool

	// Bound binds the client's tokens to the certificate that it authenticates with (RFC
	// 8705, section 3).
	Bound bool

	// Public lets the client redeem the codes and refresh tokens of its logins without
	// authentication (RFC 6749, section 2.1).
	Public bool

	// RedirectURIs are the addresses to which a login may lead back, character by
	// character. The default is any address on this machine: localhost, the names below
	// it, 127.0.0.1 and [::1].
	RedirectURIs []string

	// PostLogoutRedirectURIs are the addresses to which a logout may lead back. The
	// default is that of RedirectURIs.
	PostLogoutRedirectURIs []string

	// BackchannelLogoutURI is the address that gets a logout token when a session ends in
	// which the client has tokens (OpenID Connect Back-Channel Logout 1.0). It is on this
	// machine. The default is that the client is not told.
	BackchannelLogoutURI string

	// Consent makes the issuer ask users, once in each session, if the client may have
	// what it requests. The default is that it asks for prompt=consent only.
	Consent bool

	boundTo string // the thumbprint of the certificate that the token is bound to; empty for none
}

// Validate says why c cannot be registered.
func (c Client) Validate() error {
	if c.ID == "" {
		return errors.New("client without an id")
	}
	for _, address := range slices.Concat(c.RedirectURIs, c.PostLogoutRedirectURIs) {
		if _, err := webAddress(address); err != nil {
			return fmt.Errorf("client %q: redirect URI: %w", c.ID, err)
		}
	}
	if c.BackchannelLogoutURI == "" {
		return nil
	}
	u, err := webAddress(c.BackchannelLogoutURI)
	if err == nil && !isLoopback(u.Hostname()) {
		err = fmt.Errorf("got %q, %w", c.BackchannelLogoutURI, errNoAddress)
	}
	if err != nil {
		return fmt.Errorf("client %q: back-channel logout URI: %w", c.ID, err)
	}
	return nil
}

// Register adds c, or replaces the client with the same id. It panics if [Client.Validate]
// returns an error.
func (i *Issuer) Register(c Client) {
	if err := c.Validate(); err != nil {
		panic("testutil: register: " + err.Error())
	}
	c.Audiences, c.OwnAudiences, c.Scopes = slices.Clone(c.Audiences), slices.Clone(c.OwnAudiences), maps.Clone(c.Scopes)
	c.Keys, c.Certificates = slices.Clone(c.Keys), slices.Clone(c.Certificates)
	c.RedirectURIs, c.PostLogoutRedirectURIs = slices.Clone(c.RedirectURIs), slices.Clone(c.PostLogoutRedirectURIs)
	if c.OwnAudiences == nil {
		c.OwnAudiences = []string{c.ID}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.clients[c.ID] = c
}

// Unregister removes the client with that id, if there is one. Its tokens stay valid.
func (i *Issuer) Unregister(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.clients, id)
}

func (i *Issuer) client(id string) (Client, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, ok := i.clients[id]
	return c, ok
}

// authenticate returns the client that sent the form of r, which is parsed.
func (i *Issuer) authenticate(r *http.Request) (Client, *refusal) {
	id, secret, basic := r.BasicAuth()
	posted, asserted := r.PostForm.Has("client_secret"), r.PostForm.Has("client_assertion")
	switch {
	case basic && (posted || asserted), posted && asserted:
		return Client{}, refuse("invalid_request", "the client authenticates in two ways")
	case asserted:
		return i.asserted(r.PostForm)
	case basic:
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(id)
		secret, secretErr = url.QueryUnescape(secret)
		if idErr != nil || secretErr != nil {
			return Client{}, refuse("invalid_client", "the credentials are not form-encoded")
		}
	case !r.PostForm.Has("client_id") && r.PostForm.Get("grant_type") == jwtBearer:
		return i.described(r.PostForm)
	default:
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	c, ok := i.client(id)
	switch {
	case ok && !basic && !posted && c.presented(r):
		if c.Bound {
			thumbprint := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
			c.boundTo = base64url(thumbprint[:])
		}
		return c, nil
	case ok && !basic && !posted && c.Public && slices.Contains([]string{authorizationCode, refreshToken}, r.PostForm.Get("grant_type")):
		return c, nil
	case !ok || c.Secret == "" || secret != c.Secret:
		return Client{}, refuse("invalid_client", "unknown client or wrong secret")
	}
	return c, nil
}

// presented reports whether r arrived on a connection with a certificate of c.
func (c Client) presented(r *http.Request) bool {
	return r.TLS != nil && len(r.TLS.PeerCertificates) > 0 &&
		slices.ContainsFunc(c.Certificates, r.TLS.PeerCertificates[0].Equal)
}
