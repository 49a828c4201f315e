package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/hint"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// audienceHint explains to the operator why aud does not name the service, if the
// mistake is a common one. A near miss is explained, never accepted.
func audienceHint(c *claims.Claims, want []string) string {
	if h := otherForm(c.Audience(), want); h != "" {
		return h
	}
	if h := hint.NearMiss(c.Audience(), want, "audiences"); h != "" {
		return h
	}
	switch got := c.Audience()[0]; {
	case c.HasAudience(c.Client()):
		return fmt.Sprintf("%.128q is the client itself: it asked for no audience, or this is an ID token; %s", c.Client(), hint.IDToken)
	case slices.ContainsFunc(c.Audience(), isDefaultAudience):
		return defaultAudienceHint(c, want[0])
	case hint.IsGUID(got) && !slices.ContainsFunc(want, hint.IsGUID):
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
				if hint.IsGUID(g) && strings.HasPrefix(w, prefix) || hint.IsGUID(w) && strings.HasPrefix(g, prefix) {
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
	if h := hint.NearMiss([]string{id}, ids, "ids"); h != "" {
		return h
	}
	if hint.IsGUID(id) && !slices.ContainsFunc(ids, hint.IsGUID) {
		return "tokens of this issuer name clients by id: write it beside the client's name, as its id"
	}
	return ""
}

func scopeHint(c *claims.Claims, want []string) string {
	if slices.ContainsFunc(want, c.HasRole) {
		return "it was granted as a role, and a role is never taken for a scope: demand it under roles"
	}
	return hint.NearMiss(c.Scopes(), want, "scopes")
}

func (e *evaluation) roleHint(want []string) string {
	switch c := e.claims; {
	case slices.ContainsFunc(want, c.HasScope):
		return "it was granted as a scope, and a scope is never taken for a role: demand it under scopes"
	case len(c.Roles()) == 0 && e.terms.roleScope != "":
		return fmt.Sprintf("this issuer writes roles only if the client asks for scope %s", e.terms.roleScope)
	default:
		return hint.NearMiss(c.Roles(), want, "roles")
	}
}
