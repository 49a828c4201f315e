package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// The defaults of [Config].
const (
	DefaultIdle = 15 * time.Minute
	DefaultLife = 8 * time.Hour
)

// Config says who signs users in, and for which portal.
type Config struct {
	Issuer     string                  // the identity provider
	ClientID   string                  // of the portal at the provider
	Secret     string                  // of the portal at the provider
	Scopes     []string                // beside openid and profile: what the portal calls for its users
	Parameters []oauth2.AuthCodeOption // beside the scopes, if the provider wants more
	Network    http.RoundTripper       // to the provider

	// Calls returns the context in which the portal calls services for the user with these
	// tokens. It ends with ctx, which is that of the session.
	Calls func(ctx context.Context, tokens oauth2.TokenSource) (context.Context, error)

	Log  *slog.Logger  // for the operator
	Idle time.Duration // a session ends after this time without a request; the default is DefaultIdle
	Life time.Duration // a session ends after this time; the default is DefaultLife
}

func (c *Config) check() error {
	switch {
	case c.Issuer == "":
		return errors.New("signin: no identity provider")
	case c.ClientID == "":
		return errors.New("signin: no client id")
	case c.Secret == "":
		return errors.New("signin: no client secret")
	case c.Network == nil:
		return errors.New("signin: no network to the identity provider")
	case c.Calls == nil:
		return errors.New("signin: no context for calls")
	case c.Log == nil:
		return errors.New("signin: no log")
	case c.Idle < 0, c.Life < 0:
		return errors.New("signin: a time of less than 0")
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	if c.Life == 0 {
		c.Life = DefaultLife
	}
	return nil
}
