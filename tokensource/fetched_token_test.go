package tokensource_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestTokenHasAllRequestedAudiences(t *testing.T) {
	for _, row := range []struct {
		name, token string
		also        []string
		sole        bool
		want        string // the missing audience; empty: the token is accepted
	}{
		{"both", jwt(`{"aud":["a","b"]}`), []string{"b"}, true, ""},
		{"both, in any order", jwt(`{"aud":["c","b","a"]}`), []string{"b", "c"}, true, ""},
		{"the second lacks", jwt(`{"aud":["a"]}`), []string{"b"}, false, "b"},
		{"the first lacks", jwt(`{"aud":["b"]}`), []string{"b"}, false, "a"},
		{"one too many", jwt(`{"aud":["a","account"]}`), nil, false, ""},
		{"one too many, sole", jwt(`{"aud":["a","account"]}`), nil, true, "a"},
		{"one too many beside two, sole", jwt(`{"aud":["a","b","account"]}`), []string{"b"}, true, "a"},
		{"twice the same, sole", jwt(`{"aud":["a","a"]}`), nil, true, ""},
		{"opaque, sole", "opaque", nil, true, ""},
	} {
		opts := []tokensource.OAuthOption{}
		if row.sole {
			opts = append(opts, tokensource.SoleAudience())
		}
		s := newSource(t, &wire{token: always(reply(200, grant(row.token, `"expires_in":300`)))}, opts...)
		token, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Also: row.also})
		mismatch, isMismatch := errors.AsType[*tokensource.MismatchError](err)
		switch {
		case row.want == "" && (err != nil || token.Reveal() != row.token):
			t.Errorf("%s: got %q, %v", row.name, token.Reveal(), err)
		case row.want != "" && (!isMismatch || mismatch.Want != row.want || mismatch.Hint == "" || !token.IsZero()):
			t.Errorf("%s: got %q, %v, want a MismatchError for %q", row.name, token.Reveal(), err, row.want)
		}
	}
}

func TestExtraAudiencesAreLoggedOnceForEachAudience(t *testing.T) {
	var out bytes.Buffer
	w := &wire{token: always(reply(200, grant(jwt(`{"aud":["a","b","account"]}`), `"expires_in":300`)))}
	s := newSource(t, w, tokensource.Logger(slog.New(slog.NewTextHandler(&out, nil))))
	for _, r := range []tokensource.Request{
		{Audience: "a"},
		{Audience: "a", Scope: "x"},
		{Audience: "a", Subject: tokensource.NewToken("alice", tokensource.Token{}.Expiry()), SubjectIssuer: issuer},
		{Audience: "b", Also: []string{"a"}},
	} {
		must(t, s, r)
	}
	s.Close()
	text := out.String()
	if got := strings.Count(text, "level=WARN"); got != 2 || !strings.Contains(text, "audience=a others=\"[b account]\"") || !strings.Contains(text, "audience=b others=[account]") {
		t.Errorf("got %d warnings, want one for each audience:\n%s", got, text)
	}
}

func TestMismatchHintNamesTheSetting(t *testing.T) {
	for _, row := range []struct{ preset, aud, want string }{
		{"keycloak", `"account"`, `Keycloak returned aud "account": add an audience mapper for "order-status" to a client scope of client "backoffice-portal"`},
		{"keycloak", `null`, `Keycloak returned no aud: add an audience mapper for "order-status"`},
		{"hydra", `["x","y"]`, `Hydra returned aud ["x" "y"]: add "order-status" to the audience list of client "backoffice-portal"`},
		{"keycloak", `"Order-Status"`, `differ only in upper and lower case`},
		{"", `"account"`, `"account" is what Keycloak puts into every token: add an audience mapper for "order-status" to a client scope`},
	} {
		w := &wire{token: always(reply(200, grant(jwt(`{"aud":`+row.aud+`}`), `"expires_in":300`)))}
		_, err := newSource(t, w, tokensource.Preset(row.preset)).Token(t.Context(), orders)
		if mismatch, ok := errors.AsType[*tokensource.MismatchError](err); !ok || !strings.Contains(mismatch.Hint, row.want) {
			t.Errorf("%s, aud %s: got %v, want the hint %q", row.preset, row.aud, err, row.want)
		}
	}
}

// TestUnexchangedTokenIsRefused shows that a token which comes back from an exchange
// unchanged is not passed on. If it is opaque, no audience would reveal it.
func TestUnexchangedTokenIsRefused(t *testing.T) {
	for _, echoed := range []string{"caller", "actor"} {
		s := newSource(t, &wire{token: always(reply(200, grant(echoed, `"expires_in":300`)))})
		token, err := s.Token(t.Context(), tokensource.Request{
			Audience: "a", Subject: tokensource.NewToken("caller", time.Time{}), SubjectIssuer: issuer, Actor: tokensource.NewToken("actor", time.Time{}),
		})
		if !errors.Is(err, tokensource.ErrRefused) || !token.IsZero() {
			t.Errorf("%s: got %q, %v, want ErrRefused", echoed, token.Reveal(), err)
		}
	}
}
