package verifier_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// counted says how the statistics of a cache are to differ from before.
type counted struct{ hits, misses uint64 }

// outcome verifies token, and checks the cause of its refusal, none if it is
// good, and what the cache had to do with it.
func outcome(t *testing.T, what string, v *verifier.Verifier, token string, cause audience.Cause, count counted) *claims.Claims {
	t.Helper()
	before := v.CacheStats()
	claims, err := v.Verify(t.Context(), token)
	want(t, what, err, cause)
	after := v.CacheStats()
	if got := (counted{after.Hits - before.Hits, after.Misses - before.Misses}); got != count {
		t.Errorf("%s: hits and misses = %v, want %v", what, got, count)
	}
	return claims
}

var (
	hit  = counted{hits: 1}
	miss = counted{misses: 1}
)

func TestKnownTokenIsNotVerifiedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		good := mint(issuer)
		first := outcome(t, "first", v, good, "", miss)
		if again := outcome(t, "again", v, good, "", hit); again != first {
			t.Errorf("again: claims = %p, want those of the first time, %p", again, first)
		}
		forged := swapPayload(good, mint(issuer))
		outcome(t, "forged", v, forged, audience.CauseSignatureInvalid, miss)
		outcome(t, "forged, again", v, forged, audience.CauseSignatureInvalid, hit)
		untyped := issuer.Mint(testutil.Claims{"client_id": nil, "sub": "alice"})
		outcome(t, "claims of another kind", v, untyped, audience.CauseClaimMissing, miss)
		outcome(t, "claims of another kind, again", v, untyped, audience.CauseClaimMissing, hit)
		if n := v.CacheStats().Entries; n != 3 {
			t.Errorf("%d entries, want 3", n)
		}
		short := issuer.Mint(testutil.Claims{"sub": "alice", "client_id": "customer-portal", "exp": time.Now().Add(2 * time.Second).Unix()})
		outcome(t, "short", v, short, "", miss)
		time.Sleep(time.Second)
		outcome(t, "forged, a second later", v, forged, audience.CauseSignatureInvalid, miss)
		outcome(t, "good, a second later", v, good, "", hit)
		outcome(t, "short, before its end", v, short, "", hit)
		time.Sleep(time.Second)
		outcome(t, "short, ended", v, short, "", miss)
		outcome(t, "short, ended, again", v, short, "", hit)
		time.Sleep(time.Second)
		outcome(t, "short, ended, later", v, short, "", miss)
	})
}

func TestWithoutACacheEachTokenIsVerified(t *testing.T) {
	issuer := newIssuer()
	v := newVerifier(t, issuer, verifier.Cache(0))
	good := mint(issuer)
	outcome(t, "first", v, good, "", counted{})
	outcome(t, "again", v, good, "", counted{})
	if f := v.CacheStats(); f != (verifier.CacheStats{}) {
		t.Errorf("Stats = %+v, want none", f)
	}
	if _, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Cache(-1)); err == nil {
		t.Error("New with a cache of -1 entries succeeded")
	}
}

// TestCacheForgetsWithTokenAndKeys shows that a cached result is not used after the
// end of the token, or after its keys have changed.
func TestCacheForgetsWithTokenAndKeys(t *testing.T) {
	const hour = time.Hour
	for name, row := range map[string]struct {
		meanwhile func(*testing.T, *testutil.Issuer, *testutil.Key, *verifier.Verifier)
		wait      time.Duration
		cause     audience.Cause
		count     counted
	}{
		"the same keys, fetched again": {nothing, 23 * hour, "", hit},
		"the token ended":              {nothing, 48 * hour, "", miss},
		"the key was dropped":          {dropKey, hour, audience.CauseKeyUnknown, miss},
		"the kid has another key":      {reuseKeyID, hour, audience.CauseSignatureInvalid, miss},
		"a key was added":              {addKey, hour, "", miss},
		"an outage":                    {outage, 23 * hour, "", hit},
		"an outage of more than a day": {outage, 25 * hour, audience.CauseKeysUnavailable, miss},
		"another preset":               {anotherPreset, 0, audience.CauseTypeNotAllowed, miss},
		"the same issuers":             {sameIssuers, 0, "", hit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := testutil.NewIssuer(corp, testutil.Lifetime(30*hour))
				key := issuer.Rotate("ES256")
				v := newVerifier(t, issuer)
				token := mint(issuer)
				outcome(t, "first", v, token, "", miss)
				row.meanwhile(t, issuer, key, v)
				time.Sleep(row.wait)
				outcome(t, "again", v, token, row.cause, row.count)
			})
		})
	}
}

