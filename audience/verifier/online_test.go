package verifier_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// asked is an issuer of JWTs about which it can be asked.
type asked struct {
	*testutil.Issuer
	verifier *verifier.Verifier
}

// newAsked returns an issuer whose answers come through the transport that wrap makes of
// its own.
func newAsked(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) asked {
	t.Helper()
	issuer, secret := newIssuer(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer.Register(testutil.Client{ID: "order-status", Secret: "s"})
	return asked{issuer, verifierOf(t, []access.Issuer{onlineOnly(secret)}, verifier.Transport(wrap(issuer.Transport())))}
}

func onlineOnly(secret string) access.Issuer {
	return access.Issuer{URL: corp, Introspection: access.Introspection{ClientID: "order-status", Secret: access.SecretRef{File: secret}, OnlineOnly: true}}
}

// genuine returns a token and its claims.
func (a asked) genuine(t *testing.T, id string) (string, *claims.Claims) {
	t.Helper()
	token := a.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "jti": id})
	c, err := a.verifier.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return token, c
}

// held answers questions at the time that the test lets it.
type held struct {
	http.RoundTripper
	arrived chan struct{} // has a value for each question
	let     chan struct{}
	running atomic.Int64
	most    atomic.Int64
}

func (h *held) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		h.most.Store(max(h.most.Load(), h.running.Add(1)))
		response, err := h.RoundTripper.RoundTrip(r) // the issuer answers now, and the answer is on its way
		h.arrived <- struct{}{}
		<-h.let
		h.running.Add(-1)
		return response, err
	}
	return h.RoundTripper.RoundTrip(r)
}

func holding(h *held) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		h.RoundTripper, h.arrived, h.let = next, make(chan struct{}, 1000), make(chan struct{})
		return h
	}
}

// TestJWTIsVerifiedWithKeysAlone shows that an issuer with online_only is not asked by
// Verify, and that tokens that are no JWTs are refused unseen.
func TestJWTIsVerifiedWithKeysAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, func(next http.RoundTripper) http.RoundTripper { return next })
		a.genuine(t, "one")
		_, err := a.verifier.Verify(t.Context(), "an-opaque-token")
		want(t, "an opaque token", err, audience.CauseTokenMalformed)
		if err := a.verifier.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if n := a.Requests(testutil.Introspection); n != 0 {
			t.Errorf("%d questions, want none", n)
		}
	})
}

// TestCallUsesNoQuestionFromBeforeIt shows that a call waits for no answer to a question
// that was sent before the call came: the token may have been withdrawn in between.
func TestCallUsesNoQuestionFromBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &held{}
		a := newAsked(t, holding(h))
		token, c := a.genuine(t, "one")
		errs := make([]error, 21)
		var group sync.WaitGroup
		confirm := func(n int) {
			since := time.Now()
			group.Go(func() { _, _, errs[n] = a.verifier.Confirm(t.Context(), token, c, since) })
		}
		confirm(0)
		<-h.arrived
		a.Revoke(token)
		time.Sleep(time.Millisecond)
		for n := 1; n < len(errs); n++ {
			confirm(n)
		}
		synctest.Wait()
		h.let <- struct{}{} // the first answer, from before
		close(h.let)
		group.Wait()
		want(t, "the call from before", errs[0], "")
		for n, err := range errs[1:] {
			want(t, fmt.Sprintf("call %d after the token was withdrawn", n), err, audience.CauseTokenWithdrawn)
		}
		if n := a.Requests(testutil.Introspection); n != 2 {
			t.Errorf("%d questions, want one for the first call and one for the 20 that came during it", n)
		}
	})
}

