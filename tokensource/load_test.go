package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestConcurrentCallersOfManyAudiences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(100*time.Millisecond, good)}
		s := newSource(t, w)
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				for i := range 100 {
					r := tokensource.Request{Audience: fmt.Sprint("service-", i)}
					if token := must(t, s, r); token.Reveal() != "opaque-"+r.Audience {
						t.Errorf("%s: got %q", r.Audience, token.Reveal())
					}
				}
			})
		}
		callers.Wait()
		if w.count() != 100 || w.found != 1 {
			t.Errorf("got %d token requests and %d of discovery, want 100 and 1", w.count(), w.found)
		}
	})
}

// TestRefreshUnderLoadMakesNoCallerWait shows that tokens in constant use are replaced
// without a wait, though the issuer takes seconds.
func TestRefreshUnderLoadMakesNoCallerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const audiences, life = 20, 300 * time.Second
		w := &wire{}
		s := newSource(t, w)
		request := func(i int) tokensource.Request { return tokensource.Request{Audience: fmt.Sprint(i)} }
		for i := range audiences {
			must(t, s, request(i))
		}
		w.answer(slow(5*time.Second, good))
		var load sync.WaitGroup
		for i := range audiences {
			load.Go(func() {
				for begin := time.Now(); time.Since(begin) < 3*life; time.Sleep(50 * time.Millisecond) {
					asked := time.Now()
					token := must(t, s, request(i))
					if waited, left := time.Since(asked), time.Until(token.Expiry()); waited != 0 || left < 30*time.Second {
						t.Errorf("after %v: waited %v for a token with %v left", asked.Sub(begin), waited, left)
						return
					}
				}
			})
		}
		load.Wait()
		if got := w.count(); got < 4*audiences || got > 5*audiences {
			t.Errorf("got %d token requests for %d tokens in three lifetimes", got, audiences)
		}
	})
}

func TestManySubjectsDoNotEvictTheClientsOwnToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w, tokensource.Bound(1000))
		for i := range 10_000 {
			must(t, s, orders)
			must(t, s, tokensource.Request{Audience: "order-status", Subject: tokensource.NewToken(fmt.Sprint("user-", i), time.Time{}), SubjectIssuer: issuer})
		}
		stats := s.Stats()
		if len(stats) > 1000 || stats[0].Exchanged {
			t.Errorf("got %d tokens, want at most 1000, the client's own first", len(stats))
		}
		if w.count() != 10_001 {
			t.Errorf("got %d token requests, want one for each subject and one for the client", w.count())
		}
	})
}

// TestIdleTokensAreEvictedWithTime shows that it needs no new token for that.
func TestIdleTokensAreEvictedWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, &wire{})
		for _, audience := range []string{"a", "b", "order-status"} {
			must(t, s, tokensource.Request{Audience: audience})
		}
		for begin := time.Now(); time.Since(begin) < 20*time.Minute; time.Sleep(time.Second) {
			must(t, s, orders)
		}
		if stats := s.Stats(); len(stats) != 1 || stats[0].Audience != "order-status" {
			t.Errorf("got %+v, want the one that is in use", stats)
		}
	})
}

// TestCacheLeavesNoGoroutine relies on synctest: a bubble ends only without goroutines.
func TestCacheLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 1000 {
			must(t, newSource(t, &wire{}), orders) // closed at the end of the test
			s := newSource(t, &wire{})
			must(t, s, orders)
			s.Close()
		}
	})
}

func TestCloseEndsDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), silent, tokensource.Transport(stuck))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := s.Token(context.Background(), orders)
			done <- err
		}()
		synctest.Wait()
		begin := time.Now()
		s.Close()
		if err := <-done; !errors.Is(err, tokensource.ErrClosed) || time.Since(begin) != 0 {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}
