package verifier_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestFloodsEvictNoTokenInUse shows that floods of good and forged tokens stay within
// the bound of the cache and evict no token that is in use.
func TestFloodsEvictNoTokenInUse(t *testing.T) {
	issuer := newIssuer()
	key := issuer.Rotate("EdDSA")
	v := staticVerifier(t, issuer, key, verifier.Cache(64))
	hot := mint(issuer)
	outcome(t, "hot", v, hot, "", miss)
	for n := range 400 {
		outcome(t, "distinct", v, mint(issuer), "", miss)
		if n%4 == 0 {
			outcome(t, "hot in a flood of good tokens", v, hot, "", hit)
		}
	}
	if n := v.CacheStats().Entries; n != 64 {
		t.Errorf("%d entries, want 64", n)
	}
	for n := range 1500 {
		outcome(t, "forged", v, forge(hot, n), audience.CauseSignatureInvalid, miss)
	}
	outcome(t, "hot after a flood of forged tokens", v, hot, "", hit)
	if n := v.CacheStats().Entries; n > 64+1024 {
		t.Errorf("%d entries, want at most 64 genuine and 1024 forged", n)
	}
}

// TestCachedTokenAllocatesNothing shows that a token which was seen costs no memory.
func TestCachedTokenAllocatesNothing(t *testing.T) {
	issuer := newIssuer()
	v := staticVerifier(t, issuer, issuer.Rotate("EdDSA"))
	token := usual(issuer)
	verify := func() {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	if n := testing.AllocsPerRun(100, verify); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// TestTokenHasOneSpelling shows that no second spelling of a token is genuine.
func TestTokenHasOneSpelling(t *testing.T) {
	issuer := newIssuer()
	key := issuer.Rotate("EdDSA")
	v := staticVerifier(t, issuer, key)
	token := mint(issuer)
	outcome(t, "canonical", v, token, "", miss)
	for at := range token {
		for _, junk := range []string{" ", "\n", "\r\n", "\t", "=", ".", "\u200b", "%41", "+", "/"} {
			_, err := v.Verify(t.Context(), token[:at]+junk+token[at:])
			want(t, "respelled", err, audience.CauseTokenMalformed)
		}
	}
	outcome(t, "unused bits", v, trail(strings.Split(token, "."), 2), audience.CauseTokenMalformed, miss)
	if n := v.CacheStats().Entries; n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

// TestCacheMemoryIsBounded shows that a cache of distinct tokens, also of large ones,
// takes no more than 2 KiB for each of its entries: 64 MiB by default.
func TestCacheMemoryIsBounded(t *testing.T) {
	const entries = 256
	for name, filler := range map[string]int{"usual": 0, "large": 6 << 10} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			key := issuer.Rotate("EdDSA")
			v := staticVerifier(t, issuer, key, verifier.Cache(entries))
			_, err := v.Verify(t.Context(), usual(issuer))
			want(t, "first", err, "")
			before := heap()
			for range 2 * entries {
				token := issuer.Mint(testutil.Claims{"sub": "alice", "client_id": "customer-portal", "groups": strings.Repeat("g", filler)})
				_, err := v.Verify(t.Context(), token)
				want(t, "distinct", err, "")
			}
			if grown := heap() - before; grown > entries*2<<10 {
				t.Errorf("the heap has grown by %d bytes for %d entries", grown, v.CacheStats().Entries)
			}
			runtime.KeepAlive(v)
		})
	}
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestCacheMixesNoTokensUp shows that no call gets the claims of another token while
// tokens evict each other, keys rotate and issuers are replaced.
func TestCacheMixesNoTokensUp(t *testing.T) {
	issuer := newIssuer()
	v := newVerifier(t, issuer, verifier.Cache(16))
	tokens := map[string]string{}
	for n := range 64 {
		user := fmt.Sprintf("user-%d", n)
		tokens[user] = issuer.Mint(testutil.Claims{"sub": user, "client_id": "customer-portal"})
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 4 {
				for user, token := range tokens {
					claims, err := v.Verify(t.Context(), token)
					want(t, user, err, "")
					if err == nil && claims.Caller().User != user {
						t.Errorf("claims of %s, want those of %s", claims.Caller().User, user)
					}
				}
				v.CacheStats()
			}
		})
	}
	group.Go(func() {
		for n := range 20 {
			issuer.Rotate("ES256")
			replace(t, v, []string{"", "auth0-rfc9068"}[n%2])
		}
	})
	group.Wait()
}
