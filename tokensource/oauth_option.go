package tokensource

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// OAuthOption adjusts how [New] requests tokens from an authorization server. Each
// [Option] is also an OAuthOption.
type OAuthOption interface{ applyOAuth(*oauthOptions) }

type oauthOption func(*oauthOptions)

func (f oauthOption) applyOAuth(o *oauthOptions) { f(o) }

type oauthOptions struct {
	options
	plain      plainHTTP
	caFile     string      // empty: the transport decides
	discovery  string      // empty: the well-known addresses
	hosts      []string    // further hosts that the metadata may name
	tokenURL   string      // empty: as the metadata says
	secret     secretStyle // zero: as the metadata says
	ask        audienceStyle
	grant      Grant       // zero: the preset's
	parameters [][2]string // names and values
	tokenTypes []string    // accepted in addition to Bearer
	preset     string      // the name; empty: the default
	origin     authmethod.Origin
	dialect    *provider.Provider
}

// newOAuthOptions refuses values with which no authorization server could be asked,
// or not safely.
func newOAuthOptions(issuer string, auth ClientAuth, opts []OAuthOption) (*oauthOptions, error) {
	o := &oauthOptions{options: defaultOptions()}
	for _, opt := range opts {
		if opt == nil {
			return nil, errNilOption
		}
		opt.applyOAuth(o)
	}
	switch err := o.checkIssuer(issuer); {
	case err != nil:
		return nil, fmt.Errorf("tokensource: issuer: %w", err)
	case auth == nil:
		return nil, errors.New("tokensource: nil client authentication")
	}
	if err := auth.Check(); err != nil {
		return nil, err
	}
	return o, errors.Join(o.options.check(), o.checkURLs(), o.checkAuth(auth), o.checkPreset(), o.checkParameters(), o.checkTokenTypes())
}

// checkIssuer checks what the tokens have in iss. It is any text, unless metadata is
// read at that address.
func (o *oauthOptions) checkIssuer(issuer string) error {
	_, byAudience := o.ask.(tokenURLs)
	switch {
	case issuer == "":
		return errors.New("got none, want what its tokens have in iss")
	case o.discovery != "" || o.tokenURL != "" || byAudience:
		return nil
	case strings.Contains(issuer, "?"):
		return errors.New("got a query, want none")
	}
	return o.plain.check(issuer)
}

func (o *oauthOptions) checkURLs() error {
	if o.discovery != "" {
		if err := o.plain.check(o.discovery); err != nil {
			return fmt.Errorf("tokensource: discovery URL: %w", err)
		}
	}
	if o.tokenURL != "" {
		if err := o.plain.check(o.tokenURL); err != nil {
			return fmt.Errorf("tokensource: token URL: %w", err)
		}
	}
	if o.ask == nil {
		return nil
	}
	return o.ask.checkOptions(o)
}

// checkAuth refuses options that do not fit the client's authentication.
func (o *oauthOptions) checkAuth(auth ClientAuth) error {
	if _, ok := auth.(authmethod.ConnectionMethod); ok {
		if _, ok := o.roundTripper().(*http.Transport); !ok {
			return fmt.Errorf("tokensource: transport beside mutual TLS: got %T, want *http.Transport", o.roundTripper())
		}
	}
	switch {
	case o.secret != 0 && !slices.Contains(auth.Names(), methodBasic):
		return errors.New("tokensource: SecretInHeader and SecretInForm are for client secrets, and the client has none")
	case o.grant < 0 || o.grant > EntraOnBehalfOf:
		return fmt.Errorf("tokensource: subject grant: got %d, want TokenExchange, JWTBearer or EntraOnBehalfOf", o.grant)
	}
	return nil
}

// grantFor returns the grant for r; zero is the client's own.
func (o *oauthOptions) grantFor(r Request) Grant {
	if r.Subject.IsZero() {
		return 0
	}
	switch {
	case o.grant != 0:
		return o.grant
	case o.lookupPreset().Request.OnBehalfOf:
		return EntraOnBehalfOf
	}
	return TokenExchange
}

// Discovery sets the address of the issuer's metadata document. An empty address means
// the default, the well-known addresses (OpenID Connect Discovery 1.0, section 4; RFC
// 8414, section 3.1). Endpoints that the document names must be on the host of the
// document, or, over https, on one of hosts or of the hosts that the [Preset] knows. A
// host may have a port.
func Discovery(url string, hosts ...string) OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.discovery, o.hosts = url, slices.Clone(hosts) })
}

// TokenURL sets the token endpoint. By default the issuer's metadata names it. The
// metadata is read when the first token is needed, and again every hour in the
// background. With a token URL the metadata is not read at all, so its list of
// authentication methods is not used either.
func TokenURL(url string) OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.tokenURL = url })
}

// CAFile sets the file with the certificate authorities, in PEM, that are trusted for
// the issuer's addresses. The default is what the [Transport] trusts. The file is read
// at each request, so that it can be replaced. A transport that is not an
// [*http.Transport] decides by itself what it trusts.
func CAFile(path string) OAuthOption { return oauthOption(func(o *oauthOptions) { o.caFile = path }) }
