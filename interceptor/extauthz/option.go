package extauthz

import (
	"errors"
	"slices"
)

// Option adjusts a [Service]. None turns a check off.
type Option interface{ apply(*options) error }

type options struct {
	keepToken bool
	proxies   []string // whose x-forwarded-client-cert is believed
}

type option func(*options) error

func (f option) apply(o *options) error { return f(o) }

// KeepAuthorization leaves the header authorization in requests of admitted callers, for
// a service that reads the token too. By default it is removed. It is always removed
// from requests that are let through without a caller.
func KeepAuthorization() Option {
	return option(func(o *options) error {
		o.keepToken = true
		return nil
	})
}

// ForwardedClientCert reads the certificate of a client from the header
// x-forwarded-client-cert of requests that come from one of these proxies. A proxy is
// named by the first name in its own certificate: a URI, such as a SPIFFE ID, or else a
// DNS name. By default the header is not read, and the certificate is that of the
// connection to Envoy.
//
// Envoy must demand certificates and verify them (require_client_certificate, and a
// validation context), and be told include_peer_certificate: true and
// forward_client_cert_details: FORWARD_ONLY. The proxies must replace the header that
// they receive (SANITIZE_SET, with cert: true). A header with several elements is not
// read: the client has no certificate then.
func ForwardedClientCert(proxies ...string) Option {
	return option(func(o *options) error {
		if len(proxies) == 0 || slices.Contains(proxies, "") {
			return errors.New("extauthz: ForwardedClientCert without the name of a proxy; give the first URI or DNS name in the certificate of each")
		}
		o.proxies = append(o.proxies, proxies...)
		return nil
	})
}
