package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// recheck is a token that a stream runs under.
type recheck struct {
	v      *verifier.Verifier
	token  string
	claims *claims.Claims
}

func begin(t *testing.T, v *verifier.Verifier, token string) recheck {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	want(t, "when the stream begins", err, "")
	return recheck{v, token, claims}
}

// want checks what a stream is told now, and returns when it has to ask again.
func (r recheck) want(t *testing.T, what string, cause audience.Cause) time.Time {
	t.Helper()
	claims, next, err := r.v.Recheck(t.Context(), r.token, r.claims, time.Now())
	want(t, what, err, cause)
	if cause == "" && claims == nil {
		t.Errorf("%s: no claims", what)
	}
	if cause == "" && !next.After(time.Now()) {
		t.Errorf("%s: to be asked again at once", what)
	}
	return next
}

// changes waits until Changes moves, and returns how long that took.
func changes(v *verifier.Verifier, most time.Duration) time.Duration {
	began, before := time.Now(), v.Changes()
	for v.Changes() == before && time.Since(began) < most {
		time.Sleep(time.Second)
	}
	return time.Since(began)
}

// TestRecheckDroppedKey shows that a stream ends whose key has left the set when a
// second fetch has confirmed that. The verifier makes that fetch by itself.
func TestRecheckDroppedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old := begin(t, v, issuer.Mint(testutil.Claims{"aud": "x", "sub": "alice", "client_id": "c", "exp": time.Now().Add(20 * time.Hour).Unix()}))
		issuer.Rotate("ES256")
		issuer.Retire()
		if waited := changes(v, time.Hour); waited > 5*time.Minute {
			t.Errorf("Changes moved %v after the key was dropped, want the age of keys", waited)
		}
		old.want(t, "one fetch lacks the key", "")
		_, err := v.Verify(t.Context(), stranger(issuer))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		old.want(t, "two fetches lack the key, a moment apart", "")
		if waited := changes(v, time.Hour); waited < 29*time.Second || waited > 31*time.Second {
			t.Errorf("Changes moved %v after the first fetch without the key, want a cool-down", waited)
		}
		old.want(t, "two fetches lack the key", audience.CauseKeyUnknown)
		if next := begin(t, v, mint(issuer)).want(t, "the new key", ""); time.Until(next) < 24*time.Hour {
			t.Errorf("a JWT is to be asked about in %v, want a far future", time.Until(next))
		}
	})
}

// TestRecheckStaleNode shows that one set without the key, and an outage after it, end
// no stream.
func TestRecheckStaleNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		stream := begin(t, v, issuer.Mint(testutil.Claims{"aud": "x", "sub": "alice", "client_id": "c", "exp": time.Now().Add(20 * time.Hour).Unix()}))
		issuer.SetJWKS(jwks(t, testutil.NewKey("ES256").JWK()))
		changes(v, time.Hour)
		stream.want(t, "a stale node answered", "")
		issuer.Down()
		time.Sleep(10 * time.Minute)
		stream.want(t, "in an outage", "")
		issuer.Up()
		issuer.SetJWKS(nil)
		time.Sleep(time.Minute)
		stream.want(t, "the key is back", "")
		time.Sleep(10 * time.Minute)
		stream.want(t, "the key stays", "")
	})
}

// TestRecheckReusedKeyID shows that a key counts as dropped when another key has its
// kid.
func TestRecheckReusedKeyID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old, next := testutil.NewKey("ES256"), testutil.NewKey("ES256")
		issuer.SetJWKS(jwks(t, changed(old, map[string]any{"kid": "key"})))
		stream := begin(t, v, mint(issuer, testutil.SignedBy(old), testutil.Header("kid", "key")))
		issuer.SetJWKS(jwks(t, changed(next, map[string]any{"kid": "key"})))
		changes(v, time.Hour)
		stream.want(t, "once", "")
		changes(v, time.Hour)
		stream.want(t, "twice", audience.CauseSignatureInvalid)
	})
}

// TestRecheckReplacedSource shows that a second fetch must confirm a drop also if a
// policy has changed where the keys come from.
func TestRecheckReplacedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, other := newIssuer(), testutil.NewKey("ES256")
		v := newVerifier(t, issuer)
		stream := begin(t, v, mint(issuer))
		issuer.SetJWKS(jwks(t, other.JWK()))
		before := v.Changes()
		if err := v.Replace([]access.Issuer{{URL: corp, JWKS: corp + "/jwks"}}); err != nil {
			t.Fatal(err)
		}
		if v.Changes() == before {
			t.Error("Changes did not move with the issuers")
		}
		before = v.Changes()
		stream.want(t, "keys not there", "") // and has them fetched
		synctest.Wait()
		if v.Changes() == before {
			t.Error("Changes did not move with the first fetch")
		}
		stream.want(t, "first fetch", "")
		if waited := changes(v, time.Hour); waited > 31*time.Second {
			t.Errorf("Changes moved %v after the first fetch", waited)
		}
		stream.want(t, "second fetch", audience.CauseKeyUnknown)
	})
}

