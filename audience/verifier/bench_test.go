package verifier_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// staticVerifier verifies tokens of issuer without asking it.
func staticVerifier(t testing.TB, issuer *testutil.Issuer, key *testutil.Key, opts ...verifier.Option) *verifier.Verifier {
	t.Helper()
	jwks, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New([]audience.Issuer{{URL: issuer.URL()}}, append(opts, verifier.StaticKeys(issuer.URL(), jwks))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// usual returns a token of the size that issuers mint.
func usual(issuer *testutil.Issuer) string {
	return issuer.Mint(testutil.Claims{
		"aud": []string{"order-status", "human-resource"}, "sub": "f4b3ad9e-7a05-4d0a-8d0c-3b0d5c5e3c1f",
		"client_id": "customer-portal", "azp": "customer-portal", "scope": "orders.read orders.write profile email",
		"exp": time.Now().Add(time.Hour).Unix(), "preferred_username": "alice", "name": "Alice Example", "email": "alice@example.com",
		"realm_access": map[string]any{"roles": []string{"clerk", "auditor", "offline_access"}},
	})
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkVerify measures a token that was never seen, beside what go-oidc,
// go-jose and the signature alone cost.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := newIssuer()
		key := issuer.Rotate(alg)
		token := usual(issuer)
		v := staticVerifier(b, issuer, key, verifier.Cache(0))
		upstream := oidc.NewVerifier(corp, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}},
			&oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{alg}})
		for name, verify := range map[string]func() error{
			"ours":    func() error { _, err := v.Verify(context.Background(), token); return err },
			"go-oidc": func() error { _, err := upstream.Verify(context.Background(), token); return err },
			"go-jose": func() error {
				jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
				must(b, err)
				_, err = jws.Verify(key.Public())
				return err
			},
		} {
			b.Run(alg+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					must(b, verify())
				}
			})
		}
	}
}

// BenchmarkVerifyAgain measures tokens that were seen, among so many that live,
// beside the hash of the same tokens, on one processor and on all.
func BenchmarkVerifyAgain(b *testing.B) {
	issuer := newIssuer()
	key := issuer.Rotate("EdDSA")
	for _, live := range []int{1, 100, 10_000} {
		v := staticVerifier(b, issuer, key)
		tokens := make([]string, live)
		texts := make([][]byte, live)
		for n := range tokens {
			tokens[n] = usual(issuer)
			texts[n] = []byte(tokens[n])
			_, err := v.Verify(b.Context(), tokens[n])
			must(b, err)
		}
		for _, row := range []struct {
			name string
			do   func(n int)
		}{
			{"SHA-256", func(n int) { sha256.Sum256(texts[n]) }},
			{"ours", func(n int) {
				if _, err := v.Verify(context.Background(), tokens[n]); err != nil {
					b.Error(err)
				}
			}},
		} {
			b.Run(fmt.Sprintf("%d/%s", live, row.name), func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					row.do(n % live)
				}
			})
			b.Run(fmt.Sprintf("%d/%s/parallel", live, row.name), func(b *testing.B) {
				b.ReportAllocs()
				var first atomic.Int64
				b.RunParallel(func(pb *testing.PB) {
					for n := int(first.Add(7919)); pb.Next(); n++ {
						row.do(n % live)
					}
				})
			})
		}
	}
}

// BenchmarkVerifyForged measures tokens that the issuer did not sign: one that
// comes again and again, and others each time, beside a good one.
func BenchmarkVerifyForged(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := newIssuer()
		key := issuer.Rotate(alg)
		good := usual(issuer)
		forged := make([]string, 5000)
		for n := range forged {
			forged[n] = forge(good, n)
		}
		for name, row := range map[string]struct {
			tokens  []string
			entries int
			genuine bool
		}{
			"good":     {[]string{good}, 0, true},
			"again":    {forged[:1], 1 << 15, false},
			"another":  {forged, 1 << 15, false},
			"uncached": {forged, 0, false},
		} {
			v := staticVerifier(b, issuer, key, verifier.Cache(row.entries))
			b.Run(alg+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					if _, err := v.Verify(context.Background(), row.tokens[n%len(row.tokens)]); (err == nil) != row.genuine {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkVerifyDistinct measures how far tokens that all differ make the
// process grow. Run it a million times: -benchtime 1000000x.
func BenchmarkVerifyDistinct(b *testing.B) {
	issuer := newIssuer()
	v := staticVerifier(b, issuer, issuer.Rotate("EdDSA"))
	_, err := v.Verify(b.Context(), usual(issuer))
	must(b, err)
	before := heap()
	for b.Loop() {
		_, err := v.Verify(context.Background(), usual(issuer))
		must(b, err)
	}
	b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
	b.ReportMetric(float64(v.CacheFigures().Entries), "entries")
}
