package access

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// audienceHint explains for the operator why a token's audience is not ours,
// where the mistake is a common one. A near miss is explained, never accepted.
func audienceHint(c *claims.Claims, want []string) string {
	for _, got := range c.Audience() {
		for _, w := range want {
			if isGUID(got) && strings.HasPrefix(w, "api://") || isGUID(w) && strings.HasPrefix(got, "api://") {
				return "Entra puts the App ID URI (api://…) of an API into v1 tokens and its GUID into v2 tokens: name the one that its requestedAccessTokenVersion yields"
			}
		}
	}
	if hint := nearMiss(c.Audience(), want, "audiences"); hint != "" {
		return hint
	}
	switch got := c.Audience()[0]; {
	case c.HasAudience(c.Client()):
		return fmt.Sprintf("%.128q is the client itself: it asked for no audience, or this is an ID token; %s", c.Client(), claims.IDTokenHint)
	case c.HasAudience("account"):
		return fmt.Sprintf("\"account\" is what Keycloak puts there by itself: add an audience mapper for %q to a scope of the client", want[0])
	case isGUID(got) && !slices.ContainsFunc(want, isGUID):
		return fmt.Sprintf("%q is an id and not a name: if it is that of this service at the issuer, write it as its audience", got)
	}
	return ""
}

// IssuerHint explains for the operator why iss is none of the issuers known, where
// the mistake is a common one; empty where it is not.
func IssuerHint(iss string, known []string) string {
	entra := func(s string) bool {
		return strings.HasPrefix(s, "https://sts.windows.net/") || strings.HasPrefix(s, "https://login.microsoftonline.com/")
	}
	if entra(iss) && slices.ContainsFunc(known, entra) {
		return "Entra has one issuer for v1 tokens (https://sts.windows.net/TENANT/) and one for v2 tokens (https://login.microsoftonline.com/TENANT/v2.0): name the one that the API's requestedAccessTokenVersion yields, with its preset"
	}
	return nearMiss([]string{iss}, known, "issuers")
}

// nearMiss finds a value that is almost one of the wanted.
func nearMiss(got, want []string, what string) string {
	for _, g := range got {
		for _, w := range want {
			if d := difference(g, w); d != "" {
				return fmt.Sprintf("%.128q differs from %q only by %s, and %s are compared exactly", g, w, d, what)
			}
		}
	}
	return ""
}

// difference names what alone tells a from b; empty if more does.
func difference(a, b string) string {
	bare := func(s string) string {
		if _, rest, ok := strings.Cut(s, "://"); ok {
			return rest
		}
		return s
	}
	unslashed := func(s string) string { return strings.TrimSuffix(s, "/") }
	switch {
	case a == b, unslashed(bare(a)) == "":
		return ""
	case unslashed(a) == unslashed(b):
		return "a trailing slash"
	case strings.TrimSpace(a) == strings.TrimSpace(b):
		return "white space"
	case strings.EqualFold(a, b):
		return "upper and lower case"
	case bare(a) == bare(b):
		return "its scheme"
	case unslashed(bare(a)) == unslashed(bare(b)):
		return "its scheme and a trailing slash"
	default:
		return ""
	}
}

// isGUID reports whether s is an id such as Entra gives to applications.
func isGUID(s string) bool {
	digits := strings.ReplaceAll(s, "-", "")
	_, err := hex.DecodeString(digits)
	return err == nil && len(digits) == 32 && len(s) == 36
}

// clientHint explains why a demand does not admit the client of that id.
func clientHint(id string, d *demand) string {
	var ids []string
	for p := range d.clients {
		if p.id == id {
			return fmt.Sprintf("the rule means the client of that id at %q", p.issuer)
		}
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	if hint := nearMiss([]string{id}, ids, "ids"); hint != "" {
		return hint
	}
	if isGUID(id) && !slices.ContainsFunc(ids, isGUID) {
		return "tokens of this issuer name clients by id: write it beside the client's name, as its id"
	}
	return ""
}

func scopeHint(c *claims.Claims, want []string) string {
	if slices.ContainsFunc(want, c.HasRole) {
		return "it was granted as a role, and a role is never taken for a scope: demand it under roles"
	}
	return nearMiss(c.Scopes(), want, "scopes")
}

func roleHint(c *claims.Claims, want []string) string {
	if slices.ContainsFunc(want, c.HasScope) {
		return "it was granted as a scope, and a scope is never taken for a role: demand it under scopes"
	}
	return nearMiss(c.Roles(), want, "roles")
}
