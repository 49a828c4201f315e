package verifier_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestRetryAfterIsHeeded shows that an issuer which says when to ask again is not
// asked before, whichever of its endpoints says so.
func TestRetryAfterIsHeeded(t *testing.T) {
	busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	for name, endpoint := range map[string]testutil.Endpoint{"metadata": testutil.Discovery, "introspection": testutil.Introspection} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newOpaque(t)
				v, token := issuer.verifier(t), issuer.token()
				issuer.Fault(endpoint, busy)
				_, err := v.Verify(t.Context(), token)
				want(t, "busy", err, audience.CauseIntrospectionUnavailable)
				issuer.Fault(endpoint, nil)
				asked := issuer.Requests(endpoint)
				time.Sleep(19 * time.Second)
				_, err = v.Verify(t.Context(), issuer.token())
				want(t, "before", err, audience.CauseIntrospectionUnavailable)
				if n := issuer.Requests(endpoint); n != asked {
					t.Errorf("asked %d times before it wants to be", n-asked)
				}
				time.Sleep(2 * time.Second)
				_, err = v.Verify(t.Context(), token)
				want(t, "after", err, "")
			})
		})
	}
}

// TestUnclearAnswerIsNoVerdict shows that an answer without a clear meaning refuses no
// token as bad, delays no other token if it may be about this one only, and that calls
// succeed again when the issuer works.
func TestUnclearAnswerIsNoVerdict(t *testing.T) {
	page := func(body string) http.Handler { return testutil.RespondBody("application/json", body) }
	const there, before = testutil.Introspection, testutil.Discovery
	for name, row := range map[string]struct {
		endpoint testutil.Endpoint
		answer   http.Handler
		all      bool // the answer tells that other tokens would fare no better
	}{
		"400":             {there, testutil.RespondStatus(400), false},
		"500":             {there, testutil.RespondStatus(500), false},
		"204":             {there, testutil.RespondStatus(204), false},
		"redirect":        {there, testutil.RespondRedirect(corp + "/introspect"), false},
		"HTML":            {there, testutil.RespondBody("text/html", "<html>"), false},
		"empty":           {there, page(""), false},
		"null":            {there, page("null"), false},
		"no active":       {there, page("{}"), false},
		"active is text":  {there, page(`{"active":"true"}`), false},
		"active is 1":     {there, page(`{"active":1}`), false},
		"active is twice": {there, page(`{"active":false,"active":true}`), false},
		"large":           {there, page(strings.Repeat(" ", 32<<10)), false},
		"401":             {there, testutil.RespondStatus(401), true},
		"403":             {there, testutil.RespondStatus(403), false},
		"429":             {there, testutil.RespondStatus(429), true},
		"503":             {there, testutil.RespondStatus(503), true},
		"hang":            {there, testutil.RespondNever(), true},
		"slow":            {there, testutil.RespondSlowly(strings.Repeat(" ", 100), time.Second), true},
		"discovery, 500":  {before, testutil.RespondStatus(500), true},
		"discovery, 404":  {before, testutil.RespondStatus(404), true},
		"discovery, HTML": {before, testutil.RespondBody("text/html", "<html>"), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newOpaque(t)
				v, one, two := issuer.verifier(t), issuer.token(), issuer.token()
				issuer.Fault(row.endpoint, row.answer)
				_, err := v.Verify(t.Context(), one)
				want(t, "unclear", err, audience.CauseIntrospectionUnavailable)
				if refusal, ok := errors.AsType[*audience.Refusal](err); !ok || refusal.RetryAfter <= 0 {
					t.Errorf("%v does not say when to try again", err)
				}
				if f := v.Stats()[0]; f.Failures != 1 || f.LastError == nil {
					t.Errorf("figures = %+v, want a failure", f)
				}
				issuer.Fault(row.endpoint, nil)
				_, err = v.Verify(t.Context(), two)
				cause := audience.Cause("")
				if row.all {
					cause = audience.CauseIntrospectionUnavailable
				}
				want(t, "another, at once", err, cause)
				time.Sleep(2 * time.Second)
				for _, token := range []string{one, two} {
					_, err = v.Verify(t.Context(), token)
					want(t, "when all is well", err, "")
				}
			})
		})
	}
}

