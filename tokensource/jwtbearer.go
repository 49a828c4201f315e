package tokensource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const grantBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// AssertionGrant makes the source ask with an assertion instead of client
// credentials: a JWT that somebody whom the issuer trusts has made about the client
// (RFC 7523, section 2.1). The assertion stands alone; nothing else authenticates
// the client, so that such a source serves no request with a Subject. F is called
// for each request to the issuer and must be safe for concurrent use; its error is
// [ErrUnavailable] unless it says otherwise. [New] refuses a nil f.
func AssertionGrant(f func(ctx context.Context) (Token, error)) ClientAuth {
	return &assertionGrant{f: f}
}

// AssertionGrantFile is [AssertionGrant] with the assertion in a file that something
// else keeps fresh, such as a Kubernetes projected volume.
func AssertionGrantFile(path string) ClientAuth {
	return &assertionGrant{path: &path, f: func(context.Context) (Token, error) {
		text, err := readAssertion(path)
		return NewToken(text, time.Time{}), err
	}}
}

type assertionGrant struct {
	path *string // nil: no file
	f    func(context.Context) (Token, error)
}

func (a *assertionGrant) check() error {
	switch {
	case a.path != nil:
		return required("path of the assertion", *a.path)
	case a.f == nil:
		return errors.New("tokensource: nil function for the assertion")
	}
	return nil
}

func (a *assertionGrant) methods() []string { return nil }

func (a *assertionGrant) authenticate(ctx context.Context, config *clientcredentials.Config, _ string) error {
	token, err := a.f(ctx)
	switch {
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrRefused):
		return err
	case err != nil:
		return fmt.Errorf("%w: assertion: %w", ErrUnavailable, err)
	case !token.Valid():
		return fmt.Errorf("%w: assertion: empty, or expired", ErrUnavailable)
	}
	config.AuthStyle = oauth2.AuthStyleInParams
	config.EndpointParams.Set("grant_type", grantBearer)
	config.EndpointParams.Set("assertion", token.Reveal())
	return nil
}
