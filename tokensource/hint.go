package tokensource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// mismatchHint says why an authorization server may have given a token for got to a
// client that requested one for want, and what to change there.
func mismatchHint(p provider.Provider, client, want string, got []string) string {
	similar := func(aud string) bool {
		trim := func(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), "/") }
		return strings.EqualFold(trim(aud), trim(want))
	}
	names := provider.Names{Audience: want, Client: client}
	fix := advice(p.Advice, "", names)
	switch {
	case slices.ContainsFunc(got, similar):
		return "the names differ only in case, spaces or a trailing slash; they must be the same"
	case fix != "":
		return fmt.Sprintf("%s returned %s: %s", p.Product, describeAudience(got), fix)
	case len(got) == 0:
		return "the issuer ignored the audience, or knows none for this client"
	case len(got) == 1 && isDefault(got[0]):
		other, d, _ := provider.LookupDefaultAudience(got[0])
		return strings.TrimSuffix(fmt.Sprintf("%s is what %s puts into %s: %s", quote(got[0]), d.By, d.Into, advice(other.Advice, "", names)), ": ")
	case client != "" && slices.Equal(got, []string{client}):
		return "the issuer addressed the token to the client itself: it ignored the audience"
	}
	return "the issuer chose other audiences: check which ones this client may request there"
}

// isDefault reports whether a provider puts this audience into tokens by itself.
func isDefault(aud string) bool {
	_, _, is := provider.LookupDefaultAudience(aud)
	return is
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
