package httpguard_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestBoundTokens shows that a token that is bound to a certificate counts only on a
// connection of that certificate.
func TestBoundTokens(t *testing.T) {
	w := newWorld(t, setup{clientTLS: true})
	mine, other := w.ca.Certificate("portal.example"), w.ca.Certificate("other.example")
	token := "Bearer " + w.issuer.Mint(good(testutil.Claims{"cnf": map[string]any{"x5t#S256": thumbprint(mine)}}))
	for _, protocol := range protocols {
		for name, row := range map[string]struct {
			with []tls.Certificate
			want int
		}{"its own": {[]tls.Certificate{mine}, 200}, "another": {[]tls.Certificate{other}, 401}, "none": {nil, 401}} {
			for _, path := range []string{getting, watching} {
				got := ask(t, w.client(t, protocol, row.with...), "GET", path, "Authorization", token)
				if got.status != row.want || row.want == 401 && got.problem.Reason != audience.ReasonTokenInvalid {
					t.Errorf("%s, %s, %s: %d %s, want %d", protocol, name, path, got.status, got.problem.Reason, row.want)
				}
			}
		}
	}
}

// TestPlaintext shows which connections without TLS may carry tokens, and that no header
// makes one count as another.
func TestPlaintext(t *testing.T) {
	loopback, mesh := interceptor.AllowPlaintext(interceptor.Loopback), interceptor.AllowPlaintext(interceptor.Mesh("istio"))
	for name, row := range map[string]struct {
		addresses string
		options   []interceptor.ServerOption
		admitted  bool
	}{
		"from the machine":               {"127.0.0.1:0", nil, false},
		"from the machine, allowed":      {"127.0.0.1:0", []interceptor.ServerOption{loopback}, true},
		"from the machine, IPv6":         {"[::1]:0", []interceptor.ServerOption{loopback}, true},
		"from elsewhere":                 {"192.0.2.1:0", []interceptor.ServerOption{loopback}, false},
		"from elsewhere, through a mesh": {"192.0.2.1:0", []interceptor.ServerOption{mesh}, true},
	} {
		w := newWorld(t, setup{plaintext: true, addresses: row.addresses, server: row.options})
		raw := "GET " + getting + " HTTP/1.1\r\nHost: " + host + "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1;proto=https\r\nAuthorization: Bearer " + w.issuer.Mint(good(nil)) + "\r\n\r\n"
		got := w.raw(t, raw)
		if (got.status == 200) != row.admitted || !row.admitted && (verdict{got.status, got.problem.Reason}) != insecure {
			t.Errorf("%s: %d %s, want admitted: %v", name, got.status, got.problem.Reason, row.admitted)
		}
	}
}

// TestAddressOfMiddlewareIsNoProof shows that an address that a handler around the guard
// took from a header does not make a connection count as one of this machine.
func TestAddressOfMiddlewareIsNoProof(t *testing.T) {
	w := newWorld(t, setup{
		plaintext: true, addresses: "192.0.2.1:0", server: []interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Loopback)},
		around: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.RemoteAddr = "127.0.0.1:1"
				next.ServeHTTP(w, r)
			})
		},
	})
	got := w.raw(t, "GET "+getting+" HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer "+w.issuer.Mint(good(nil))+"\r\n\r\n")
	if (verdict{got.status, got.problem.Reason}) != insecure {
		t.Errorf("%d %s, want %v", got.status, got.problem.Reason, insecure)
	}
}
