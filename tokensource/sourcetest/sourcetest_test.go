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

func TestCacheIsASource(t *testing.T) {
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

func TestFuncIsASource(t *testing.T) {
	sourcetest.Run(t, func(*testing.T) tokensource.Source { return tokensource.Func(fine) }, "orders", "invoices", "hr")
}

// fine returns tokens for clients, and refuses subjects.
func fine(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	switch {
	case ctx.Err() != nil:
		return tokensource.Token{}, ctx.Err()
	case r.Audience == "", !r.Subject.IsZero(), !r.Actor.IsZero():
		return tokensource.Token{}, fmt.Errorf("%w: not here", tokensource.ErrRefused)
	}
	return tokensource.NewToken("token-for-"+r.Audience, time.Time{}), nil
}

// leaky stores its tokens where they can be printed.
type leaky map[string]string

func (l leaky) Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	token, err := fine(ctx, r)
	l[r.Audience] = token.Reveal()
	return token, err
}

// firstFails returns the first caller's error to all callers.
type firstFails struct {
	sync.Once
	err error
}

func (o *firstFails) Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	if o.Do(func() { o.err = context.Canceled }); o.err != nil {
		return tokensource.Token{}, o.err
	}
	return fine(ctx, r)
}

// TestEachRequirementFindsItsMistake has at least one faulty source for each.
func TestEachRequirementFindsItsMistake(t *testing.T) {
	faultySource := func(f func(context.Context, tokensource.Request) (tokensource.Token, error)) tokensource.Source {
		return tokensource.Func(f)
	}
	one := tokensource.NewToken("one", time.Time{})
	faulty := map[string][]tokensource.Source{
		"a token has the requested audience": {
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.NewToken("e30.eyJhdWQiOiJvdGhlciJ9.c2ln", time.Time{}), nil
			}),
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.NewToken("t\r\n", time.Time{}), nil
			}),
		},
		"two audiences have two tokens": {faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"a request without an audience is refused": {
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil }),
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return one, tokensource.ErrRefused
			}),
		},
		"a request with an actor and without a subject is refused": {faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"a request with a subject and without its issuer is refused": {faultySource(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
			return tokensource.NewToken("exchanged-for-"+r.Audience, time.Time{}), nil
		})},
		"a subject gets a token of its own or none": {
			faultySource(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) { return r.Subject, nil }),
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil }),
			faultySource(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
				if r.Subject.IsZero() {
					return one, nil
				}
				return tokensource.Token{}, errors.New("cannot exchange " + r.Subject.Reveal())
			}),
			faultySource(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
				if r.Subject.IsZero() {
					return one, nil
				}
				return one, tokensource.ErrUnavailable
			}),
		},
		"a wait ends with its context": {
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				return tokensource.Token{}, tokensource.ErrUnavailable
			}),
			faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) {
				time.Sleep(time.Hour)
				return one, nil
			}),
		},
		"a caller that leaves does not disturb the others": {&firstFails{}},
		"tokens can be requested concurrently":             {faultySource(func(context.Context, tokensource.Request) (tokensource.Token, error) { return one, nil })},
		"tokens cannot be printed":                         {leaky{}},
	}
	if len(faulty) != sourcetest.Requirements {
		t.Errorf("got faulty sources for %d requirements, want %d", len(faulty), sourcetest.Requirements)
	}
	for name, all := range faulty {
		for i, tokens := range all {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := sourcetest.Check(ctx, name, tokens, "orders", "invoices"); err == nil {
					t.Errorf("%s: faulty source %d passes", name, i)
				}
				time.Sleep(2 * time.Hour) // so that the sources that sleep end
			})
		}
	}
}