// TestKnownOpaqueTokenServesThroughAnOutage shows that a known token is accepted
// during an outage until 60 s after its answer has expired, and that an issuer that is
// down is asked rarely.
func TestKnownOpaqueTokenServesThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, known := issuer.verifier(t), issuer.token()
		_, err := v.Verify(t.Context(), known)
		want(t, "known", err, "")
		issuer.Down()
		asked := issuer.Requests(testutil.Introspection)
		for range 29 {
			time.Sleep(time.Second)
			_, err = v.Verify(t.Context(), known)
			want(t, "known, down", err, "")
			_, err = v.Verify(t.Context(), issuer.token())
			want(t, "new, down", err, audience.CauseIntrospectionUnavailable)
		}
		if err := v.Ready(t.Context()); err == nil {
			t.Error("Ready in an outage")
		}
		if n := issuer.Requests(testutil.Introspection) - asked; n > 10 {
			t.Errorf("%d requests in 29 s of outage, want back-off", n)
		}
		time.Sleep(61*time.Second - 1)
		_, err = v.Verify(t.Context(), known)
		want(t, "known, its answer is stale", err, "")
		if f := v.Stats()[0]; f.Stale != 1 {
			t.Errorf("%d stale answers counted, want 1", f.Stale)
		}
		time.Sleep(time.Nanosecond)
		_, err = v.Verify(t.Context(), known)
		want(t, "known for too long, down", err, audience.CauseIntrospectionUnavailable)
		issuer.Up()
		time.Sleep(33 * time.Second)
		_, err = v.Verify(t.Context(), known)
		want(t, "up again", err, "")
	})
}

// TestManyCallsWithOneTokenCauseOneRequest shows that many calls with one token cause
// one request, and that each waits under its own deadline.
func TestManyCallsWithOneTokenCauseOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, token := issuer.verifier(t), issuer.token()
		issuer.Fault(testutil.Introspection, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			issuer.Fault(testutil.Introspection, nil)
			issuer.ServeHTTP(w, r)
		}))
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			began := time.Now()
			_, err := v.Verify(hasty, token)
			want(t, "hasty", err, audience.CauseIntrospectionUnavailable)
			if took := time.Since(began); took != 900*time.Millisecond {
				t.Errorf("hasty: answered after %v, want a tenth before its own deadline", took)
			}
		})
		synctest.Wait()
		for range 1000 {
			group.Go(func() {
				_, err := v.Verify(t.Context(), token)
				want(t, "a waiter", err, "")
			})
		}
		group.Wait()
		if f := v.Stats()[0]; f.Fetches != 1 {
			t.Errorf("%d questions, want 1", f.Fetches)
		}
	})
}

// TestFloodOfOpaqueTokensIsBounded shows that a flood of random tokens has a bounded
// number of requests and bounded memory, and does not affect known tokens.
func TestFloodOfOpaqueTokensIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, known := issuer.verifier(t, verifier.IntrospectionTTL(time.Hour)), issuer.token()
		_, err := v.Verify(t.Context(), known)
		want(t, "known", err, "")
		issuer.Fault(testutil.Introspection, testutil.RespondNever())
		var group sync.WaitGroup
		for range 10 * verifier.MaxAsking {
			group.Go(func() {
				_, err := v.Verify(t.Context(), issuer.token())
				want(t, "flood", err, audience.CauseIntrospectionUnavailable)
			})
		}
		synctest.Wait()
		if n := issuer.Requests(testutil.Introspection) - 1; n != verifier.MaxAsking {
			t.Errorf("%d questions under way, want %d", n, verifier.MaxAsking)
		}
		group.Wait()
		issuer.Fault(testutil.Introspection, testutil.RespondBody("application/json", `{"active":false}`))
		time.Sleep(2 * time.Second) // failures that end together count once
		_, err = v.Verify(t.Context(), issuer.token())
		want(t, "when the issuer answers again", err, audience.CauseTokenInactive)
		for range 2 * verifier.MaxInactive {
			v.Verify(t.Context(), issuer.token())
		}
		_, err = v.Verify(t.Context(), known)
		want(t, "known, after the flood", err, "")
	})
}
