package tokensource

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// mint asks the token endpoint for a token, with x/oauth2's request and reader of
// answers. Its clientcredentials package also carries the exchange: that one
// differs in form parameters only, and grant_type is one that may be replaced.
// What x/oauth2 is too kind about is refused by strict and accept.
func (s *Source) mint(ctx context.Context, r Request) (kept[Token], error) {
	if !r.Subject.IsZero() && !r.Subject.Valid() {
		return kept[Token]{}, fmt.Errorf("%w: subject token has expired at %v", ErrRefused, r.Subject.Expiry())
	}
	at, err := s.endpoint.get(ctx, time.Now())
	if err != nil {
		return kept[Token]{}, &held{err, s.endpoint.state.Load().next}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return kept[Token]{}, ctx.Err()
	}
	if o := s.pause.Load(); o != nil && time.Now().Before(o.until) {
		return kept[Token]{}, o
	}
	config := clientcredentials.Config{TokenURL: at.url, AuthStyle: at.style.oauth2(), EndpointParams: r.form()}
	s.auth.authenticate(&config)
	secrets := spellings(config.ClientID, config.ClientSecret, r.Subject.Reveal()) // which the answer may repeat
	tok, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, s.client))
	if err != nil {
		return kept[Token]{}, s.failure(err, secrets...)
	}
	return accept(tok, r, config.ClientID, secrets...)
}

// spellings lists how the secrets of a request look on the wire.
func spellings(id, secret, subject string) []string {
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
	return []string{basic, secret, url.QueryEscape(secret), subject}
}

// failure translates an error of x/oauth2, whose own text may hold the answer.
func (s *Source) failure(err error, secrets ...string) error {
	var network *url.Error
	if errors.As(err, &network) {
		return fmt.Errorf("%w: token endpoint: %w", ErrUnavailable, network.Err)
	}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: token endpoint: answer holds no token that can be read", ErrUnavailable)
	}
	status := answer.Response.StatusCode
	if busy := status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500; busy || status/100 == 3 {
		o := &outage{fmt.Sprintf("token endpoint: status %d%s", status, redirected(status)), retryAfter(answer.Response.Header, time.Now())}
		if !o.until.IsZero() {
			s.pause.Store(o) // for all keys: it is the endpoint that is busy
		}
		return o
	}
	return &RefusedError{
		Code:        sanitize(answer.ErrorCode, secrets...),
		Description: sanitize(answer.ErrorDescription, secrets...),
		Status:      status,
	}
}
