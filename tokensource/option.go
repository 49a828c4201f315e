package tokensource

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
)

// Option changes how a [Source] works. No option turns off a check of a token.
type Option interface{ apply(*options) }

type options struct {
	transport http.RoundTripper // nil: one of our own
	tokenURL  string            // empty: from discovery
	style     Style             // zero: from discovery
	bound     int
	loopback  bool
}

// check refuses values with which a source could not work, or not safely.
func (o *options) check(issuer string, auth ClientAuth) error {
	if err := o.checkURL(issuer); err != nil {
		return fmt.Errorf("tokensource: issuer: %w", err)
	}
	if strings.Contains(issuer, "?") {
		return errors.New("tokensource: issuer: got a query, want none")
	}
	if auth == nil {
		return errors.New("tokensource: nil client authentication")
	}
	if err := auth.check(); err != nil {
		return err
	}
	if o.tokenURL != "" {
		if err := o.checkURL(o.tokenURL); err != nil {
			return fmt.Errorf("tokensource: token URL: %w", err)
		}
	}
	switch {
	case o.bound < 1:
		return fmt.Errorf("tokensource: bound: got %d, want at least 1", o.bound)
	case o.style < 0 || o.style > Post:
		return fmt.Errorf("tokensource: auth style: got %d, want Basic or Post", o.style)
	}
	return nil
}

type option func(*options)

func (o option) apply(to *options) { o(to) }

// Transport sets what carries the requests to the issuer; client certificates and
// private roots go here. The default is a copy of [http.DefaultTransport]. The
// timeout of 10 s for each request and the refusal of redirects hold with any
// transport. The source does not close it.
func Transport(t http.RoundTripper) Option { return option(func(o *options) { o.transport = t }) }

// TokenURL sets the token endpoint. By default it is found by OpenID Connect
// Discovery 1.0, section 4, when the first token is needed, and looked up again
// every hour in the background.
func TokenURL(u string) Option { return option(func(o *options) { o.tokenURL = u }) }

// Style is a way to send the client's secret.
type Style int

// The styles of RFC 6749, section 2.3.1. The zero Style is neither.
const (
	Basic Style = iota + 1 // client_secret_basic: in the Authorization header
	Post                   // client_secret_post: in the form
)

func (s Style) oauth2() oauth2.AuthStyle {
	if s == Post {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// AuthStyle sets how the secret is sent. The default is [Post] if that is the only
// one of the two that discovery names, else [Basic]. One is never tried after the
// other.
func AuthStyle(s Style) Option { return option(func(o *options) { o.style = s }) }

// Bound sets how many tokens are kept at most; those that were not asked for the
// longest go first. The default is 10 000. It must be positive.
func Bound(n int) Option { return option(func(o *options) { o.bound = n }) }

// InsecureLoopback accepts an issuer and a token endpoint on plain http if their
// host is a loopback address or localhost. The default is https everywhere.
func InsecureLoopback() Option { return option(func(o *options) { o.loopback = true }) }