// TestRecheckReplacedIssuers shows that a stream gets the same result as a call when
// the issuers or their configuration change.
func TestRecheckReplacedIssuers(t *testing.T) {
	for name, row := range map[string]struct {
		config access.Issuer
		cause  audience.Cause
	}{
		"the same":           {access.Issuer{URL: corp, Leeway: time.Minute}, ""},
		"another issuer":     {access.Issuer{URL: "https://login.partner.example"}, audience.CauseIssuerUnknown},
		"another algorithm":  {access.Issuer{URL: corp, Algorithms: []string{"PS256"}}, audience.CauseAlgorithmNotAllowed},
		"another preset":     {access.Issuer{URL: corp, Preset: "keycloak"}, audience.CauseTypeNotAllowed},
		"a permitted preset": {access.Issuer{URL: corp, Preset: "zitadel"}, ""},
		"a written preset":   {access.Issuer{URL: corp, Dialect: access.Dialect{Types: []string{"at+jwt"}, Client: []string{"client_id"}}}, ""},
		"a written preset that admits it no more": {access.Issuer{URL: corp, Dialect: access.Dialect{Types: []string{"jwt"}, Client: []string{"client_id"}}}, audience.CauseTypeNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				stream := begin(t, v, mint(issuer))
				if err := v.Replace([]access.Issuer{row.config}); err != nil {
					t.Fatal(err)
				}
				stream.want(t, name, row.cause)
				claims, _, _ := v.Recheck(t.Context(), stream.token, stream.claims, time.Now())
				if row.cause == "" && (claims == stream.claims) == (row.config.Preset != "" || !row.config.Dialect.IsZero()) {
					t.Error("claims are read again if another preset reads them, and only then")
				}
			})
		})
	}
}

// TestRecheckAsksAgainAboutAnOpaqueToken shows that the issuer is asked again about
// the opaque token of a stream when its answer expires.
func TestRecheckAsksAgainAboutAnOpaqueToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v := issuer.verifier(t)
		stream := begin(t, v, issuer.token())
		next := stream.want(t, "active", "")
		if got := time.Until(next); got != 30*time.Second {
			t.Errorf("to be asked about in %v, want the answer's end", got)
		}
		if n := issuer.Requests(testutil.Introspection); n != 1 {
			t.Errorf("%d questions, want 1: the answer is known", n)
		}
		time.Sleep(30 * time.Second)
		stream.want(t, "active still", "")
		issuer.Revoke(stream.token)
		time.Sleep(30 * time.Second)
		stream.want(t, "revoked", audience.CauseTokenInactive)
		issuer.Down()
		time.Sleep(10 * time.Second)
		stream.want(t, "revoked, then an outage", audience.CauseIntrospectionUnavailable)
	})
}

// TestRecheckOpaqueOutage shows that an outage ends a stream 60 s after the
// answer's end, and not before.
func TestRecheckOpaqueOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v := issuer.verifier(t)
		stream := begin(t, v, issuer.token())
		issuer.Down()
		end := time.Now().Add(90 * time.Second)
		for next := stream.want(t, "known", ""); next.Before(end); next = stream.want(t, "stale", "") {
			time.Sleep(time.Until(next))
		}
		time.Sleep(time.Until(end))
		stream.want(t, "stale for too long", audience.CauseIntrospectionUnavailable)
		issuer.Up()
		time.Sleep(time.Minute)
		stream.want(t, "up again", "")
	})
}

// TestRecheckAsksEachTime shows that an issuer which is to be asked on each call
// is asked by streams every few seconds, and that its outage ends none at once.
func TestRecheckAsksEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v := issuer.verifier(t, verifier.IntrospectionTTL(0))
		stream := begin(t, v, issuer.token())
		if next := stream.want(t, "active", ""); time.Until(next) != 5*time.Second {
			t.Errorf("to be asked about in %v, want 5 s", time.Until(next))
		}
		issuer.Down()
		stream.want(t, "down", "")
		time.Sleep(time.Minute)
		stream.want(t, "down for a minute", audience.CauseIntrospectionUnavailable)
	})
}

// TestChangedDialectReadsTokensAgain shows that a token which one written preset read is
// read again by the next one, and refused if that does not accept it.
func TestChangedDialectReadsTokensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		speak := func(forbidden string) {
			d := access.Dialect{Types: []string{"at+jwt"}, Client: []string{"client_id"}, Forbidden: []string{forbidden}}
			if err := v.Replace([]access.Issuer{{URL: corp, Dialect: d}}); err != nil {
				t.Fatal(err)
			}
		}
		speak("nonce")
		stream := begin(t, v, mint(issuer))
		stream.want(t, "the first", "")
		speak("jti")
		stream.want(t, "the second", audience.CauseTypeNotAllowed)
		_, err := v.Verify(t.Context(), stream.token)
		want(t, "a new call", err, audience.CauseTypeNotAllowed)
	})
}