func nothing(*testing.T, *testutil.Issuer, *testutil.Key, *verifier.Verifier) {}

func addKey(_ *testing.T, issuer *testutil.Issuer, _ *testutil.Key, _ *verifier.Verifier) {
	issuer.Rotate("ES256")
}

func dropKey(_ *testing.T, issuer *testutil.Issuer, _ *testutil.Key, _ *verifier.Verifier) {
	issuer.Rotate("ES256")
	issuer.Retire()
}

func reuseKeyID(_ *testing.T, issuer *testutil.Issuer, key *testutil.Key, _ *verifier.Verifier) {
	issuer.Use(testutil.NewKey("ES256").As(key.ID(), "ES256"))
	issuer.Retire()
}

func outage(_ *testing.T, issuer *testutil.Issuer, _ *testutil.Key, _ *verifier.Verifier) {
	issuer.Down()
}

func anotherPreset(t *testing.T, _ *testutil.Issuer, _ *testutil.Key, v *verifier.Verifier) {
	replace(t, v, "keycloak")
}

func sameIssuers(t *testing.T, _ *testutil.Issuer, _ *testutil.Key, v *verifier.Verifier) {
	replace(t, v, "")
}

// replace makes the issuer one of another kind.
func replace(t *testing.T, v *verifier.Verifier, preset string) {
	t.Helper()
	if err := v.Replace([]access.Issuer{{URL: corp, Preset: preset}}); err != nil {
		t.Fatal(err)
	}
}

// TestCacheHasOneEntryForConcurrentCalls shows that concurrent calls with the same
// token make one entry, and that expired entries are dropped before others.
func TestCacheHasOneEntryForConcurrentCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer, verifier.Cache(16))
		token := mint(issuer)
		var group sync.WaitGroup
		for range 50 { // all wait for the keys
			group.Go(func() {
				_, err := v.Verify(t.Context(), token)
				want(t, "the same token", err, "")
			})
		}
		group.Wait()
		if n := v.CacheStats().Entries; n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
		for range 10 {
			brief := issuer.Mint(testutil.Claims{"sub": "alice", "client_id": "customer-portal", "exp": time.Now().Add(time.Second).Unix()})
			outcome(t, "brief", v, brief, "", miss)
		}
		time.Sleep(time.Second)
		living := []string{token}
		for range 15 {
			living = append(living, mint(issuer))
			_, err := v.Verify(t.Context(), living[len(living)-1])
			want(t, "living", err, "")
		}
		for _, token := range living {
			outcome(t, "living, again", v, token, "", hit)
		}
		if n := v.CacheStats().Entries; n != 16 {
			t.Errorf("%d entries, want 16", n)
		}
	})
}

// TestCacheKeysCannotBeComputed shows that the key of a token in the cache differs
// between processes.
func TestCacheKeysCannotBeComputed(t *testing.T) {
	one, another := verifier.Key("a.b.c"), verifier.Key("a.b.c")
	if one == another {
		t.Errorf("two caches have the same key for a token, %x", one)
	}
}

// TestCacheIgnoresDoubt shows that a result is not cached that does not depend on keys
// of the issuer.
func TestCacheIgnoresDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		issuer.Down()
		v := newVerifier(t, issuer)
		outcome(t, "no keys", v, mint(issuer), audience.CauseKeysUnavailable, miss)
		issuer.Up()
		time.Sleep(time.Minute)
		outcome(t, "unknown kid", v, mint(issuer, testutil.SignedBy(testutil.NewKey("ES256"))), audience.CauseKeyUnknown, miss)
		outcome(t, "unknown issuer", v, mint(testutil.NewIssuer("https://evil.example")), audience.CauseIssuerUnknown, miss)
		outcome(t, "another type", v, mint(issuer, testutil.Header("typ", "JWT")), audience.CauseTypeNotAllowed, miss)
		outcome(t, "opaque", v, "b7c9d2", audience.CauseTokenMalformed, miss)
		if n := v.CacheStats().Entries; n != 0 {
			t.Errorf("%d entries, want none", n)
		}
	})
}
