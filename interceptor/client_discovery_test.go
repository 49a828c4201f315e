package interceptor_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// insideURL is the host under which services reach the issuer.
const insideURL = "https://idp.internal:8443"

// insideTransport leads to an issuer that services reach under another host than the
// one in its tokens. It records the addresses.
type insideTransport struct {
	issuer http.RoundTripper

	mu    sync.Mutex // guards asked
	asked []string
}

func (i *insideTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.asked = append(i.asked, r.URL.String())
	i.mu.Unlock()
	if r.URL.Path == "/meta" {
		document := fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%s/realms/corp/jwks","token_endpoint":"%[2]s/realms/corp/token"}`, corp, insideURL)
		header := http.Header{"Content-Type": {"application/json"}}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(document)), Request: r}, nil
	}
	outside := r.Clone(r.Context())
	outside.URL.Host = "idp.example.com"
	return i.issuer.RoundTrip(outside)
}

// TestDiscoveryOfTheMatrixHoldsForServerAndClient shows that both halves read the
// issuer's metadata at the address in the matrix, and ask no other host.
func TestDiscoveryOfTheMatrixHoldsForServerAndClient(t *testing.T) {
	for shape, call := range shapes {
		issuer := newIssuer()
		policy := company(t, withSecrets(t), func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Discovery: insideURL + "/meta"}
		})
		ofServer, ofClient := &insideTransport{issuer: issuer.Transport()}, &insideTransport{issuer: issuer.Transport()}
		server := serverOf(t, issuer, policy, interceptor.Transport(ofServer))
		client := newClient(t, issuer, policy, "customer-portal", interceptor.Transport(ofClient))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) },
			client.DialOptions("order-status")...)
		if err := call(t.Context(), conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		for side, want := range map[*insideTransport][]string{
			ofServer: {insideURL + "/meta", insideURL + "/realms/corp/jwks"},
			ofClient: {insideURL + "/meta", insideURL + "/realms/corp/token"},
		} {
			if !slices.Equal(side.asked, want) {
				t.Errorf("%s: asked %q, want %q", shape, side.asked, want)
			}
		}
	}
}
