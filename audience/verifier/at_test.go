package verifier_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// TestClaimsAreJudgedAtTheTimeOfVerification shows that claims are judged at the time
// when they were verified, and cached ones at the time of the call.
func TestClaimsAreJudgedAtTheTimeOfVerification(t *testing.T) {
	for name, row := range map[string]struct {
		opts []verifier.Option
		want []time.Duration // of each call, from its beginning
	}{
		"with a cache":    {nil, []time.Duration{3 * time.Second, 0, 0}},
		"without a cache": {[]verifier.Option{verifier.Cache(0)}, []time.Duration{3 * time.Second, time.Second, time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				slow := roundTripper(func(r *http.Request) (*http.Response, error) {
					time.Sleep(1500 * time.Millisecond) // twice: for the metadata, and for the keys
					return issuer.Transport().RoundTrip(r)
				})
				v, err := verifier.New([]access.Issuer{{URL: corp}}, append(row.opts, verifier.Transport(slow))...)
				if err != nil {
					t.Fatal(err)
				}
				defer v.Close()
				token := mint(issuer)
				for i, want := range row.want {
					began := time.Now().Add(-time.Second) // what the caller saw may be a while ago
					if i == 0 {
						began = time.Now()
					}
					claims, at, err := v.VerifyFor(t.Context(), token, nil, began)
					if err != nil || claims == nil || at.Sub(began) != want {
						t.Errorf("call %d: %v, judged %v after it, want %v", i, err, at.Sub(began), want)
					}
				}
			})
		})
	}
}
