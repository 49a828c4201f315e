package tokensource_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// typed answers with a token of a type.
func typed(kind string) string {
	return `{"access_token":"t","expires_in":300,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"` + kind + `"}`
}

// TestUnknownTokenTypeIsFinal shows that an answer with another type than Bearer is no
// outage: the error says what to do, unless nothing can be done here.
func TestUnknownTokenTypeIsFinal(t *testing.T) {
	for kind, want := range map[string]string{
		"BearerToken": "set token_type of the issuer to it",
		"bearertoken": "set token_type of the issuer to it",
		"JWT":         "set token_type of the issuer to it",
		"DPoP":        "switch DPoP off",
		"dpop":        "switch DPoP off",
		"PoP":         "switch proof of possession off",
		"mac":         "have the issuer give bearer tokens",
		"N_A":         "no access token",
		"":            "does not say how",
		"Bearer x":    "does not say how",
		" Bearer":     "does not say how",
	} {
		w := &wire{token: always(reply(200, typed(kind)))}
		_, err := newSource(t, w).Token(t.Context(), orders)
		if !errors.Is(err, tokensource.ErrRefused) || errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want ErrRefused with %q", kind, err, want)
		}
	}
}

// TestTokenTypeAcceptsOneNameExactly shows that the exception is for the very name,
// in the client's own requests and in exchanges.
func TestTokenTypeAcceptsOneNameExactly(t *testing.T) {
	exchange := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer}
	for kind, good := range map[string]bool{
		"BearerToken": true, "Bearer": true, "bearer": true,
		"bearertoken": false, "BearerToken2": false, "Bearer_Token": false, "DPoP": false, "N_A": false, "": false,
	} {
		for _, r := range []tokensource.Request{orders, exchange} {
			w := &wire{token: always(reply(200, typed(kind)))}
			_, err := newSource(t, w, tokensource.TokenType("BearerToken")).Token(t.Context(), r)
			if (err == nil) != good || !good && !errors.Is(err, tokensource.ErrRefused) {
				t.Errorf("%q: got %v, want good = %v", kind, err, good)
			}
		}
	}
	w := &wire{token: always(reply(200, strings.Replace(typed("BearerToken"), "access_token\",\"token", "refresh_token\",\"token", 1)))}
	if _, err := newSource(t, w, tokensource.TokenType("BearerToken")).Token(t.Context(), exchange); err == nil || !strings.Contains(err.Error(), "issued_token_type") {
		t.Errorf("a refresh token under the accepted type: got %v, want an error about issued_token_type", err)
	}
}

// TestTokenTypeRefused shows that no option accepts a token that cannot be presented.
func TestTokenTypeRefused(t *testing.T) {
	for _, name := range []string{"", "Bearer", "BEARER", "DPoP", "dpop", "PoP", "MAC", "mac", "N_A", "n_a", "a b", "*", "urn:x"} {
		_, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.TokenType(name))
		if err == nil || !strings.Contains(err.Error(), "token type") {
			t.Errorf("TokenType(%q): got %v, want an error", name, err)
		}
	}
}
