package tokensource_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// newIssuer returns an issuer of the running example and the back office's source.
func newIssuer(t *testing.T) (*testutil.Issuer, *tokensource.Source) {
	idp := testutil.NewIssuer(issuer)
	idp.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{"order-status", "human-resource"}, Exchange: true})
	s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.Transport(idp.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return idp, s
}

func TestAgainstIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idp, s := newIssuer(t)
		user := tokensource.NewToken(idp.User("customer-portal", "alice", client), time.Time{})
		for _, r := range []tokensource.Request{
			{Audience: "order-status"},
			{Audience: "human-resource"},
			{Audience: "human-resource", Subject: user},
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
		var refused *tokensource.RefusedError
		_, err := s.Token(t.Context(), tokensource.Request{Audience: "payroll"})
		if !errors.As(err, &refused) || refused.Code != "invalid_target" || refused.Status != 400 {
			t.Errorf("got %v, want invalid_target", err)
		}
		alien := tokensource.NewToken(idp.User("customer-portal", "alice", "order-status"), time.Time{})
		_, err = s.Token(t.Context(), tokensource.Request{Audience: "human-resource", Subject: alien})
		if !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("subject for someone else: got %v, want ErrRefused", err)
		}
	})
}

// An exchange that fails gives no token: neither the subject's nor the client's.
func TestExchangeOutage(t *testing.T) { // L20
	synctest.Test(t, func(t *testing.T) {
		idp, s := newIssuer(t)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		r := tokensource.Request{Audience: "order-status", Subject: tokensource.NewToken(idp.User("customer-portal", "alice", client), time.Time{})}
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

// A source starts while its issuer is down, and recovers by itself.
func TestIssuerDownAtStart(t *testing.T) {
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
