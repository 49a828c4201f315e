package clientauth_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

func TestAssertionGrantNeedsNoOtherProof(t *testing.T) {
	cluster, idp := testutil.NewIssuer("https://kubernetes.example.com"), testutil.NewIssuer(issuer)
	idp.Trust(cluster)
	idp.Register(testutil.Client{ID: client, Audiences: []string{"order-status", "human-resource"}})
	path := file(t, cluster.Mint(testutil.Claims{"sub": client, "aud": issuer})+"\n")
	for name, auth := range map[string]tokensource.ClientAuth{
		"file": clientauth.AssertionGrantFile(path),
		"function": clientauth.AssertionGrant(func(context.Context) (tokensource.Token, error) {
			return tokensource.NewToken(cluster.Mint(testutil.Claims{"sub": client, "aud": issuer}), time.Time{}), nil
		}),
	} {
		w := through(idp)
		s := open(t, auth, w)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, form := w.last(); form.Has("client_id") || r.Header.Get("Authorization") != "" || form.Get("audience") != "order-status" {
			t.Errorf("%s: got form %v, want the assertion and the audience alone", name, form)
		}
		_, err := s.Token(t.Context(), tokensource.Request{Audience: "human-resource", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: issuer})
		if !errors.Is(err, tokensource.ErrRefused) || w.count() != 1 {
			t.Errorf("%s: with a subject: got %v after %d requests, want ErrRefused, and one", name, err, w.count())
		}
	}
	write(t, path, cluster.Mint(testutil.Claims{"sub": client, "aud": []string{issuer, "https://other.example.com"}}))
	if _, err := open(t, clientauth.AssertionGrantFile(path), idp.Transport()).Token(t.Context(), orders); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("an assertion for two: got %v, want ErrRefused", err)
	}
}

func TestFailuresOfTheAssertionFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, row := range map[string]struct {
			token tokensource.Token
			err   error
			want  error
		}{
			"outage":  {err: io.ErrUnexpectedEOF, want: tokensource.ErrUnavailable},
			"refusal": {err: tokensource.ErrRefused, want: tokensource.ErrRefused},
			"none":    {want: tokensource.ErrUnavailable},
			"expired": {token: tokensource.NewToken("t", time.Now()), want: tokensource.ErrUnavailable},
		} {
			w := &wire{}
			auth := clientauth.AssertionGrant(func(context.Context) (tokensource.Token, error) { return row.token, row.err })
			_, err := open(t, auth, w).Token(t.Context(), orders)
			if unavailable := row.want == tokensource.ErrUnavailable; !errors.Is(err, row.want) || errors.Is(err, tokensource.ErrUnavailable) != unavailable || row.err != nil && !errors.Is(err, row.err) || w.count() != 0 {
				t.Errorf("%s: got %v after %d requests, want %v, none", name, err, w.count(), row.want)
			}
		}
	})
}
