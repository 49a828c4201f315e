package interceptor_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// otherHost is a transport on which the metadata of an issuer names another host, and
// on which every host has what the issuer has.
type otherHost struct {
	issuer *testutil.Issuer
	base   string // of the addresses in the metadata
}

func (e otherHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, string(testutil.Discovery)) {
		document := fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%s/jwks","token_endpoint":"%[2]s/token","introspection_endpoint":"%[2]s/introspect"}`, e.issuer.URL(), e.base)
		header := http.Header{"Content-Type": {"application/json"}}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(document)), Request: r}, nil
	}
	at := r.Clone(r.Context())
	at.URL.Scheme, at.URL.Host = "https", "idp.example.com"
	at.URL.Path = "/realms/corp" + r.URL.Path
	return e.issuer.Transport().RoundTrip(at)
}

// TestMetadataThatNamesAnotherHost shows that servers and clients ask another host
// than the issuer's only if the file lists it. Otherwise nobody knows whether a token is
// genuine.
func TestMetadataThatNamesAnotherHost(t *testing.T) {
	for name, row := range map[string]struct {
		base  string
		hosts []string
		good  bool
	}{
		"unlisted":       {"https://keys.example.com", nil, false},
		"listed":         {"https://keys.example.com", []string{"keys.example.com"}, true},
		"another listed": {"https://keys.example.com", []string{"login.example.com"}, false},
		"below a listed": {"https://a.keys.example.com", []string{"keys.example.com"}, false},
		"another port":   {"https://keys.example.com:8443", []string{"keys.example.com"}, false},
		"plain http":     {"http://keys.example.com", []string{"keys.example.com"}, false},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					issuer := newIssuer()
					policy := company(t, withSecrets(t), func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Hosts: row.hosts} })
					wire := otherHost{issuer, row.base}
					conn := connectTo(t, serverOf(t, issuer, policy, interceptor.Transport(wire)))
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					err := call(bearing(ctx, "Bearer "+issuer.Mint(good(nil))), conn)
					if row.good != (err == nil) || !row.good && status.Code(err) != codes.Unavailable {
						t.Errorf("server: got %v, want admitted = %v, else UNAVAILABLE", err, row.good)
					}
					client := newClient(t, issuer, policy, "customer-portal", interceptor.Transport(wire))
					if err := client.Warm(ctx, "order-status"); row.good != (err == nil) || !row.good && !strings.Contains(err.Error(), "hosts") {
						t.Errorf("client: got %v, want a token = %v, else what to write", err, row.good)
					}
				})
			})
		}
	}
}

// connectTo returns a connection to a server that guards the orders with s.
func connectTo(t *testing.T, s *interceptor.Server, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return testutil.Serve(t, s.Options(), func(g *grpc.Server) { ordersv1.RegisterOrderStatusServer(g, &orders{}) }, dial...)
}
