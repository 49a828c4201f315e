package audience

import (
	"fmt"
	"strings"
)

const idTokenHint = "an ID token tells a client who logged in; call services with the access token"

// audienceHint explains for the operator why a token's audience is not ours,
// where the mistake is a common one. A near miss is explained, never accepted.
func audienceHint(got, want []string) string {
	for _, g := range got {
		for _, w := range want {
			if d := difference(g, w); d != "" {
				return fmt.Sprintf("%.128q differs from %q only by %s, and audiences are compared exactly", g, w, d)
			}
		}
	}
	if len(got) == 1 && got[0] == "account" {
		return fmt.Sprintf("\"account\" is what Keycloak puts there by itself: add an audience mapper for %q to a scope of the client", want[0])
	}
	return ""
}

// difference names what alone tells a from b; empty if more does.
func difference(a, b string) string {
	bare := func(s string) string {
		_, s, found := strings.Cut(s, "://")
		if !found {
			return ""
		}
		return s
	}
	switch {
	case a == b:
		return ""
	case strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/"):
		return "a trailing slash"
	case strings.TrimSpace(a) == strings.TrimSpace(b):
		return "white space"
	case strings.EqualFold(a, b):
		return "upper and lower case"
	case bare(a) == b || bare(b) == a || bare(a) != "" && bare(a) == bare(b):
		return "its scheme"
	default:
		return ""
	}
}

// typeHint says what kind of token another type is.
func typeHint(typ string) string {
	switch typ {
	case "id", "jwt":
		return "if this is an ID token: " + idTokenHint
	case "refresh":
		return "this is a refresh token, which goes to the issuer alone"
	case "logout", "logout+jwt":
		return "this is a logout token"
	case "dpop+jwt":
		return "this is a DPoP proof, not the token that it belongs to"
	default:
		return ""
	}
}
