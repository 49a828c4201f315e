package httpguard

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// Option adjusts [New] and [Wrap]. None turns a check off. Most is adjusted at the
// [interceptor.Server].
type Option interface{ apply(*options) }

type options struct {
	origins     []string
	upgradable  []string // names of operations as the program wrote them
	certificate overhttp.CertificateFunc
	errs        []error // mistakes in the options themselves
}

func newOptions(opts []Option) (options, error) {
	o := options{certificate: overhttp.TLSCertificate}
	for _, opt := range opts {
		if opt == nil {
			o.errs = append(o.errs, errors.New("httpguard: a nil option"))
			continue
		}
		opt.apply(&o)
	}
	return o, errors.Join(o.errs...)
}

type option func(*options)

func (f option) apply(o *options) { f(o) }

// AllowOrigins lets scripts of web pages of these origins, such as
// "https://portal.example.com", send requests and read the answers (CORS). The default is
// none. A preflight of one of these origins is answered without a token, for every path
// alike, so that it tells nothing about routes, and no handler sees it. Credentials of the
// browser, such as cookies, are not allowed: the script sends the token.
func AllowOrigins(origins ...string) Option {
	return option(func(o *options) {
		for _, origin := range origins {
			if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != origin || strings.ToLower(origin) != origin || strings.Contains(origin, "*") {
				o.errs = append(o.errs, fmt.Errorf("httpguard: %q is not an origin: write the scheme, the host and, unless it is the scheme's own, the port, in lower case, such as https://portal.example.com", origin))
			}
		}
		o.origins = append(o.origins, origins...)
	})
}

// AllowUpgrade lets requests of these operations change to another protocol, such as
// WebSocket, and their handlers take over the connection ([http.Hijacker]). The default is
// none: such a request is refused, except that a wish for h2c is ignored. The connection is
// closed when the request would no longer be admitted, such as at the end of its token.
// What is sent over it is not judged. An operation that the policy does not have is an
// error.
func AllowUpgrade(operations ...string) Option {
	return option(func(o *options) { o.upgradable = append(o.upgradable, operations...) })
}

// upgrades reports whether requests of an operation may change to another protocol.
func (o *options) upgrades(of *operation) bool {
	_, short, _ := strings.Cut(of.name, "/")
	return of.name != "" && (slices.Contains(o.upgradable, of.name) || slices.Contains(o.upgradable, short))
}

// checkUpgrades returns an error for names of [AllowUpgrade] that are no operations.
func (o *options) checkUpgrades(all []access.Operation) error {
	var errs []error
	for _, written := range o.upgradable {
		name, err := fullName(written, all)
		if err == nil && !slices.ContainsFunc(all, func(o access.Operation) bool { return o.Name == name }) {
			err = fmt.Errorf("%q in AllowUpgrade is no operation of the policy", written)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// PeerCertificate sets the function that returns the certificate that the client of a
// request proved to hold, for tokens that are bound to one (RFC 8705, section 3). The
// default is the leaf certificate of the connection's TLS. Set it if a trusted proxy ends
// TLS: a function that reads the certificate from a header must make sure that the proxy
// wrote it (RFC 9700, section 4.13). It gets the request as it came, also when a response
// that goes on is judged again. It returns nil if there is no certificate, and must be safe
// for concurrent use. A nil function is an error.
func PeerCertificate(of func(*http.Request) *x509.Certificate) Option {
	return option(func(o *options) {
		if o.certificate = of; of == nil {
			o.errs = append(o.errs, errors.New("httpguard: nil function for the peer's certificate"))
		}
	})
}
