package explain

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestExpiredTokenIsVerified shows that the claims of an expired token are read,
// although a server refuses it at once while it has no keys.
func TestExpiredTokenIsVerified(t *testing.T) {
	issuer := testutil.NewIssuer("https://idp.example.com")
	token := issuer.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "exp": time.Now().Add(-time.Hour).Unix(), "iat": time.Now().Add(-2 * time.Hour).Unix()})
	v, err := verifier.New([]access.Issuer{{URL: issuer.URL()}}, verifier.Transport(issuer.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if got := verify(t.Context(), v, token); got.refusal != nil || got.claims.Subject() != "alice" {
		t.Errorf("verify = %v, want the claims", got)
	}
}
