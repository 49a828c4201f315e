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

func TestColdHerdOfManyAudiences(t *testing.T) { // L13, L15
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(100*time.Millisecond, good)}
		s := newSource(t, w)
		var herd sync.WaitGroup
		for range 1000 {
			herd.Go(func() {
				for i := range 100 {
					r := tokensource.Request{Audience: fmt.Sprint("service-", i)}
					if token := must(t, s, r); token.Reveal() != "opaque-"+r.Audience {
						t.Errorf("%s: got %q", r.Audience, token.Reveal())
					}
				}
			})
		}
		herd.Wait()
		if w.count() != 100 || w.found != 1 {
			t.Errorf("got %d token requests and %d of discovery, want 100 and 1", w.count(), w.found)
		}
	})
}

// While tokens are used all the time, no call ever waits for a renewal, though the
// issuer takes seconds.
func TestExpiryUnderLoad(t *testing.T) { // L14
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
			t.Errorf("got %d token requests for %d tokens in three lives", got, audiences)
		}
	})
}

// However many users there are, memory is bounded, and the client's own token, which
// is always in use, stays.
func TestManySubjects(t *testing.T) { // L15
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w, tokensource.Bound(1000))
		for i := range 10_000 {
			must(t, s, orders)
			must(t, s, tokensource.Request{Audience: "order-status", Subject: tokensource.NewToken(fmt.Sprint("user-", i), time.Time{})})
		}
		rows := s.Stats()
		if len(rows) > 1000 || rows[0].Exchanged {
			t.Errorf("got %d rows, want at most 1000, the client's own first", len(rows))
		}
		if w.count() != 10_001 {
			t.Errorf("got %d token requests, want one for each subject and one for the client", w.count())
		}
	})
}

// Tokens that nobody asks for go, though no others come.
func TestIdleTokensGoWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, &wire{})
		for _, audience := range []string{"a", "b", "order-status"} {
			must(t, s, tokensource.Request{Audience: audience})
		}
		for begin := time.Now(); time.Since(begin) < 20*time.Minute; time.Sleep(time.Second) {
			must(t, s, orders)
		}
		if rows := s.Stats(); len(rows) != 1 || rows[0].Audience != "order-status" {
			t.Errorf("got %+v, want the one that is in use", rows)
		}
	})
}

// A source has no goroutine unless it fetches, and leaves none behind: the bubble
// ends only if there is none.
func TestNoGoroutineStays(t *testing.T) { // L21
	synctest.Test(t, func(t *testing.T) {
		for range 1000 {
			must(t, newSource(t, &wire{}), orders) // closed at the end of the test
			s := newSource(t, &wire{})
			must(t, s, orders)
			s.Close()
		}
	})
}

func TestCloseDuringDiscovery(t *testing.T) { // L26
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
