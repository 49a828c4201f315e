package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/hint"
)

// audienceHint explains to the operator why aud does not name the service, if the
// mistake is a common one. A near miss is explained, never accepted.
func audienceHint(c *claims.Claims, want []string) string {
	for _, got := range c.Audience() {
		for _, w := range want {
			if hint.IsGUID(got) && strings.HasPrefix(w, "api://") || hint.IsGUID(w) && strings.HasPrefix(got, "api://") {
				return "Entra puts the App ID URI (api://…) of an API into v1 tokens and its GUID into v2 tokens: name the one that its requestedAccessTokenVersion yields"
			}
		}
	}
	if h := hint.NearMiss(c.Audience(), want, "audiences"); h != "" {
		return h
	}
	switch got := c.Audience()[0]; {
	case c.HasAudience(c.Client()):
		return fmt.Sprintf("%.128q is the client itself: it asked for no audience, or this is an ID token; %s", c.Client(), hint.IDToken)
	case c.HasAudience("account"):
		return fmt.Sprintf("\"account\" is what Keycloak puts there by itself: add an audience mapper for %q to a scope of the client", want[0])
	case hint.IsGUID(got) && !slices.ContainsFunc(want, hint.IsGUID):
		return fmt.Sprintf("%q is an id and not a name: if it is that of this service at the issuer, write it as its audience", got)
	}
	return ""
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

func roleHint(c *claims.Claims, want []string) string {
	if slices.ContainsFunc(want, c.HasScope) {
		return "it was granted as a scope, and a scope is never taken for a role: demand it under scopes"
	}
	return hint.NearMiss(c.Roles(), want, "roles")
}
