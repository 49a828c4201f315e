package tokensource_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// newIssuer returns an issuer and a cache of the back office's tokens.
func newIssuer(t *testing.T) (*testutil.Issuer, *tokensource.Cache) {
	idp := testutil.NewIssuer(issuer)
	idp.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{"order-status", "human-resource"}, Exchange: true})
	s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.Transport(idp.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return idp, s
}

func TestTokensAndRefusalsOfAnIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp, s := newIssuer(t)
		user := tokensource.NewToken(idp.User("customer-portal", "alice", client), time.Time{})
		for _, r := range []tokensource.Request{
			{Audience: "order-status"},
			{Audience: "human-resource"},
			{Audience: "human-resource", Subject: user, SubjectIssuer: issuer},
		} {
			for range 2 {
				if token, err := s.Token(t.Context(), r); err != nil || !token.Valid() {
					t.Errorf("%+v: got %v, valid %v", r, err, token.Valid())
				}
			}
		}
		if got := idp.Requests(testutil.Token); got != 3 {
			t.Errorf("got %d token requests, want 3", got)
		}
		var refused *tokensource.TokenError
		_, err := s.Token(t.Context(), tokensource.Request{Audience: "payroll"})
		if !errors.As(err, &refused) || refused.Code != "invalid_target" || refused.Status != 400 {
			t.Errorf("got %v, want invalid_target", err)
		}
		alien := tokensource.NewToken(idp.User("customer-portal", "alice", "order-status"), time.Time{})
		_, err = s.Token(t.Context(), tokensource.Request{Audience: "human-resource", Subject: alien, SubjectIssuer: issuer})
		if !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("subject for someone else: got %v, want ErrRefused", err)
		}
	})
}

// TestFailedExchangeReturnsNoToken shows that the caller gets neither the subject's
// token nor the client's.
func TestFailedExchangeReturnsNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp, s := newIssuer(t)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		r := tokensource.Request{Audience: "order-status", Subject: tokensource.NewToken(idp.User("customer-portal", "alice", client), time.Time{}), SubjectIssuer: issuer}
		idp.Down()
		if token, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrUnavailable) || !token.IsZero() {
			t.Errorf("down: got %v, a token %v", err, !token.IsZero())
		}
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Errorf("the client's own token: %v", err)
		}
		idp.Up()
		time.Sleep(2 * time.Second)
		if _, err := s.Token(t.Context(), r); err != nil {
			t.Errorf("up: %v", err)
		}
	})
}

func TestCacheStartsWhileItsIssuerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp, s := newIssuer(t)
		idp.Down()
		for range 100 {
			if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Fatalf("got %v, want ErrUnavailable", err)
			}
		}
		if got := idp.Requests(testutil.Discovery); got != 1 {
			t.Errorf("got %d requests of discovery, want 1", got)
		}
		idp.Up()
		time.Sleep(3 * time.Second)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Errorf("up: %v", err)
		}
	})
}

// TestIssuerFaults shows that with any fault there is no token, no caller waits for
// more than 10 s, and everything works once the fault is gone.
func TestIssuerFaults(t *testing.T) {
	idp, _ := newIssuer(t)
	member := func(name string, value any) http.Handler {
		return idp.Alter(testutil.Token, func(answer map[string]any) { answer[name] = value })
	}
	for name, fault := range map[string]http.Handler{
		"MAC":               member("token_type", "MAC"),
		"missing":           member("token_type", nil),
		"HTML":              testutil.RespondBody("text/html", "<html>login</html>"),
		"error":             member("error", "invalid_target"),
		"2 MiB":             member("padding", strings.Repeat("x", 2<<20)),
		"CRLF":              member("access_token", "t\r\nx: y"),
		"empty":             member("access_token", ""),
		"truncated JSON":    idp.Truncate(testutil.Token, 40),
		"429":               testutil.RespondStatus(429),
		"429 seconds":       testutil.RespondStatus(429, "Retry-After", "5"),
		"429 date":          testutil.RespondStatus(429, "Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"),
		"503 absurd":        testutil.RespondStatus(503, "Retry-After", "1000000000"),
		"503 garbage":       testutil.RespondStatus(503, "Retry-After", "soon"),
		"description":       testutil.RespondBody("application/json", `{"error":"invalid_client","error_description":"\u000d\u000aeyJh"}`),
		"for somebody else": member("access_token", idp.Mint(testutil.Claims{"aud": "human-resource"})),
		"redirect":          testutil.RespondRedirect("https://evil.example/token"),
		"hangs":             testutil.RespondNever(),
		"drips":             testutil.RespondSlowly(`{"access_token":"t","token_type":"Bearer"}`, time.Second),
	} {
		synctest.Test(t, func(t *testing.T) {
			idp, s := newIssuer(t)
			idp.Fault(testutil.Token, fault)
			begin := time.Now()
			for range 20 {
				token, err := s.Token(t.Context(), orders)
				if err == nil || !token.IsZero() || strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "eyJ") {
					t.Errorf("%s: got %q, %v", name, token.Reveal(), err)
				}
			}
			if got := idp.Requests(testutil.Token); got != 1 || time.Since(begin) > 10*time.Second {
				t.Errorf("%s: got %d requests in %v", name, got, time.Since(begin))
			}
			idp.Fault(testutil.Token, nil)
			time.Sleep(2 * time.Minute)
			must(t, s, orders)
		})
	}
}
