package sourcetest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/sourcetest"
)

const issuer = "https://idp.example.com/realms/corp"

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) tokensource.Source {
		idp := testutil.NewIssuer(issuer)
		idp.Register(testutil.Client{ID: "portal", Secret: "secret", Audiences: []string{"orders", "invoices"}, Exchange: true})
		s, err := tokensource.New(issuer, tokensource.ClientCredentials("portal", "secret"),
			tokensource.Transport(idp.Transport()), tokensource.Logger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}, "orders", "invoices")
}

func TestFunc(t *testing.T) {
	sourcetest.Run(t, func(*testing.T) tokensource.Source { return tokensource.Func(fine) }, "orders", "invoices", "hr")
}

// fine gives tokens to clients, and none to subjects.
func fine(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	switch {
	case ctx.Err() != nil:
		return tokensource.Token{}, ctx.Err()
	case r.Audience == "", !r.Subject.IsZero(), !r.Actor.IsZero():
		return tokensource.Token{}, fmt.Errorf("%w: not here", tokensource.ErrRefused)
	}
	return tokensource.NewToken("token-for-"+r.Audience, time.Time{}), nil
}

// leaky keeps its tokens where they can be printed.
type leaky map[string]string

func (l leaky) Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	token, err := fine(ctx, r)
	l[r.Audience] = token.Reveal()
	return token, err
}

// once is disturbed by the first caller's context.
type once struct {
	sync.Once
	err error
}

func (o *once) Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	if o.Do(func() { o.err = context.Canceled }); o.err != nil {
		return tokensource.Token{}, o.err
	}
	return fine(ctx, r)
}

// Each row finds what it is there for.
func TestRowsFind(t *testing.T) {
	broken := func(f func(context.Context, tokensource.Request) (tokensource.Token, error)) tokensource.Source {
		return tokensource.Func(f)
	}
	one := tokensource.NewToken("one", time.Time{})
	rows := map[string][]tokensource.Source{
		"tokens are for whom they were asked for": {
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.NewToken("e30.eyJhdWQiOiJvdGhlciJ9.c2ln", time.Time{}), nil
			}),
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.NewToken("t\r\n", time.Time{}), nil
			}),
		},
		"tokens of two audiences are two": {broken(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"no token without an audience": {
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil }),
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return one, tokensource.ErrRefused
			}),
		},
		"no actor without a subject": {broken(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"a subject gets a token of its own, or none": {
			broken(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) { return r.Subject, nil }),
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil }),
			broken(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
				if r.Subject.IsZero() {
					return one, nil
				}
				return tokensource.Token{}, errors.New("cannot exchange " + r.Subject.Reveal())
			}),
			broken(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
				if r.Subject.IsZero() {
					return one, nil
				}
				return one, tokensource.ErrUnavailable
			}),
		},
		"a context that has ended ends the wait": {
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.Token{}, tokensource.ErrUnavailable
			}),
			broken(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				time.Sleep(time.Hour)
				return one, nil
			}),
		},
		"a caller that leaves disturbs no other": {&once{}},
		"tokens may be asked for at once":        {broken(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"tokens cannot be printed":               {leaky{}},
	}
	if len(rows) != sourcetest.Rows {
		t.Errorf("got broken ones for %d rows, want %d", len(rows), sourcetest.Rows)
	}
	for name, all := range rows {
		for i, tokens := range all {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := sourcetest.Check(ctx, name, tokens, "orders", "invoices"); err == nil {
					t.Errorf("%s: broken one %d passes", name, i)
				}
				time.Sleep(2 * time.Hour) // so that the patient ones end
			})
		}
	}
}
