package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/tokensource"
)

func newFunc(t *testing.T, f tokensource.Func, opts ...tokensource.Option) *tokensource.Cache {
	t.Helper()
	s, err := tokensource.NewFunc(f, append(opts, silent)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestNewFuncCachesWhatAFuncReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		var f tokensource.Source = tokensource.Func(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
			calls.Add(1)
			return tokensource.NewToken("token-for-"+r.Audience+r.Subject.Reveal(), time.Now().Add(time.Hour)), nil
		})
		s := newFunc(t, f.Token)
		alice := tokensource.Request{Audience: "order-status", Subject: tokensource.NewToken("-alice", time.Time{}), SubjectIssuer: "https://any.example"}
		for range 5 {
			if got := must(t, s, orders).Reveal(); got != "token-for-order-status" {
				t.Errorf("got %q", got)
			}
			if got := must(t, s, alice).Reveal(); got != "token-for-order-status-alice" {
				t.Errorf("got %q", got)
			}
		}
		if calls.Load() != 2 {
			t.Errorf("got %d calls, want 2", calls.Load())
		}
		alice.SubjectIssuer = "https://other.example" // the same text from there is another token
		if must(t, s, alice); calls.Load() != 3 {
			t.Errorf("got %d calls, want 3", calls.Load())
		}
		must(t, f, orders)
		if calls.Load() != 4 {
			t.Error("a Func caches tokens")
		}
	})
}

func TestResultsOfAFunc(t *testing.T) {
	own := errors.New("vault is sealed")
	for name, row := range map[string]struct {
		token tokensource.Token
		err   error
		want  []error
	}{
		"another audience": {tokensource.NewToken(jwt(`{"aud":"b"}`), time.Time{}), nil, []error{tokensource.ErrMismatch}},
		"zero":             {tokensource.Token{}, nil, []error{tokensource.ErrUnavailable}},
		"expired":          {tokensource.NewToken("t", time.Now().Add(-time.Minute)), nil, []error{tokensource.ErrUnavailable}},
		"CRLF":             {tokensource.NewToken("t\r\nx: y", time.Time{}), nil, []error{tokensource.ErrUnavailable}},
		"its own error":    {tokensource.Token{}, own, []error{tokensource.ErrUnavailable, own}},
		"a refusal":        {tokensource.Token{}, &tokensource.TokenError{Status: 400}, []error{tokensource.ErrRefused}},
		"a mismatch":       {tokensource.Token{}, &tokensource.MismatchError{Want: "a"}, []error{tokensource.ErrMismatch}},
	} {
		s := newFunc(t, func(context.Context, tokensource.Request) (tokensource.Token, error) { return row.token, row.err })
		token, err := s.Token(t.Context(), orders)
		for _, want := range row.want {
			if !errors.Is(err, want) || !token.IsZero() {
				t.Errorf("%s: got %q, %v, want %v", name, token.Reveal(), err, want)
			}
		}
		if row.want[0] != tokensource.ErrUnavailable && errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("%s: got %v, which is an outage as well", name, err)
		}
	}
}

func TestFuncRefusals(t *testing.T) {
	if _, err := tokensource.NewFunc(nil); err == nil {
		t.Error("nil function: got no error")
	}
	f := func(context.Context, tokensource.Request) (tokensource.Token, error) {
		t.Error("was asked")
		return tokensource.Token{}, nil
	}
	if _, err := tokensource.NewFunc(f, tokensource.Bound(0)); err == nil {
		t.Error("bound 0: got no error")
	}
	s := newFunc(t, f)
	for _, r := range []tokensource.Request{
		{},
		{Audience: "a", Actor: tokensource.NewToken("actor", time.Time{})},
		{Audience: "a", Subject: tokensource.NewToken("subject", time.Time{})},
		{Audience: "a", Subject: tokensource.NewToken("subject", time.Now()), SubjectIssuer: issuer},
	} {
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("%+v: got %v, want ErrRefused", r, err)
		}
	}
}

// TestSixteenCallsRunAtATime shows that a function is called 16 times at once at most, and
// that further requests wait.
func TestSixteenCallsRunAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards now and most
		var now, most int
		add := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			now += n
			most = max(most, now)
		}
		s := newFunc(t, func(context.Context, tokensource.Request) (tokensource.Token, error) {
			add(1)
			time.Sleep(time.Second)
			add(-1)
			return tokensource.NewToken("t", time.Time{}), nil
		})
		audiences := make([]string, 40)
		for i := range audiences {
			audiences[i] = fmt.Sprint(i)
		}
		begin := time.Now()
		if err := s.Warm(t.Context(), audiences...); err != nil {
			t.Error(err)
		}
		if time.Since(begin) != 3*time.Second || most != 16 {
			t.Errorf("40 tokens took %v, up to %d at a time, want 3s and 16", time.Since(begin), most)
		}
	})
}

// TestSourceThatPanicsEndsNoProcess shows that a panic of a source which is not of this
// package is an error of the call, without what it panics with.
func TestSourceThatPanicsEndsNoProcess(t *testing.T) {
	const secret = "eyJhbGciOi"
	for name, newCache := range map[string]func() (*tokensource.Cache, error){
		"a function": func() (*tokensource.Cache, error) {
			return tokensource.NewFunc(func(context.Context, tokensource.Request) (tokensource.Token, error) { panic(secret) }, silent)
		},
		"x/oauth2": func() (*tokensource.Cache, error) {
			return tokensource.FromOAuth2(oauth2Func(func() (*oauth2.Token, error) { panic(errors.New(secret)) }), silent)
		},
	} {
		s, err := newCache()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for range 2 {
			if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrRefused) || !strings.Contains(err.Error(), "panicked") || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v, want the panic without its text", name, err)
			}
		}
	}
}
