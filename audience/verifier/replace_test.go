package verifier_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestReplaceKeepsTheKeysOfUnchangedIssuers shows that issuers can be added and
// removed, and that the others keep their keys.
func TestReplaceKeepsTheKeysOfUnchangedIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
		v := verifierOf(t, []access.Issuer{{URL: one.URL()}}, verifier.Transport(one.Transport(two)))
		replace := func(issuers ...access.Issuer) {
			t.Helper()
			if err := v.Replace(issuers); err != nil {
				t.Fatal(err)
			}
		}
		verify := func(what string, i *testutil.Issuer, cause audience.Cause) {
			t.Helper()
			_, err := v.Verify(t.Context(), mint(i))
			want(t, what, err, cause)
		}
		verify("one", one, "")
		verify("two, not yet", two, audience.CauseIssuerUnknown)
		replace(access.Issuer{URL: one.URL(), Algorithms: []string{"ES256"}, Leeway: time.Minute}, access.Issuer{URL: two.URL()})
		verify("one, changed", one, "")
		verify("two", two, "")
		if n := one.Requests(testutil.JWKS); n != 1 {
			t.Errorf("%d fetches from one, want 1: where its keys are has not changed", n)
		}
		if err := v.Replace([]access.Issuer{{URL: two.URL()}, {URL: two.URL()}}); err == nil {
			t.Error("Replace by an issuer that stands there twice succeeded")
		}
		verify("one, after a bad change", one, "")
		replace(access.Issuer{URL: two.URL()})
		verify("one, gone", one, audience.CauseIssuerUnknown)
		verify("two, alone", two, "")
		asked := one.Requests(testutil.JWKS)
		time.Sleep(3 * time.Hour)
		if n := one.Requests(testutil.JWKS); n != asked {
			t.Errorf("an issuer that is gone was asked %d times", n-asked)
		}
		replace(access.Issuer{URL: two.URL(), Preset: "keycloak"})
		verify("two, by another preset", two, audience.CauseTypeNotAllowed)
		replace(access.Issuer{URL: two.URL(), JWKS: two.URL() + "/keys-that-are-not-there"})
		verify("two, with keys elsewhere", two, audience.CauseKeysUnavailable)
	})
}

// TestReplaceEndsNoWait shows that a call which waits for an issuer gets its result
// although the issuers are replaced.
func TestReplaceEndsNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		slow, transport := make(chan struct{}), issuer.Transport()
		wire := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-slow
			return transport.RoundTrip(r)
		})
		keys := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(wire))
		asked := verifierOf(t, []access.Issuer{issuer.config()}, verifier.Transport(wire))
		var group sync.WaitGroup
		for v, token := range map[*verifier.Verifier]string{keys: mint(issuer.Issuer), asked: issuer.token()} {
			group.Go(func() {
				_, err := v.Verify(t.Context(), token)
				want(t, "waiting", err, "")
			})
			synctest.Wait()
			if err := v.Replace([]access.Issuer{{URL: corp, JWKS: corp + "/other"}}); err != nil {
				t.Error(err)
			}
		}
		close(slow)
		group.Wait()
	})
}

// TestReplaceUnderLoad shows that a token which is good before and after is
// good throughout.
func TestReplaceUnderLoad(t *testing.T) {
	one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
	with, without := []access.Issuer{{URL: one.URL()}, {URL: two.URL()}}, []access.Issuer{{URL: one.URL()}}
	v := verifierOf(t, with, verifier.Transport(one.Transport(two)), verifier.Cache(0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 100 {
			if err := v.Replace([][]access.Issuer{without, with}[n%2]); err != nil {
				t.Error(err)
			}
		}
	}()
	for token, replacing := mint(one), true; replacing; {
		select {
		case <-done:
			replacing = false
		default:
		}
		_, err := v.Verify(t.Context(), token)
		want(t, "one", err, "")
	}
}

// TestCloseLeavesNoGoroutine shows that Close ends all background work.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		issuer := newIssuer()
		issuer.Fault(testutil.Discovery, testutil.RespondNever())
		for range 1000 {
			v, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Transport(issuer.Transport()))
			if err != nil {
				t.Fatal(err)
			}
			go v.Ready(t.Context())
			synctest.Wait()
			v.Close()
		}
		if err := newVerifier(t, issuer).Replace(nil); err == nil {
			t.Error("Replace by nobody succeeded")
		}
	})
}

// TestClosedVerifierMakesNoRequest shows that a closed verifier makes no request, and
// says so.
func TestClosedVerifierMakesNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		warm, cold := newVerifier(t, issuer), newVerifier(t, issuer)
		_, err := warm.Verify(t.Context(), mint(issuer))
		want(t, "open", err, "")
		warm.Close()
		cold.Close()
		cold.Close()
		asked := issuer.Requests(testutil.JWKS)
		time.Sleep(3 * time.Hour)
		_, err = warm.Verify(t.Context(), mint(issuer))
		want(t, "closed, keys at hand", err, "")
		_, err = cold.Verify(t.Context(), mint(issuer))
		want(t, "closed, no keys", err, audience.CauseKeysUnavailable)
		if n := issuer.Requests(testutil.JWKS); n != asked {
			t.Errorf("a closed verifier fetched %d times", n-asked)
		}
		if err := cold.Replace([]access.Issuer{{URL: corp, JWKS: corp + "/jwks"}}); err == nil {
			t.Error("Replace after Close succeeded")
		}
	})
}
