package verifier_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/grpcaud/grpcaud/audience/access"
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
	v, err := verifier.New([]access.Issuer{{URL: issuer.URL()}}, append(opts, verifier.StaticKeys(issuer.URL(), jwks))...)
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

// BenchmarkVerify compares the verification of a token that was never seen with
// go-oidc's, once with static keys and once with its remote key set, which parses the
// token once less. The three take turns, so that load on the machine changes all
// alike. The figures are the ratios of the medians, and how many allocations more
// ours makes than go-oidc with static keys.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			issuer := newIssuer()
			key := issuer.Rotate(alg)
			token := usual(issuer)
			v := staticVerifier(b, issuer, key, verifier.Cache(0))
			config := &oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{alg}}
			client := oidc.ClientContext(b.Context(), &http.Client{Transport: issuer.Transport()})
			static := oidc.NewVerifier(corp, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}}, config)
			remote := oidc.NewVerifier(corp, oidc.NewRemoteKeySet(client, corp+string(testutil.JWKS)), config)
			verify := []func() error{
				func() error { _, err := v.Verify(context.Background(), token); return err },
				func() error { _, err := static.Verify(context.Background(), token); return err },
				func() error { _, err := remote.Verify(context.Background(), token); return err },
			}
			var took [3][]time.Duration
			for b.Loop() {
				for n, verify := range verify {
					began := time.Now()
					must(b, verify())
					took[n] = append(took[n], time.Since(began))
				}
			}
			ours := median(took[0])
			b.ReportMetric(0, "ns/op") // of all three, which says nothing
			b.ReportMetric(float64(ours.Nanoseconds()), "ours-ns")
			b.ReportMetric(float64(ours)/float64(median(took[1])), "ours/static")
			b.ReportMetric(float64(ours)/float64(median(took[2])), "ours/remote")
			allocs := func(n int) float64 { return testing.AllocsPerRun(100, func() { must(b, verify[n]()) }) }
			b.ReportMetric(allocs(0)-allocs(1), "more-allocs")
		})
	}
}

// TestVerifyAllocatesLittle shows that a token which was never seen costs at most 40
// allocations more than with go-oidc.
func TestVerifyAllocatesLittle(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := newIssuer()
		key := issuer.Rotate(alg)
		token := usual(issuer)
		v := staticVerifier(t, issuer, key, verifier.Cache(0))
		upstream := oidc.NewVerifier(corp, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}},
			&oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{alg}})
		ours := testing.AllocsPerRun(100, func() {
			if _, err := v.Verify(context.Background(), token); err != nil {
				t.Error(err)
			}
		})
		theirs := testing.AllocsPerRun(100, func() {
			if _, err := upstream.Verify(context.Background(), token); err != nil {
				t.Error(err)
			}
		})
		if ours > theirs+40 {
			t.Errorf("%s: %v allocations, want at most 40 more than go-oidc's %v", alg, ours, theirs)
		}
	}
}

// BenchmarkVerifyAgain measures tokens that are in the cache, with different numbers
// of cached tokens, beside the hash of the same tokens, on one processor and on all.
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

// BenchmarkVerifyForged measures tokens that the issuer did not sign: one that comes
// again and again, and good and forged ones in turn that come for the first time. For
// these it reports how much more the forged ones cost.
func BenchmarkVerifyForged(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := newIssuer()
		key := issuer.Rotate(alg)
		good, forged := make([]string, 64), make([]string, 4096)
		for n := range good {
			good[n] = usual(issuer)
		}
		for n := range forged {
			forged[n] = forge(good[n%len(good)], n)
		}
		v := staticVerifier(b, issuer, key, verifier.Cache(16)) // forgets before they come again
		verify := func(token string, genuine bool) time.Duration {
			began := time.Now()
			_, err := v.Verify(context.Background(), token)
			if (err == nil) != genuine {
				b.Fatal(err)
			}
			return time.Since(began)
		}
		n := 0 // goes on from run to run
		b.Run(alg+"/first", func(b *testing.B) {
			var accepted, refused []time.Duration
			for ; b.Loop(); n++ {
				accepted = append(accepted, verify(good[n%len(good)], true))
				refused = append(refused, verify(forged[n%len(forged)], false))
			}
			b.ReportMetric(float64(median(refused))/float64(median(accepted)), "forged/good")
		})
		if f := v.CacheStats(); f.Hits > 0 {
			b.Errorf("%d tokens came again, want none", f.Hits)
		}
		b.Run(alg+"/again", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				verify(forged[0], false)
			}
		})
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// BenchmarkVerifyDistinct measures how far tokens that all differ make the
// process grow: what it keeps, and what it has taken from the system. Run it
// alone and a million times: -bench Distinct -benchtime 1000000x.
func BenchmarkVerifyDistinct(b *testing.B) {
	issuer := newIssuer()
	v := staticVerifier(b, issuer, issuer.Rotate("EdDSA"))
	verify := func() {
		_, err := v.Verify(context.Background(), usual(issuer))
		must(b, err)
	}
	verify()
	kept, taken := heap(), peak(b)
	for b.Loop() {
		verify()
	}
	const mib = 1 << 20
	b.ReportMetric(float64(heap()-kept)/mib, "heap-MiB")
	b.ReportMetric(float64(peak(b)-taken)/mib, "process-MiB")
	b.ReportMetric(float64(v.CacheStats().Entries), "entries")
}

// peak returns the most memory that the process has had, in bytes; 0 on systems that
// do not report it as Linux does.
func peak(b *testing.B) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	must(b, err)
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, err = fmt.Sscan(after, &kib)
	must(b, err)
	return kib << 10
}
