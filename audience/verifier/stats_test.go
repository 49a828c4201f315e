package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestStatsOfIssuers shows what an operator is told about each issuer.
func TestStatsOfIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
		v := verifierOf(t, []access.Issuer{{URL: two.URL()}, {URL: one.URL()}}, verifier.Transport(one.Transport(two)))
		if got := v.Stats(); len(got) != 2 || got[0].Issuer != one.URL() || got[1].Issuer != two.URL() || got[0].Fetches != 0 || got[0].Keys != 0 {
			t.Errorf("Stats = %+v, want nothing of two issuers", got)
		}
		one.SetJWKS(jwks(t, testutil.NewKey("ES256").JWK(), changed(testutil.NewKey("RS256"), map[string]any{"d": "AAAA"})))
		two.Down()
		v.Ready(t.Context())
		time.Sleep(time.Minute)
		f := v.Stats()
		if f[0].Keys != 1 || f[0].Age != time.Minute || len(f[0].Skipped) != 1 || f[0].Fetches != 1 || f[0].Failures != 0 || f[0].LastError != nil {
			t.Errorf("Stats of one = %+v", f[0])
		}
		if f[1].Keys != 0 || f[1].Age != 0 || f[1].Fetches < 3 || f[1].Failures != f[1].Fetches || f[1].LastError == nil {
			t.Errorf("Stats of two = %+v", f[1])
		}
		two.Up()
		one.Down()
		time.Sleep(25 * time.Hour)
		if f := v.Stats(); f[0].Keys != 0 || f[0].Age < 25*time.Hour || f[0].LastError == nil || f[1].LastError != nil {
			t.Errorf("Stats after a day = %+v, want the keys of one too old", f)
		}
	})
}
