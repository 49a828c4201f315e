package verifier_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestReadyFetchesMissingKeys shows that a verifier gets ready when it is told to, as
// soon as its issuers can be asked, and says which cannot.
func TestReadyFetchesMissingKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
		v := verifierOf(t, []access.Issuer{{URL: one.URL()}, {URL: two.URL()}}, verifier.Transport(one.Transport(two)))
		two.Down()
		err := v.Ready(t.Context())
		want(t, "two is down", err, audience.CauseKeysUnavailable)
		if n := one.Requests(testutil.JWKS); n != 1 {
			t.Errorf("%d fetches from one, want 1", n)
		}
		two.Up()
		began := time.Now()
		for v.Ready(t.Context()) != nil {
			time.Sleep(100 * time.Millisecond)
		}
		if waited := time.Since(began); waited > 2*time.Second {
			t.Errorf("ready after %v, want at most twice the first back-off", waited)
		}
		one.Down()
		time.Sleep(23 * time.Hour)
		if err := v.Ready(t.Context()); err != nil {
			t.Errorf("Ready = %v while old keys serve", err)
		}
	})
}

// TestReadyWaitsNoLongerThanItsContext shows that Ready waits for a fetch, and no
// longer than its context.
func TestReadyWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		issuer.Fault(testutil.JWKS, testutil.RespondNever())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := newVerifier(t, issuer).Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ready = %v, want %v", err, context.DeadlineExceeded)
		}
	})
}
