package interceptor_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestCAFileOfAnIssuer shows that servers and clients trust the authorities of an
// issuer's ca_file, and nobody else, at the addresses of that issuer.
func TestCAFileOfAnIssuer(t *testing.T) {
	ca, other := testutil.NewCA(), testutil.NewCA()
	cert := ca.Certificate("127.0.0.1")
	issuer := newIssuer()
	stop, base, err := issuer.Listen("127.0.0.1:0", &cert)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for name, row := range map[string]struct {
		pem  []byte // of the ca_file; nil: there is none
		good bool
	}{
		"the authority":     {ca.PEM(), true},
		"another authority": {other.PEM(), false},
		"both":              {append(other.PEM(), ca.PEM()...), true},
		"no certificate":    {[]byte("hello\n"), false},
		"no file":           {nil, false},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "ca.pem")
				if row.pem != nil {
					if err := os.WriteFile(path, row.pem, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				policy := company(t, withSecrets(t), func(m *access.Matrix) {
					at := base + "/realms/corp"
					m.Issuers["corp"] = access.Issuer{URL: corp, JWKS: at + string(testutil.JWKS), TokenURL: at + string(testutil.Token), CAFile: path}
				})
				conn := connectTo(t, serverOf(t, issuer, policy, interceptor.Transport(nil)))
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				switch err := call(bearing(ctx, "Bearer "+issuer.Mint(good(nil))), conn); {
				case row.good && err != nil:
					t.Errorf("server: %v", err)
				case !row.good && status.Code(err) != codes.Unavailable:
					t.Errorf("server: got %v, want UNAVAILABLE", err)
				}
				client := newClient(t, issuer, policy, "customer-portal", interceptor.Transport(nil))
				if err := client.Warm(ctx, "order-status"); row.good != (err == nil) {
					t.Errorf("client: got %v, want a token = %v", err, row.good)
				}
			})
		}
	}
}
