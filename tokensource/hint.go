package tokensource

import (
	"fmt"
	"slices"
	"strings"
)

// mismatchHint says why an authorization server may have given a token for got to a
// client that requested one for want, and what to change there.
func mismatchHint(p preset, client, want string, got []string) string {
	similar := func(aud string) bool {
		trim := func(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), "/") }
		return strings.EqualFold(trim(aud), trim(want))
	}
	fix := p.hint("", want, client, "the issuer")
	switch {
	case slices.ContainsFunc(got, similar):
		return "the names differ only in case, spaces or a trailing slash; they must be the same"
	case fix != "":
		return fmt.Sprintf("%s returned %s: %s", p.name, describeAudience(got), fix)
	case len(got) == 0:
		return "the issuer ignored the audience, or knows none for this client"
	case slices.Equal(got, []string{"account"}):
		return "this is Keycloak's default: the client has no client scope with an audience mapper for it"
	case client != "" && slices.Equal(got, []string{client}):
		return "the issuer addressed the token to the client itself: it ignored the audience"
	}
	return "the issuer chose other audiences: check which ones this client may request there"
}

// describeAudience writes the aud of a token for a sentence.
func describeAudience(aud []string) string {
	switch len(aud) {
	case 0:
		return "no aud"
	case 1:
		return "aud " + quote(aud[0])
	}
	return fmt.Sprintf("aud %q", aud)
}
