package clientauth_test

import (
	"crypto"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// TestAudienceOfAnAssertion shows whom an assertion is for: the preset says it, unless
// the program does. An assertion has one audience, and the type that goes with it.
func TestAudienceOfAnAssertion(t *testing.T) {
	const (
		endpoint = issuer + "/token"
		outside  = "https://login.example.com/oauth2/token"
		modern   = "client-authentication+jwt"
	)
	key := testutil.NewKey("ES256").Private().(crypto.Signer)
	audience := func(a string) []clientauth.KeyOption { return []clientauth.KeyOption{clientauth.Audience(a)} }
	for _, row := range []struct {
		preset    string
		opts      []clientauth.KeyOption
		want, typ string
	}{
		{"", nil, issuer, modern},
		{"keycloak", nil, issuer, modern},
		{"auth0", nil, issuer, modern},
		{"hydra", nil, endpoint, "JWT"},
		{"okta", nil, endpoint, "JWT"},
		{"entra", nil, endpoint, "JWT"},
		{"entra-v1", nil, endpoint, "JWT"},
		{"hydra", audience(clientauth.Issuer), issuer, modern},
		{"keycloak", audience(clientauth.TokenEndpoint), endpoint, "JWT"},
		{"hydra", audience(outside), outside, "JWT"},
	} {
		w := &wire{}
		s, err := tokensource.New(issuer, clientauth.PrivateKeyJWT(client, key, row.opts...), tokensource.Preset(row.preset), tokensource.Transport(w), silent)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Token(t.Context(), orders)
		s.Close()
		if err != nil {
			t.Fatalf("%q: %v", row.preset, err)
		}
		_, form := w.last()
		assertion := form.Get("client_assertion")
		if got := part(t, assertion, 1)["aud"]; got != row.want {
			t.Errorf("%q: aud is %v, want %s", row.preset, got, row.want)
		}
		if got := part(t, assertion, 0)["typ"]; got != row.typ {
			t.Errorf("%q: typ is %v, want %s", row.preset, got, row.typ)
		}
	}
}

// TestAudienceIsTheEndpointOfTheRequest shows that an assertion for one of several
// token endpoints is not for another.
func TestAudienceIsTheEndpointOfTheRequest(t *testing.T) {
	w := &wire{}
	auth := clientauth.PrivateKeyJWT(client, testutil.NewKey("ES256").Private().(crypto.Signer), clientauth.Audience(clientauth.TokenEndpoint))
	urls := map[string]string{"order-status": "https://a.example.com/token", "human-resource": "https://b.example.com/token"}
	s, err := tokensource.New(issuer, auth, tokensource.AskByTokenURL(urls), tokensource.Transport(w), silent)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, at := range urls {
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: name}); err != nil {
			t.Fatal(err)
		}
		r, form := w.last()
		if got := part(t, form.Get("client_assertion"), 1)["aud"]; got != at || r.URL.String() != at {
			t.Errorf("%s: aud is %v at %s, want %s", name, got, r.URL, at)
		}
	}
}

func TestAudienceRefused(t *testing.T) {
	key := testutil.NewKey("ES256").Private().(crypto.Signer)
	for _, audience := range []string{"", "endpoint", "http://idp.example.com/token", "https://", "https://user:password@idp.example.com", "idp.example.com"} {
		_, err := tokensource.New(issuer, clientauth.PrivateKeyJWT(client, key, clientauth.Audience(audience)), silent)
		if err == nil || !strings.Contains(err.Error(), "audience of the assertion") || strings.Contains(err.Error(), "password") {
			t.Errorf("Audience(%q): got %v, want an error", audience, err)
		}
	}
}
