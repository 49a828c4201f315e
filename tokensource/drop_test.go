package tokensource_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// numbered answers each request with another token.
func numbered() answer {
	var n atomic.Int32
	return func(r *http.Request, _ url.Values) (*http.Response, error) {
		return reply(200, grant(fmt.Sprintf("token-%d", n.Add(1)), `"expires_in":3600`))(r)
	}
}

func TestDroppedTokenIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: numbered()}
		s := newSource(t, w)
		first := must(t, s, orders)
		time.Sleep(time.Minute)
		s.Drop(orders, first)
		begin := time.Now()
		second := must(t, s, orders)
		if second.Reveal() != "token-2" || time.Since(begin) != 0 {
			t.Errorf("after Drop: got %q after %v, want token-2 at once", second.Reveal(), time.Since(begin))
		}
		s.Drop(orders, first) // has been dropped already
		s.Drop(orders, tokensource.Token{})
		s.Drop(tokensource.Request{Audience: "other"}, second)
		s.Drop(tokensource.Request{Audience: "order-status", Scope: "x"}, second)
		if got := must(t, s, orders); got.Reveal() != "token-2" || w.count() != 2 {
			t.Errorf("got %q after %d requests, want token-2 after 2", got.Reveal(), w.count())
		}
		s.Drop(orders, tokensource.NewToken("token-2", time.Time{}))
		begin = time.Now()
		if got := must(t, s, orders); got.Reveal() != "token-3" || time.Since(begin) != time.Second {
			t.Errorf("dropped on arrival: got %q after %v, want token-3 after 1s", got.Reveal(), time.Since(begin))
		}
	})
}

// TestDropsCauseNoFlood shows that a server which refuses every token causes one
// request a second, and fewer and fewer if the issuer gives the same token again.
func TestDropsCauseNoFlood(t *testing.T) {
	for name, row := range map[string]struct {
		token answer
		most  int
	}{
		"other tokens":   {numbered(), 602},
		"the same token": {good, 18},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{token: row.token}
				s := newSource(t, w)
				for begin := time.Now(); time.Since(begin) < 10*time.Minute; time.Sleep(20 * time.Millisecond) {
					s.Drop(orders, must(t, s, orders))
				}
				if got := w.count(); got > row.most || got < row.most/2 {
					t.Errorf("got %d token requests in 10 min, want about %d", got, row.most)
				}
			})
		})
	}
}

// TestDropDuringOutage shows that the dropped token is not used, and the failure is
// returned at once.
func TestDropDuringOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		token := must(t, s, orders)
		w.answer(always(reply(503, "", "Retry-After", "60")))
		time.Sleep(255 * time.Second)
		must(t, s, orders) // starts a refresh, which fails
		synctest.Wait()
		s.Drop(orders, token)
		for range 10 {
			if token, err := s.Token(t.Context(), orders); err == nil {
				t.Errorf("got %v, want the failure", token)
			}
			time.Sleep(5 * time.Second)
		}
		if w.count() != 2 {
			t.Errorf("got %d token requests, want 2", w.count())
		}
	})
}

func TestDropDuringRefreshCausesNoSecondRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		token := must(t, s, orders)
		w.answer(slow(time.Second, numbered()))
		time.Sleep(255 * time.Second)
		must(t, s, orders)
		synctest.Wait()
		s.Drop(orders, token)
		var waiters sync.WaitGroup
		for range 10 {
			waiters.Go(func() {
				if got := must(t, s, orders); got.Reveal() != "token-1" {
					t.Errorf("got %q, want token-1", got.Reveal())
				}
			})
		}
		waiters.Wait()
		if w.count() != 2 {
			t.Errorf("got %d token requests, want 2", w.count())
		}
	})
}

func must(t testing.TB, tokens tokensource.Source, r tokensource.Request) tokensource.Token {
	t.Helper()
	token, err := tokens.Token(t.Context(), r)
	if err != nil {
		t.Errorf("%+v: %v", r, err)
	}
	return token
}
