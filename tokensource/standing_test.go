package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// ask returns the text of the token that a standing request gets.
func ask(t *testing.T, standing func(context.Context) (tokensource.Token, error)) string {
	t.Helper()
	token, err := standing(t.Context())
	if err != nil {
		t.Error(err)
	}
	return token.Reveal()
}

// A standing request and one that is made once share a token, its renewals, and its
// end.
func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: numbered()}
		s := newSource(t, w)
		standing := tokensource.For(s, orders)
		same := func(want string) {
			t.Helper()
			if got, other := ask(t, standing), must(t, s, orders).Reveal(); got != want || other != want {
				t.Errorf("got %q, and %q from Token; want %q", got, other, want)
			}
		}
		same("token-1")
		same("token-1")
		time.Sleep(2 * time.Hour)
		same("token-2")
		time.Sleep(time.Minute)
		s.Drop(orders, must(t, s, orders))
		same("token-3")
		s.Close()
		if _, err := standing(t.Context()); !errors.Is(err, tokensource.ErrClosed) {
			t.Errorf("closed: got %v, want ErrClosed", err)
		}
	})
}

// A standing request keeps its entry in use, and holds on to none that is evicted.
func TestForAndEviction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: numbered()}
		s := newSource(t, w, tokensource.Bound(8))
		standing := tokensource.For(s, orders)
		crowd := func(between func()) {
			for i := range 20 {
				must(t, s, tokensource.Request{Audience: fmt.Sprint(i)})
				between()
				time.Sleep(time.Second)
			}
		}
		first := ask(t, standing)
		crowd(func() { ask(t, standing) })
		if got := ask(t, standing); got != first {
			t.Errorf("in use all the time: got %q, want %q", got, first)
		}
		crowd(func() {})
		again := ask(t, standing)
		if again == first || again != must(t, s, orders).Reveal() || w.count() != 42 {
			t.Errorf("evicted: got %q after %d token requests, want another than %q after 42", again, w.count(), first)
		}
	})
}

func TestForWhileEvicted(t *testing.T) {
	s := newSource(t, &wire{}, tokensource.Bound(2))
	var users sync.WaitGroup
	for i := range 8 {
		r := tokensource.Request{Audience: fmt.Sprint("service-", i)}
		standing := tokensource.For(s, r)
		for range 2 {
			users.Go(func() {
				for range 100 {
					if got := ask(t, standing); got != "opaque-"+r.Audience {
						t.Errorf("%s: got %q", r.Audience, got)
					}
				}
			})
		}
	}
	users.Wait()
	if n := len(s.Stats()); n > 2 {
		t.Errorf("got %d entries, want at most 2", n)
	}
}

// What the caller does with its own request changes nothing.
func TestForIsOfItsOwn(t *testing.T) {
	w := &wire{}
	r := tokensource.Request{Audience: "order-status", Also: []string{"invoices"}}
	standing := tokensource.For(newSource(t, w), r)
	r.Also[0] = "human-resource"
	ask(t, standing)
	if _, form := w.last(); len(form["audience"]) != 2 || form["audience"][1] != "invoices" {
		t.Errorf("asked for %q", form["audience"])
	}
}

func TestForOfOthers(t *testing.T) {
	var got tokensource.Request
	standing := tokensource.For(tokensource.Func(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
		got = r
		return tokensource.NewToken("theirs", time.Time{}), nil
	}), orders)
	if text := ask(t, standing); text != "theirs" || got.Audience != orders.Audience {
		t.Errorf("got %q for %+v", text, got)
	}
	refused := tokensource.For(newSource(t, &wire{}), tokensource.Request{})
	for range 2 {
		if _, err := refused(t.Context()); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("no audience: got %v, want ErrRefused", err)
		}
	}
}

func TestForAllocatesNothing(t *testing.T) {
	standing := tokensource.For(newSource(t, &wire{}), orders)
	if n := testing.AllocsPerRun(100, func() { ask(t, standing) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}
