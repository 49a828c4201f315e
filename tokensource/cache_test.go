package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestDifferentRequestsNeverShareAToken(t *testing.T) {
	var n atomic.Int32
	w := &wire{token: func(r *http.Request, _ url.Values) (*http.Response, error) {
		return reply(200, grant(fmt.Sprintf("token-%d", n.Add(1)), `"expires_in":300`))(r)
	}}
	s := newSource(t, w)
	alice, bob := tokensource.NewToken("alice", time.Time{}), tokensource.NewToken("bob", time.Time{})
	got := map[string]int{}
	for i, r := range []tokensource.Request{
		{Audience: "a"},
		{Audience: "b"},
		{Audience: "a", Scope: "x y"},
		{Audience: "a", Scope: "x"},
		{Audience: "a x", Scope: "y"},
		{Audience: "a", Subject: alice, SubjectIssuer: issuer},
		{Audience: "a", Subject: bob, SubjectIssuer: issuer},
		{Audience: "b", Subject: alice, SubjectIssuer: issuer},
		{Audience: "a", Scope: "x y", Subject: alice, SubjectIssuer: issuer},
		{Audience: "a", Subject: alice, SubjectIssuer: issuer, Actor: bob},
		{Audience: "a", Subject: alice, SubjectIssuer: issuer, Actor: alice},
		{Audience: "b", Subject: bob, SubjectIssuer: issuer},
		{Audience: "a", Also: []string{"b"}},
		{Audience: "b", Also: []string{"a"}},
		{Audience: "a", Also: []string{"b", "c"}},
		{Audience: "a", Also: []string{`b" "c`}},
	} {
		for range 2 {
			token, err := s.Token(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if first, ok := got[token.Reveal()]; ok && first != i {
				t.Errorf("%+v gets the token of request %d", r, first)
			}
			got[token.Reveal()] = i
		}
	}
	for want, r := range map[int]tokensource.Request{
		2:  {Audience: "a", Scope: "y x"},
		5:  {Audience: "a", Subject: tokensource.NewToken("alice", time.Time{}), SubjectIssuer: issuer},
		14: {Audience: "a", Also: []string{"c", "b"}},
	} {
		if token, err := s.Token(t.Context(), r); err != nil || got[token.Reveal()] != want {
			t.Errorf("%+v: got %q, %v, want the token of request %d", r, token.Reveal(), err, want)
		}
	}
	if w.count() != 16 {
		t.Errorf("got %d token requests, want 16", w.count())
	}
}

func TestAudienceIsRequired(t *testing.T) {
	w := &wire{}
	if _, err := newSource(t, w).Token(t.Context(), tokensource.Request{Scope: "x"}); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	if w.count() != 0 {
		t.Error("asked the issuer")
	}
}

func TestCachedTokenDoesNotHideAnInvalidRequest(t *testing.T) {
	s := newSource(t, &wire{})
	must(t, s, orders)
	for name, change := range map[string]func(*tokensource.Request){
		"an actor without a subject":       func(r *tokensource.Request) { r.Actor = tokensource.NewToken("actor", time.Time{}) },
		"the issuer of a subject, without": func(r *tokensource.Request) { r.SubjectIssuer = "https://login.partner.example" },
	} {
		r := orders
		change(&r)
		if token, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("%s: got %q, %v, want ErrRefused", name, token.Reveal(), err)
		}
	}
}

func TestSubjectIsSentToItsOwnIssuerOnly(t *testing.T) {
	for grant, g := range map[string]tokensource.Grant{"exchange": tokensource.TokenExchange, "jwt-bearer": tokensource.JWTBearer, "on behalf of": tokensource.EntraOnBehalfOf} {
		for name, other := range map[string]string{
			"another issuer": "https://login.partner.example", "no issuer": "", "with a slash": issuer + "/", "in capitals": strings.ToUpper(issuer),
		} {
			w := &wire{}
			s := newSource(t, w, tokensource.SubjectGrant(g))
			r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: other}
			if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
				t.Errorf("%s, %s: got %v, want ErrRefused", grant, name, err)
			}
			if w.count() != 0 {
				t.Errorf("%s, %s: the token was sent", grant, name)
			}
			r.SubjectIssuer = issuer
			if _, err := s.Token(t.Context(), r); w.count() != 1 {
				t.Errorf("%s, the cache's own issuer: %v", grant, err)
			}
		}
	}
}

func TestRequestsInParallelAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards now and most
		var now, most int
		w := &wire{token: func(r *http.Request, form url.Values) (*http.Response, error) {
			count := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				now += by
				most = max(most, now)
			}
			count(1)
			defer count(-1)
			return slow(10*time.Millisecond, good)(r, form)
		}}
		s := newSource(t, w)
		var callers sync.WaitGroup
		for i := range 2000 {
			callers.Go(func() {
				if _, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if most > 16 || w.count() != 2000 {
			t.Errorf("got %d requests, up to %d at a time; want 2000, 16", w.count(), most)
		}
	})
}

func TestLeastRecentlyUsedTokensAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w, tokensource.Bound(16))
		ask := func(i int) {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			ask(0) // always in use
			ask(i)
			time.Sleep(time.Second)
		}
		before := w.count()
		ask(0)
		for i := 99; i > 99-14; i-- {
			ask(i)
		}
		if w.count() != before {
			t.Errorf("%d of the recently used tokens were evicted", w.count()-before)
		}
		ask(1)
		if w.count() != before+1 {
			t.Error("an old token was not evicted")
		}
	})
}

func TestIdleTokensAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: always(reply(200, grant("t", `"expires_in":7200`)))}
		s := newSource(t, w)
		ask := func(audience string) {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); err != nil {
				t.Fatal(err)
			}
		}
		ask("a")
		time.Sleep(11 * time.Minute)
		ask("b")
		synctest.Wait() // idle tokens are evicted in the background
		ask("a")
		if w.count() != 3 {
			t.Errorf("got %d token requests, want 3", w.count())
		}
	})
}

// TestCloseEndsAllWaits relies on synctest: a bubble ends only without goroutines.
func TestCloseEndsAllWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		w.answer(slow(time.Hour, good))
		var waiters sync.WaitGroup
		for i := range 20 {
			waiters.Go(func() {
				if _, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i)}); !errors.Is(err, tokensource.ErrClosed) {
					t.Errorf("waiter: got %v, want ErrClosed", err)
				}
			})
		}
		synctest.Wait()
		begin := time.Now()
		if err := errors.Join(s.Close(), s.Close()); err != nil || time.Since(begin) != 0 {
			t.Errorf("Close: %v after %v", err, time.Since(begin))
		}
		waiters.Wait()
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrClosed) {
			t.Errorf("cached token: got %v, want ErrClosed", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Token(ended, tokensource.Request{Audience: "new"}); !errors.Is(err, tokensource.ErrClosed) {
			t.Errorf("cancelled: got %v, want ErrClosed", err)
		}
	})
}

func TestCloseWaitsForATransportThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: func(r *http.Request, form url.Values) (*http.Response, error) {
			time.Sleep(time.Second)
			return good(r, form)
		}}
		s := newSource(t, w)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, _ = s.Token(ctx, orders)
		begin := time.Now()
		s.Close()
		if got, want := time.Since(begin), 999*time.Millisecond; got != want {
			t.Errorf("Close returned after %v, want %v", got, want)
		}
	})
}

func TestCloseWhileInUse(t *testing.T) {
	for range 50 {
		w := &wire{}
		s := newSource(t, w)
		var users sync.WaitGroup
		for i := range 8 {
			users.Go(func() {
				for {
					_, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i % 3)})
					if errors.Is(err, tokensource.ErrClosed) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		s.Close()
		users.Wait()
	}
}

func TestCachedTokenAllocatesNothing(t *testing.T) {
	s := newSource(t, &wire{})
	r := tokensource.Request{Audience: "a", Scope: "x", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: issuer}
	got := testing.AllocsPerRun(100, func() {
		if _, err := s.Token(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
