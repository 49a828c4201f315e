package clientauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// AssertionGrant requests tokens with an assertion instead of client credentials: a
// JWT about the client by a party that the issuer trusts (RFC 7523, section 2.1).
// The assertion is the only proof, so that requests with a Subject are refused. F is
// called for each request to the issuer and must be safe for concurrent use. An
// error of f is [tokensource.ErrUnavailable] unless it wraps
// [tokensource.ErrRefused]. [tokensource.New] refuses a nil f.
func AssertionGrant(f func(ctx context.Context) (tokensource.Token, error)) tokensource.ClientAuth {
	return &assertionGrant{f: f}
}

// AssertionGrantFile is [AssertionGrant] with the assertion in a file that another
// process keeps fresh, such as a projected volume of Kubernetes.
func AssertionGrantFile(path string) tokensource.ClientAuth {
	return &assertionGrant{path: &path, f: func(context.Context) (tokensource.Token, error) {
		text, err := readAssertion(path)
		return tokensource.NewToken(text, time.Time{}), err
	}}
}

// assertionGrant implements [authmethod.GrantMethod].
type assertionGrant struct {
	path *string // nil: no file
	f    func(context.Context) (tokensource.Token, error)
}

func (a *assertionGrant) Check() error {
	switch {
	case a.path != nil:
		return required("path of the assertion", *a.path)
	case a.f == nil:
		return errors.New("clientauth: nil function for the assertion")
	}
	return nil
}

func (a *assertionGrant) Names() []string { return nil }

func (a *assertionGrant) ReplacesGrant() {}

func (a *assertionGrant) Authenticate(ctx context.Context, r *authmethod.Request) error {
	token, err := a.f(ctx)
	switch {
	case errors.Is(err, tokensource.ErrUnavailable), errors.Is(err, tokensource.ErrRefused):
		return err
	case err != nil:
		return fmt.Errorf("%w: assertion: %w", tokensource.ErrUnavailable, err)
	case !token.Valid():
		return fmt.Errorf("%w: assertion: empty, or expired", tokensource.ErrUnavailable)
	}
	r.Config.AuthStyle = oauth2.AuthStyleInParams
	r.Config.EndpointParams.Set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
	r.Config.EndpointParams.Set("assertion", token.Reveal())
	return nil
}
