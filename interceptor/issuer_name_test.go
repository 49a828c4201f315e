package interceptor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestIssuerThatIsOnlyAName shows that servers and clients work with an issuer whose
// iss is any text, that the text is compared exactly, and that it is never asked.
func TestIssuerThatIsOnlyAName(t *testing.T) {
	const at = "https://auth.example.com"
	for _, name := range []string{"my-auth-service", "auth@example.com", "http://nobody.example", "urn:example:auth"} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					issuer := testutil.NewIssuer(name, testutil.At(at))
					issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
					policy := company(t, withSecrets(t), func(m *access.Matrix) {
						m.Issuers["corp"] = access.Issuer{URL: name, JWKS: at + string(testutil.JWKS), TokenURL: at + string(testutil.Token)}
					})
					wire := &recorder{RoundTripper: issuer.Transport(), hosts: map[string]bool{}}
					client := newClient(t, issuer, policy, "customer-portal", interceptor.Transport(wire))
					conn := connectTo(t, serverOf(t, issuer, policy, interceptor.Transport(wire)), client.DialOptions("order-status")...)
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					if err := call(ctx, conn); err != nil {
						t.Error(err)
					}
					if got := wire.elsewhere(); len(got) != 1 || got[0] != at {
						t.Errorf("asked %q, want %q alone", got, at)
					}
					plain := connectTo(t, serverOf(t, issuer, policy))
					for _, iss := range []any{name + "/", " " + name, "MY-AUTH-SERVICE", at, corp, "", nil} {
						got := verdictOf(call(bearing(ctx, "Bearer "+issuer.Mint(good(testutil.Claims{"iss": iss}))), plain))
						if got != issuerUnknown.verdict {
							t.Errorf("iss %v: got %v, want %v", iss, got, issuerUnknown.verdict)
						}
					}
				})
			})
		}
	}
}
