package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	providerTimeout  = 10 * time.Second
	providerCooldown = time.Second
	providerBody     = 1 << 20 // bytes of an answer
)

// provider is the identity provider. Its metadata are fetched when the first user signs in,
// so that a portal starts while the provider is down.
type provider struct {
	config Config
	home   string // the origin of the portal
	client *http.Client
	turn   chan struct{} // of those who fetch: one at a time

	mu     sync.Mutex // guards the fields below
	known  *endpoints // nil until they were fetched
	failed error      // of the last fetch
	next   time.Time  // when the next fetch may begin
}

// endpoints is what the provider publishes about itself.
type endpoints struct {
	oauth       oauth2.Config
	verifier    *oidc.IDTokenVerifier
	endSession  *url.URL // nil if the provider has none
	namesItself bool     // each answer has iss (RFC 9207)
}

func newProvider(c Config, home string) *provider {
	client := &http.Client{
		Transport:     bounded{c.Network},
		Timeout:       providerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &provider{config: c, home: home, client: client, turn: make(chan struct{}, 1)}
}

// bounded is a transport that reads no endless answers, and that has an error for a provider
// that says of itself that it is out of order.
type bounded struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests {
		response.Body.Close()
		return nil, fmt.Errorf("the provider answered %s", response.Status)
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, providerBody), response.Body}
	return response, nil
}

// find returns the endpoints of the provider.
func (p *provider) find(ctx context.Context) (*endpoints, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if known, err, settled := p.remembered(); settled {
		return known, err
	}
	known, err := p.fetch(context.WithoutCancel(ctx)) // others wait for it too
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.failed, p.next = known, err, time.Now().Add(providerCooldown)
	return known, err
}

// remembered returns the outcome of the last fetch if it still counts.
func (p *provider) remembered() (known *endpoints, err error, settled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known, p.failed, p.known != nil || time.Now().Before(p.next)
}

func (p *provider) fetch(ctx context.Context) (*endpoints, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession  string `json:"end_session_endpoint"`
		NamesItself bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	end, err := url.Parse(more.EndSession)
	if err != nil || end.Host == "" || end.Scheme != "https" && end.Scheme != "http" {
		end = nil
	}
	return &endpoints{
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.Secret, Endpoint: found.Endpoint(),
			RedirectURL: p.home + "/callback", Scopes: append([]string{oidc.ScopeOpenID, "profile"}, p.config.Scopes...),
		},
		verifier:    found.Verifier(&oidc.Config{ClientID: p.config.ClientID}),
		endSession:  end,
		namesItself: more.NamesItself,
	}, nil
}

// origins returns where a form may lead: the provider's page for signing out.
func (p *provider) origins() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || p.known.endSession == nil {
		return nil
	}
	return []string{p.known.endSession.Scheme + "://" + p.known.endSession.Host}
}

// redeem exchanges the code of a sign-in for tokens, and reads who signed in.
func (p *provider) redeem(ctx context.Context, at *endpoints, code string, of pending) (*oauth2.Token, *oidc.IDToken, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := at.oauth.Exchange(ctx, code, append(slices.Clip(p.config.Parameters), oauth2.VerifierOption(of.Verifier))...)
	if err != nil {
		return nil, nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, nil, errors.New("the provider sent no ID token")
	}
	id, err := at.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, nil, err
	}
	return token, id, p.checkID(id, token, of)
}

// checkID checks what go-oidc leaves to its caller (OpenID Connect Core, section 3.1.3.7).
func (p *provider) checkID(id *oidc.IDToken, token *oauth2.Token, of pending) error {
	var more struct {
		Party string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return err
	}
	switch {
	case id.Nonce != of.Nonce:
		return errNonce
	case id.Subject == "":
		return errors.New("the ID token names no user")
	case len(id.Audience) > 1 && more.Party != p.config.ClientID, more.Party != "" && more.Party != p.config.ClientID:
		return fmt.Errorf("the ID token was issued to %q", more.Party)
	case id.AccessTokenHash != "":
		return id.VerifyAccessToken(token.AccessToken)
	}
	return nil
}

var errNonce = errors.New("the ID token belongs to another sign-in: its nonce differs")
