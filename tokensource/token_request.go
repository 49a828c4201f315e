package tokensource

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

func (s *authorizationServer) fetch(ctx context.Context, r Request) (fetchedToken, error) {
	return s.fetchWith(ctx, r, s.options.grantFor(r))
}

// fetchWith requests a token with g.
func (s *authorizationServer) fetchWith(ctx context.Context, r Request, g Grant) (fetchedToken, error) {
	if err := r.checkExpiry(); err != nil {
		return fetchedToken{}, err
	}
	at, limiter, err := s.endpointFor(ctx, r, g)
	if err != nil {
		return fetchedToken{}, err
	}
	return limiter.do(ctx, func() (fetchedToken, error) { return s.request(ctx, r, g, at) })
}

// request sends one token request. X/oauth2 writes it and reads the answer. Its
// package clientcredentials carries the other grants as well: they differ in form
// parameters only, and it lets grant_type be replaced. What x/oauth2 is too lenient
// about is refused by strictTransport and accept.
func (s *authorizationServer) request(ctx context.Context, r Request, g Grant, at endpoint) (fetchedToken, error) {
	request := &authmethod.Request{Issuer: s.issuer, ForEndpoint: s.provider.Request.AssertionForEndpoint, Config: clientcredentials.Config{
		TokenURL: at.url, AuthStyle: at.secret.oauth2(), EndpointParams: s.form(r, g),
	}}
	if err := s.auth.Authenticate(ctx, request); err != nil {
		return fetchedToken{}, err
	}
	config := &request.Config
	secrets := secretsOf(config)
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		return fetchedToken{}, s.withRemedy(requestError(err, secrets...), s.situation(r, g, request, err))
	}
	return readToken(token, g, s.options.tokenTypes, config.ClientID, secrets...)
}

// form returns the parameters of the token request, without those that authenticate
// the client.
func (s *authorizationServer) form(r Request, g Grant) url.Values {
	form := url.Values{}
	for _, p := range s.options.parameters {
		form.Set(p[0], p[1])
	}
	s.style(g).set(form, r)
	if r.Scope != "" {
		addScope(form, canonical(r.Scope))
	}
	g.set(form, r)
	return form
}

// secretsOf lists the secrets of a request as they are sent: an answer may repeat
// them.
func secretsOf(c *clientcredentials.Config) []string {
	id, secret := url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret)
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)), c.ClientSecret, secret}
	for _, name := range []string{"client_assertion", "assertion", "subject_token", "actor_token"} {
		secrets = append(secrets, c.EndpointParams.Get(name))
	}
	return secrets
}

// requestError translates an error of x/oauth2, whose own text may hold the answer.
func requestError(err error, secrets ...string) error {
	if network, ok := errors.AsType[*url.Error](err); ok {
		return unreachable("token endpoint", network.Err)
	}
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("%w: token endpoint: answer holds no token that can be read", ErrUnavailable)
	}
	if busy := busyError("token endpoint", refusal.Response); busy != nil {
		return busy
	}
	return &TokenError{
		Code:        sanitize(refusal.ErrorCode, secrets...),
		Description: words(cmp.Or(refusal.ErrorDescription, message(refusal.Body)), secrets...),
		Status:      refusal.Response.StatusCode,
	}
}

// unreachable returns the error for a request that ended in err. An error of the
// transport may be of this package already.
func unreachable(what string, err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}
