package access

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// audienceHint explains for the operator why a token's audience is not ours,
// where the mistake is a common one. A near miss is explained, never accepted.
func audienceHint(c *claims.Claims, want []string) string {
	if hint := otherForm(c.Audience(), want); hint != "" {
		return hint
	}
	if hint := nearMiss(c.Audience(), want, "audiences"); hint != "" {
		return hint
	}
	switch got := c.Audience()[0]; {
	case c.HasAudience(c.Client()):
		return fmt.Sprintf("%.128q is the client itself: it asked for no audience, or this is an ID token; %s", c.Client(), claims.IDTokenHint)
	case slices.ContainsFunc(c.Audience(), isDefaultAudience):
		return defaultAudienceHint(c, want[0])
	case isGUID(got) && !slices.ContainsFunc(want, isGUID):
		return fmt.Sprintf("%q is an id and not a name: if it is that of this service at the issuer, write it as its audience", got)
	}
	return ""
}

// otherForm explains that a provider writes an audience in two forms.
func otherForm(got, want []string) string {
	for _, p := range provider.All() {
		prefix := p.Audiences.URIPrefix
		if prefix == "" {
			continue
		}
		for _, g := range got {
			for _, w := range want {
				if isGUID(g) && strings.HasPrefix(w, prefix) || isGUID(w) && strings.HasPrefix(g, prefix) {
					return p.Advice.AudienceForm
				}
			}
		}
	}
	return ""
}

// isDefaultAudience reports whether a provider puts this audience into tokens by
// itself.
func isDefaultAudience(aud string) bool {
	_, _, is := provider.LookupDefaultAudience(aud)
	return is
}

// defaultAudienceHint says which provider put one of the audiences there by itself, and
// what to change.
func defaultAudienceHint(c *claims.Claims, want string) string {
	aud := c.Audience()[slices.IndexFunc(c.Audience(), isDefaultAudience)]
	p, d, _ := provider.LookupDefaultAudience(aud)
	advice := provider.Names{Audience: want, Client: c.Client()}.Fill(cmp.Or(p.Advice.MissingAudience, p.Advice.Audience))
	return fmt.Sprintf("%.128q is what %s puts into %s: %s", aud, d.By, d.Into, advice)
}

// IssuerHint explains for the operator why iss is none of the issuers known, where
// the mistake is a common one; empty where it is not.
func IssuerHint(iss string, known []string) string {
	for _, p := range provider.All() {
		own := func(issuer string) bool {
			return slices.ContainsFunc(p.Addresses.IssuerPrefixes, func(prefix string) bool { return strings.HasPrefix(issuer, prefix) })
		}
		if own(iss) && slices.ContainsFunc(known, own) {
			return p.Advice.OtherIssuer
		}
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

func (q inquiry) clientHint() string {
	var ids []string
	for p := range q.demand.clients {
		if p.id == q.claims.Client() {
			return fmt.Sprintf("the rule means the client of that id at %q", p.issuer)
		}
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	if hint := nearMiss([]string{q.claims.Client()}, ids, "ids"); hint != "" {
		return hint
	}
	if isGUID(q.claims.Client()) && !slices.ContainsFunc(ids, isGUID) {
		return "tokens of this issuer name clients by id: write it beside the client's name, as its id"
	}
	return ""
}

func (q inquiry) scopeHint(want []string) string {
	if slices.ContainsFunc(want, q.claims.HasRole) {
		return "it was granted as a role, and a role is never taken for a scope: demand it under roles"
	}
	return nearMiss(q.claims.Scopes(), want, "scopes")
}

func (q inquiry) roleHint() string {
	if oneOf(q.claims.HasScope, q.demand.roles, audience.CauseRoleMissing) == "" {
		return "it was granted as a scope, and a scope is never taken for a role: demand it under scopes"
	}
	return nearMiss(q.claims.Roles(), q.demand.roles, "roles")
}
