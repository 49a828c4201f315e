package tokensource

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/oauth2"
)

// Option changes how a [Cache] works. No option turns off a check of a token.
type Option interface{ apply(*options) }

type options struct {
	transport http.RoundTripper // nil: one of our own
	bound     int
	parallel  int
	loopback  bool
	sole      bool // extra audiences are a mismatch
	log       *slog.Logger
	meters    metric.MeterProvider
	server    serverOptions
}

// serverOptions say how an authorization server is asked; the other kinds of
// source refuse them.
type serverOptions struct {
	tokenURL   string      // empty: from discovery
	style      Style       // zero: from discovery
	ask        *Strategy   // nil: the preset's
	grant      Grant       // zero: the preset's
	parameters [][2]string // names and values
	preset     string      // by its name; empty: the default
}

// newOptions applies opts to the defaults.
func newOptions(opts []Option) *options {
	o := &options{bound: 10_000, parallel: 16, log: slog.Default(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt.apply(o)
	}
	return o
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
	if err := o.checkServer(auth); err != nil {
		return err
	}
	return o.checkEngine()
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
// every hour in the background. A set one is asked whatever discovery would say, also of
// the ways of authentication.
func TokenURL(u string) Option { return option(func(o *options) { o.server.tokenURL = u }) }

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
func AuthStyle(s Style) Option { return option(func(o *options) { o.server.style = s }) }

// InsecureLoopback accepts an issuer and a token endpoint on plain http if their
// host is a loopback address or localhost. The default is https everywhere.
func InsecureLoopback() Option { return option(func(o *options) { o.loopback = true }) }