// TestAnswerIsNoOlderThanAskedFor shows which answers count: none from before the time
// that is asked for, also if it is about another token.
func TestAnswerIsNoOlderThanAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, func(next http.RoundTripper) http.RoundTripper { return next })
		token, c := a.genuine(t, "one")
		other, d := a.genuine(t, "two")
		questions := 0
		confirm := func(what, token string, c *claims.Claims, age time.Duration, asks bool) {
			t.Helper()
			got, began, err := a.verifier.Confirm(t.Context(), token, c, time.Now().Add(-age))
			if err != nil || got != c || time.Since(began) > age {
				t.Errorf("%s: claims %p of %p, an answer of %v, %v", what, got, c, time.Since(began), err)
			}
			if asks {
				questions++
			}
			if n := a.Requests(testutil.Introspection); n != questions {
				t.Errorf("%s: %d questions, want %d", what, n, questions)
				questions = n
			}
		}
		confirm("first", token, c, time.Minute, true)
		confirm("another token", other, d, time.Minute, true)
		time.Sleep(time.Second)
		confirm("young enough", token, c, time.Second, false)
		confirm("too old", token, c, time.Second-1, true)
		time.Sleep(time.Nanosecond)
		confirm("after the call came", token, c, 0, true)
	})
}

// TestFloodOfOnlineTokensIsPaced shows that many calls with different tokens send a
// bounded number of questions at a time, and that those that find no room are told that
// nothing is known.
func TestFloodOfOnlineTokensIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 800
		h := &held{}
		a := newAsked(t, holding(h))
		var group sync.WaitGroup
		var admitted, crowded atomic.Int64
		for n := range calls {
			token, c := a.genuine(t, fmt.Sprint(n))
			since := time.Now()
			group.Go(func() {
				switch _, _, err := a.verifier.Confirm(t.Context(), token, c, since); {
				case err == nil:
					admitted.Add(1)
				default:
					want(t, "a call without room", err, audience.CauseIntrospectionUnavailable)
					crowded.Add(1)
				}
			})
		}
		synctest.Wait()
		close(h.let)
		group.Wait()
		if admitted.Load()+crowded.Load() != calls || admitted.Load() < 500 || crowded.Load() == 0 {
			t.Errorf("%d admitted, %d without room, of %d", &admitted, &crowded, calls)
		}
		if n := h.most.Load(); n > 64 {
			t.Errorf("%d questions at a time, want 64 at most", n)
		}
	})
}

// TestConfirmEnds shows that a question ends with its call and with the verifier, and that
// an issuer that cannot be asked is told from a token that is not active.
func TestConfirmEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &held{}
		a := newAsked(t, holding(h))
		token, c := a.genuine(t, "one")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var errs [3]error
		var group sync.WaitGroup
		group.Go(func() { _, _, errs[0] = a.verifier.Confirm(ctx, token, c, time.Now()) })
		<-h.arrived
		time.Sleep(time.Millisecond)
		group.Go(func() { _, _, errs[1] = a.verifier.Confirm(ctx, token, c, time.Now()) })
		group.Go(func() { _, _, errs[2] = a.verifier.Confirm(t.Context(), token, c, time.Now()) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		a.verifier.Close()
		close(h.let)
		group.Wait()
		for n, err := range errs[:2] {
			if err != context.Canceled {
				t.Errorf("call %d: %v, want its context's error", n, err)
			}
		}
		want(t, "a call during Close", errs[2], audience.CauseIntrospectionUnavailable)
		v := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(a.Transport()))
		_, _, err := v.Confirm(t.Context(), token, c, time.Now())
		want(t, "an issuer without introspection", err, audience.CauseIntrospectionUnavailable)
	})
}

// TestReplaceKeepsWhatDidNotChange shows that a new configuration that asks the issuer
// keeps its keys.
func TestReplaceKeepsWhatDidNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, func(next http.RoundTripper) http.RoundTripper { return next })
		token, c := a.genuine(t, "one")
		fetches := a.Requests(testutil.JWKS)
		if err := a.verifier.Replace([]access.Issuer{{URL: corp}}); err != nil {
			t.Fatal(err)
		}
		_, _, err := a.verifier.Confirm(t.Context(), token, c, time.Now())
		want(t, "without introspection", err, audience.CauseIntrospectionUnavailable)
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte("s"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.verifier.Replace([]access.Issuer{onlineOnly(secret)}); err != nil {
			t.Fatal(err)
		}
		_, _, err = a.verifier.Confirm(t.Context(), token, c, time.Now())
		want(t, "with introspection again", err, "")
		if n := a.Requests(testutil.JWKS); n != fetches {
			t.Errorf("the keys were fetched %d times more", n-fetches)
		}
	})
}
