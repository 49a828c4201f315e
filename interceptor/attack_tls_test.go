package interceptor_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestIssuerIsAskedOverVerifiedTLS shows that nothing is read from a server in the
// issuer's place whose certificate is not valid. It uses real sockets.
func TestIssuerIsAskedOverVerifiedTLS(t *testing.T) {
	ca := testutil.NewCA()
	good := tls.Config{Certificates: []tls.Certificate{ca.Certificate("idp.example.com")}}
	other := tls.Config{Certificates: []tls.Certificate{ca.Certificate("login.stranger.example")}}
	self := tls.Config{Certificates: []tls.Certificate{testutil.NewCA().Certificate("idp.example.com")}}
	old := tls.Config{Certificates: good.Certificates, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	for _, row := range []struct {
		name   string
		config *tls.Config
		front  func(http.Handler) http.Handler
		want   ruling
	}{
		{"TLS/the issuer", &good, asItIs, admitted},
		{"TLS/an unknown authority", &self, asItIs, keysUnavailable},
		{"TLS/another host", &other, asItIs, keysUnavailable},
		{"TLS/TLS 1.1", &old, asItIs, keysUnavailable},
		{"document without keys/gzip", &good, zipped(0), admitted},
		{"document without keys/gzip bomb", &good, zipped(100), keysUnavailable},
	} {
		for shape, call := range shapes {
			t.Run(row.name+"/"+shape, func(t *testing.T) {
				var address string
				a := newTestbed(t, func(a *testbed) {
					a.options = []interceptor.ServerOption{interceptor.Transport(towards(t, &address, &tls.Config{RootCAs: ca.Pool()}))}
				})
				server := httptest.NewUnstartedServer(row.front(a.Issuer))
				server.TLS = row.config.Clone()
				server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
				server.StartTLS()
				defer server.Close()
				address = server.Listener.Addr().String()
				logged := len(a.log.String())
				err := call(bearing(t.Context(), token(nil)(a)...), a.conn)
				a.ruled(t, row.want, err, a.log.String()[logged:])
			})
		}
	}
}

// TestDefaultTransportVerifiesTLS shows that the default transport trusts only
// authorities of the system.
func TestDefaultTransportVerifiesTLS(t *testing.T) {
	for shape, call := range shapes {
		t.Run("TLS/an unknown authority, by default/"+shape, func(t *testing.T) {
			issuer := httptest.NewUnstartedServer(http.NotFoundHandler())
			issuer.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
			issuer.StartTLS()
			defer issuer.Close()
			a := newTestbed(t, func(a *testbed) {
				a.url = issuer.URL
				a.options = []interceptor.ServerOption{interceptor.Transport(nil)}
			})
			err := call(bearing(t.Context(), token(nil)(a)...), a.conn)
			line := a.log.String()
			a.ruled(t, keysUnavailable, err, line)
			if !strings.Contains(line, "certificate") {
				t.Errorf("log = %s, want it to speak of the certificate", line)
			}
		})
	}
}

// towards is a transport that dials one address, whatever it is asked for.
func towards(t *testing.T, address *string, config *tls.Config) http.RoundTripper {
	transport := &http.Transport{TLSClientConfig: config, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, *address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func asItIs(h http.Handler) http.Handler { return h }

// zipped compresses the issuer's keys, after this many MiB of white space.
func zipped(megabytes int) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		keys := behind(megabytes, string(jwks(ownKey.JWK())))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, string(testutil.JWKS)) {
				h.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			defer packed.Close()
			keys.ServeHTTP(unpacked{w, packed}, r)
		})
	}
}

// unpacked is a response that is packed on its way.
type unpacked struct {
	http.ResponseWriter
	to *gzip.Writer
}

func (u unpacked) Write(p []byte) (int, error) { return u.to.Write(p) }
