package tokensource

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// The names of RFC 6749, section 2.3.1, in the registry of RFC 7591.
const (
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)

// ClientCredentials authenticates the client with its id and secret (RFC 6749,
// sections 2.3.1 and 4.4). [New] refuses an empty id and an empty secret.
func ClientCredentials(id, secret string) ClientAuth {
	return &clientSecret{id: id, secret: &secret}
}

// ClientSecretFile is [ClientCredentials] with the secret in a file, without the line
// breaks at its end. The file is read for each request, so that a rotation needs no
// restart. A file that is missing, empty or larger than 64 KiB is [ErrUnavailable].
func ClientSecretFile(id, path string) ClientAuth { return &clientSecret{id: id, path: path} }

// clientSecret implements [authmethod.Method].
type clientSecret struct {
	id     string
	secret *string // a pointer, so that fmt cannot print it; nil: in the file
	path   string
}

func (c *clientSecret) Check() error {
	switch {
	case c.id == "":
		return errors.New("tokensource: empty client id")
	case c.secret != nil && *c.secret == "":
		return errors.New("tokensource: empty client secret")
	case c.secret == nil && c.path == "":
		return errors.New("tokensource: empty path of the client secret")
	}
	return nil
}

func (c *clientSecret) Names() []string { return []string{methodBasic, methodPost} }

func (c *clientSecret) Authenticate(_ context.Context, r *authmethod.Request) error {
	r.Config.ClientID = c.id
	if c.secret != nil {
		r.Config.ClientSecret = *c.secret
		return nil
	}
	secret, err := secretfile.Read(c.path)
	if err != nil {
		return fmt.Errorf("%w: client secret: %w", ErrUnavailable, err)
	}
	r.Config.ClientSecret = secret
	return nil
}

// secretStyle is how a client secret is sent (RFC 6749, section 2.3.1).
type secretStyle int

const (
	secretInHeader secretStyle = iota + 1
	secretInForm
)

func (s secretStyle) oauth2() oauth2.AuthStyle {
	if s == secretInForm {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// SecretInHeader sends the client secret in the Authorization header
// (client_secret_basic). That is the default, unless the issuer's metadata lists
// client_secret_post and not client_secret_basic. If one way fails, the other one is
// never tried.
func SecretInHeader() OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.secret = secretInHeader })
}

// SecretInForm sends the client secret in the form (client_secret_post). The list in
// the issuer's metadata is then ignored.
func SecretInForm() OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.secret = secretInForm })
}
