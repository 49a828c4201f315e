package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestStaticKeysServeForEver shows that static keys never expire, that no issuer is
// asked for others, and that a token of another key is refused at once.
func TestStaticKeysServeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, key := newIssuer(), testutil.NewKey("ES256")
		set := jwks(t, key.JWK())
		v := newVerifier(t, issuer, verifier.StaticKeys(corp, set))
		clear(set) // the verifier has its own
		for range 3 {
			_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(key)))
			want(t, "the key", err, "")
			began := time.Now()
			for range 2 {
				_, err = v.Verify(t.Context(), mint(issuer))
				want(t, "another", err, audience.CauseKeyUnknown)
			}
			_, err = v.Verify(t.Context(), swapPayload(mint(issuer, testutil.SignedBy(key)), mint(issuer)))
			want(t, "forged", err, audience.CauseSignatureInvalid)
			if waited := time.Since(began); waited != 0 {
				t.Errorf("others waited %v", waited)
			}
			time.Sleep(30 * 24 * time.Hour)
		}
		if f := v.Stats()[0]; f.Keys != 1 || f.Age != 0 || f.Fetches != 0 {
			t.Errorf("figures = %+v, want one key that nobody fetched", f)
		}
		if n := issuer.Requests(testutil.Discovery) + issuer.Requests(testutil.JWKS); n != 0 {
			t.Errorf("%d requests, want none", n)
		}
	})
}

func TestStaticKeysRefused(t *testing.T) {
	set := jwks(t, testutil.NewKey("ES256").JWK())
	for name, opt := range map[string]verifier.Option{
		"no keys":        verifier.StaticKeys(corp, []byte(`{"keys":[]}`)),
		"not JSON":       verifier.StaticKeys(corp, []byte(`-----BEGIN PUBLIC KEY-----`)),
		"another issuer": verifier.StaticKeys(corp+"/", set),
	} {
		if v, err := verifier.New([]access.Issuer{{URL: corp}}, opt); err == nil {
			v.Close()
			t.Errorf("%s: New succeeded", name)
		}
	}
}
