package tokensource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestTokenForAnotherAudienceIsAMismatch(t *testing.T) {
	for _, row := range []struct {
		name, token string
		got         []string
		hint        string // empty: the token is accepted
	}{
		{"string", jwt(`{"aud":"order-status"}`), nil, ""},
		{"array", jwt(`{"aud":["order-status"]}`), nil, ""},
		{"further audiences", jwt(`{"aud":["account","order-status"]}`), nil, ""},
		{"opaque", "opaque", nil, ""},
		{"opaque with dots", "a.b.c", nil, ""},
		{"payload is no object", jwt(`["order-status"]`), nil, ""},
		{"payload is null", jwt(`null`), nil, ""},
		{"absent", jwt(`{}`), nil, "ignored the audience"},
		{"null", jwt(`{"aud":null}`), nil, "ignored the audience"},
		{"empty", jwt(`{"aud":[]}`), []string{}, "ignored the audience"},
		{"empty string", jwt(`{"aud":""}`), nil, "ignored the audience"},
		{"number", jwt(`{"aud":7}`), nil, "ignored the audience"},
		{"object", jwt(`{"aud":{"order-status":1}}`), nil, "ignored the audience"},
		{"other name", jwt(`{"Aud":"order-status"}`), nil, "ignored the audience"},
		{"Keycloak's default", jwt(`{"aud":"account"}`), []string{"account"}, "audience mapper"},
		{"the client itself", jwt(`{"aud":["backoffice-portal"]}`), []string{client}, "client itself"},
		{"case", jwt(`{"aud":"Order-Status"}`), []string{"Order-Status"}, "differ only"},
		{"slash", jwt(`{"aud":["x","order-status/"]}`), []string{"x", "order-status/"}, "differ only"},
		{"another", jwt(`{"aud":"human-resource"}`), []string{"human-resource"}, "other audiences"},
		{"list in a string", jwt(`{"aud":"human-resource order-status"}`), []string{"human-resource order-status"}, "other audiences"},
	} {
		w := &wire{token: always(reply(200, grant(row.token, `"expires_in":300`)))}
		token, err := newSource(t, w).Token(t.Context(), tokensource.Request{Audience: "order-status"})
		if row.hint == "" {
			if err != nil || token.Reveal() != row.token {
				t.Errorf("%s: got %q, %v", row.name, token.Reveal(), err)
			}
			continue
		}
		var mismatch *tokensource.MismatchError
		if !errors.As(err, &mismatch) || !errors.Is(err, tokensource.ErrMismatch) || !token.IsZero() {
			t.Errorf("%s: got %q, %v, want a MismatchError", row.name, token.Reveal(), err)
			continue
		}
		if diff := cmp.Diff(row.got, mismatch.Got); diff != "" || mismatch.Want != "order-status" || !strings.Contains(mismatch.Hint, row.hint) {
			t.Errorf("%s: got %+v, want hint %q; aud (-want +got):\n%s", row.name, mismatch, row.hint, diff)
		}
		if text := err.Error(); !strings.Contains(text, `"order-status"`) || !strings.Contains(text, row.hint) || strings.Contains(text, row.token) {
			t.Errorf("%s: text %s", row.name, text)
		}
	}
}
