package tokensource

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// mint asks the token endpoint for the token that r wants.
func (s *server) mint(ctx context.Context, r Request) (answer, error) {
	return s.obtain(ctx, r, s.options.server.grantFor(r))
}

// obtain asks the token endpoint with g.
func (s *server) obtain(ctx context.Context, r Request, g Grant) (answer, error) {
	if err := r.fresh(); err != nil {
		return answer{}, err
	}
	at, err := s.endpointFor(ctx, r, g)
	if err != nil {
		return answer{}, err
	}
	return s.laneTo(at.url).do(ctx, func() (answer, error) { return s.request(ctx, r, g, at) })
}

// request asks once, with x/oauth2's request and reader of answers. Its
// clientcredentials package also carries the other grants: those differ in form
// parameters only, and grant_type is one that may be replaced. What x/oauth2 is too
// kind about is refused by strict and accept.
func (s *server) request(ctx context.Context, r Request, g Grant, at endpoint) (answer, error) {
	form, err := s.form(r, g)
	if err != nil {
		return answer{}, err
	}
	config := clientcredentials.Config{TokenURL: at.url, AuthStyle: at.style.oauth2(), EndpointParams: form}
	if err := s.auth.authenticate(ctx, &config, s.issuer); err != nil {
		return answer{}, err
	}
	secrets := secretsOf(&config) // which the answer may repeat
	tok, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		return answer{}, s.explain(failure(err, secrets...), r, config.ClientID)
	}
	return read(tok, g, config.ClientID, secrets...)
}

// form returns the parameters of the token request, without those that
// authenticate the client.
func (s *server) form(r Request, g Grant) (url.Values, error) {
	form := url.Values{}
	for _, p := range s.options.server.parameters {
		form.Set(p[0], p[1])
	}
	if err := s.options.server.strategy(g).ask(form, r); err != nil {
		return nil, err
	}
	if r.Scope != "" {
		addScope(form, canonical(r.Scope))
	}
	g.put(form, r)
	return form, nil
}

// secretsOf lists how the secrets of a request look on the wire.
func secretsOf(c *clientcredentials.Config) []string {
	id, secret := url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret)
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)), c.ClientSecret, secret}
	for _, name := range []string{"client_assertion", "assertion", "subject_token", "actor_token"} {
		secrets = append(secrets, c.EndpointParams.Get(name))
	}
	return secrets
}

// failure translates an error of x/oauth2, whose own text may hold the answer.
func failure(err error, secrets ...string) error {
	if network, ok := errors.AsType[*url.Error](err); ok {
		return unreached("token endpoint", network.Err)
	}
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		return fmt.Errorf("%w: token endpoint: answer holds no token that can be read", ErrUnavailable)
	}
	if o := busy("token endpoint", refusal.Response); o != nil {
		return o
	}
	return &TokenError{
		Code:        sanitize(refusal.ErrorCode, secrets...),
		Description: sanitize(refusal.ErrorDescription, secrets...),
		Status:      refusal.Response.StatusCode,
	}
}

// unreached says that a request ended in err, which may have said so itself.
func unreached(what string, err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}

// explain adds to a refusal what to change at the provider.
func (s *server) explain(err error, r Request, client string) error {
	var refused *TokenError
	if errors.As(err, &refused) {
		refused.Hint = s.options.server.known().hint(refused.Code, r.Audience, client, s.issuer)
	}
	return err
}
