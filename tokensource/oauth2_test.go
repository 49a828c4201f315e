package tokensource_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestOAuth2Adapter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSource(t, &wire{})
		ours := must(t, s, orders)
		theirs, err := tokensource.OAuth2(ctx, s, orders).Token()
		if err != nil || theirs.AccessToken != ours.Reveal() || theirs.TokenType != "Bearer" || !theirs.Expiry.Equal(ours.Expiry()) {
			t.Errorf("got %+v, %v, want the token of the source", theirs, err)
		}
		cancel()
		cold := tokensource.OAuth2(ctx, s, tokensource.Request{Audience: "cold"})
		if _, err := cold.Token(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended context: got %v", err)
		}
	})
}

type oauth2Func func() (*oauth2.Token, error)

func (f oauth2Func) Token() (*oauth2.Token, error) { return f() }

func fromOAuth2(t *testing.T, f oauth2Func) *tokensource.Cache {
	t.Helper()
	s, err := tokensource.FromOAuth2(f, silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestFromOAuth2(t *testing.T) {
	soon, refusal := time.Now().Add(time.Hour), &oauth2.RetrieveError{
		Response: &http.Response{StatusCode: 400}, Body: []byte("eyJ-secret"), ErrorCode: "invalid_client", ErrorDescription: "see eyJ-secret",
	}
	own := errors.New("no network")
	for name, row := range map[string]struct {
		token *oauth2.Token
		err   error
		want  []error
	}{
		"good":                         {&oauth2.Token{AccessToken: jwt(`{"aud":"order-status"}`), TokenType: "bearer", Expiry: soon}, nil, nil},
		"without an end":               {&oauth2.Token{AccessToken: "opaque", TokenType: "Bearer"}, nil, nil},
		"another audience":             {&oauth2.Token{AccessToken: jwt(`{"aud":"b"}`), TokenType: "Bearer"}, nil, []error{tokensource.ErrMismatch}},
		"another type":                 {&oauth2.Token{AccessToken: "t", TokenType: "MAC"}, nil, []error{tokensource.ErrRefused}},
		"nothing":                      {nil, nil, []error{tokensource.ErrUnavailable}},
		"a refusal":                    {nil, refusal, []error{tokensource.ErrRefused}},
		"its own error":                {nil, own, []error{tokensource.ErrUnavailable, own}},
		"an empty refusal":             {nil, &oauth2.RetrieveError{}, []error{tokensource.ErrUnavailable}},
		"a refusal without a response": {nil, &oauth2.RetrieveError{ErrorCode: "invalid_grant", ErrorDescription: "see eyJ-secret"}, []error{tokensource.ErrRefused}},
	} {
		s := fromOAuth2(t, func() (*oauth2.Token, error) { return row.token, row.err })
		token, err := s.Token(t.Context(), orders)
		if (err == nil) != (row.want == nil) || token.IsZero() != (row.want != nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, %v", name, token.Reveal(), err)
		}
		for _, want := range row.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		}
	}
	if _, err := tokensource.FromOAuth2(nil); err == nil {
		t.Error("nil: got no error")
	}
	if _, err := tokensource.FromOAuth2(oauth2Func(nil), tokensource.Bound(0)); err == nil {
		t.Error("bound 0: got no error")
	}
	s := fromOAuth2(t, func() (*oauth2.Token, error) { return nil, own })
	r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: issuer}
	if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("subject: got %v, want ErrRefused", err)
	}
}

// TestHangingOAuth2SourceIsCalledOnce shows that it holds up neither callers nor Close.
func TestHangingOAuth2SourceIsCalledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		wake := make(chan struct{})
		s := fromOAuth2(t, func() (*oauth2.Token, error) {
			calls.Add(1)
			<-wake
			return &oauth2.Token{AccessToken: "t", TokenType: "Bearer"}, nil
		})
		for begin := time.Now(); time.Since(begin) < 5*time.Minute; time.Sleep(time.Second) {
			if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Fatalf("got %v, want ErrUnavailable", err)
			}
		}
		begin := time.Now()
		s.Close()
		if calls.Load() != 1 || time.Since(begin) != 0 {
			t.Errorf("got %d calls, and Close after %v", calls.Load(), time.Since(begin))
		}
		close(wake)
	})
}

func TestOAuth2SourceIsCalledForEachAudience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fromOAuth2(t, func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "t", TokenType: "Bearer"}, nil })
		begin := time.Now()
		for _, audience := range []string{"a", "b", "c"} {
			must(t, s, tokensource.Request{Audience: audience})
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("three tokens took %v, want no wait", d)
		}
	})
}
