package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// requirement is one thing that every Source must do.
type requirement struct {
	name  string
	check func(ctx context.Context, tokens tokensource.Source, audiences []string) error
}

var requirements = []requirement{
	{"a token has the requested audience", checkAudience},
	{"two audiences have two tokens", checkDistinct},
	{"a request without an audience is refused", refused(tokensource.Request{})},
	{"a request with an actor and without a subject is refused", checkActor},
	{"a request with a subject and without its issuer is refused", checkSubjectIssuer},
	{"a subject gets a token of its own or none", checkSubject},
	{"a wait ends with its context", checkCancelled},
	{"a caller that leaves does not disturb the others", checkLeaving},
	{"tokens can be requested concurrently", checkConcurrent},
	{"tokens cannot be printed", checkPrinted},
}

// checkAudience passes the tokens through a cache, which checks their form, their
// expiry, and the audience of a JWT.
func checkAudience(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	cache, err := tokensource.NewFunc(tokens.Token, tokensource.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer cache.Close()
	return cache.Warm(ctx, audiences...)
}

func checkDistinct(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	first := map[string]string{} // audience, by token
	for _, audience := range audiences {
		token, err := tokens.Token(ctx, tokensource.Request{Audience: audience})
		if err != nil {
			return err
		}
		if other, ok := first[token.Reveal()]; ok {
			return fmt.Errorf("got one token for %q and for %q, want two", other, audience)
		}
		first[token.Reveal()] = audience
	}
	return nil
}

// refused returns a check that r is refused.
func refused(r tokensource.Request) func(context.Context, tokensource.Source, []string) error {
	return func(ctx context.Context, tokens tokensource.Source, _ []string) error {
		token, err := tokens.Token(ctx, r)
		if !errors.Is(err, tokensource.ErrRefused) || !token.IsZero() {
			return fmt.Errorf("%+v: got a token: %v, error %v; want the zero Token and ErrRefused", r, !token.IsZero(), err)
		}
		return nil
	}
}

func checkActor(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	actor := tokensource.NewToken("actor-of-sourcetest", time.Time{})
	return refused(tokensource.Request{Audience: audiences[0], Actor: actor})(ctx, tokens, audiences)
}

func checkSubjectIssuer(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	subject := tokensource.NewToken("subject-of-sourcetest", time.Time{})
	return refused(tokensource.Request{Audience: audiences[0], Subject: subject})(ctx, tokens, audiences)
}

func checkSubject(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	own, err := tokens.Token(ctx, tokensource.Request{Audience: audiences[0]})
	if err != nil {
		return err
	}
	subject := tokensource.NewToken("subject-of-sourcetest", time.Time{})
	token, err := tokens.Token(ctx, tokensource.Request{Audience: audiences[0], Subject: subject, SubjectIssuer: "https://idp.sourcetest.example"})
	switch {
	case err != nil && !token.IsZero():
		return fmt.Errorf("got a token beside the error %w", err)
	case err != nil && strings.Contains(err.Error(), subject.Reveal()):
		return errors.New("the error holds the subject's token")
	case err == nil && token.Reveal() == subject.Reveal():
		return errors.New("got the subject's own token")
	case err == nil && token.Reveal() == own.Reveal():
		return errors.New("got the client's own token for a subject")
	}
	return nil
}

func checkCancelled(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	done := make(chan error, 1)
	go func() {
		token, err := tokens.Token(cancelled, tokensource.Request{Audience: audiences[0]})
		if err != nil && (!errors.Is(err, context.Canceled) || !token.IsZero()) {
			err = fmt.Errorf("got %w, want a token, or the zero Token and context.Canceled", err)
		} else {
			err = nil
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("the call still waits after its context has ended")
	}
}

func checkLeaving(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	leaving, leave := context.WithCancel(ctx)
	go func() { _, _ = tokens.Token(leaving, tokensource.Request{Audience: audiences[0]}) }()
	go leave()
	return all(20, func(int) error {
		_, err := tokens.Token(ctx, tokensource.Request{Audience: audiences[0]})
		return err
	})
}

func checkConcurrent(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	var whose sync.Map // audience, by token
	return all(50*len(audiences), func(i int) error {
		audience := audiences[i%len(audiences)]
		token, err := tokens.Token(ctx, tokensource.Request{Audience: audience})
		if err != nil {
			return err
		}
		if other, _ := whose.LoadOrStore(token.Reveal(), audience); other != audience {
			return fmt.Errorf("got one token for %q and for %q, want two", other, audience)
		}
		return nil
	})
}

func checkPrinted(ctx context.Context, tokens tokensource.Source, audiences []string) error {
	token, err := tokens.Token(ctx, tokensource.Request{Audience: audiences[0]})
	if err != nil {
		return err
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if strings.Contains(fmt.Sprintf(verb, tokens), token.Reveal()) {
			return fmt.Errorf("%s shows the token", verb)
		}
	}
	return nil
}

// all runs f n times concurrently and joins the errors.
func all(n int, f func(int) error) error {
	errs := make([]error, n)
	var work sync.WaitGroup
	for i := range n {
		work.Go(func() { errs[i] = f(i) })
	}
	work.Wait()
	return errors.Join(errs...)
}
