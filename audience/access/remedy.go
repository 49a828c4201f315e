package access

import (
	"fmt"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// remedy completes a situation with what is known of the token and the rule, and returns
// its remedy. A near miss is explained, never accepted.
func (e *evaluation) remedy(cause audience.Cause, s remedy.Situation) string {
	s.Cause, s.Preset = string(cause), e.terms.preset
	s.Names = provider.Names{
		Audience: e.rule.audiences[0], Client: e.claims.Client(), Issuer: e.claims.Issuer(),
		Service: e.rule.service, Entry: s.Entry, Scopes: s.Scopes, Place: e.terms.place,
	}
	if e.rule.callers.exclude(e.claims) {
		s.NoEntry = e.rule.callers.place
	}
	return s.Remedy()
}

// scopeRemedy says how to get a scope that was not granted.
func (e *evaluation) scopeRemedy(d *demand, scopes []string) string {
	if slices.ContainsFunc(scopes, e.claims.HasRole) {
		return "it was granted as a role, and a role is never taken for a scope: demand it under roles"
	}
	s := remedy.Situation{Got: e.claims.Scopes(), Want: scopes}
	s.Scopes = e.missingScopes(d)
	return e.remedy(audience.CauseScopeMissing, s)
}

func (e *evaluation) roleRemedy(d *demand) string {
	if slices.ContainsFunc(d.roles, e.claims.HasScope) {
		return "it was granted as a scope, and a scope is never taken for a role: demand it under scopes"
	}
	if len(e.claims.Roles()) == 0 && e.terms.roleScope != "" {
		return fmt.Sprintf("this issuer writes roles only if the client asks for scope %s", e.terms.roleScope)
	}
	return e.remedy(audience.CauseRoleMissing, remedy.Situation{Got: e.claims.Roles(), Want: d.roles})
}

// clientRemedy says why a demand does not admit the client of the token.
func (e *evaluation) clientRemedy(d *demand) string {
	id := e.claims.Client()
	var ids []string
	for p := range d.clients {
		if p.id == id {
			return fmt.Sprintf("the rule means the client of that id at %q", p.issuer)
		}
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	return e.remedy(audience.CauseClientNotAllowed, remedy.Situation{Want: ids})
}

// entryRemedy is the remedy for a demand of an entry.
func (e *evaluation) entryRemedy(cause audience.Cause, d *demand, s remedy.Situation) string {
	s.Entry = d.entry
	return e.remedy(cause, s)
}

// otherIssuer says why an iss is not among those that are accepted.
func (r *Rule) otherIssuer(iss string, accepted []string) string {
	return remedy.Situation{
		Cause: string(audience.CauseIssuerNotAccepted), Got: []string{iss}, Want: accepted,
		Names: provider.Names{Service: r.service},
	}.Remedy()
}

// fileDuration writes d as the file does, rounded up to minutes.
func fileDuration(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes < 60:
		return fmt.Sprintf("%dm", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%dh", minutes/60)
	}
	return fmt.Sprintf("%dh%dm", minutes/60, minutes%60)
}

// longestAdvised is the longest lifetime that a remedy proposes. A longer one is an exp
// in milliseconds, or a token that must not be accepted.
const longestAdvised = 31 * 24 * time.Hour

// lifetimeRemedy says how to accept a token that lives so long.
func (e *evaluation) lifetimeRemedy() string {
	life := e.lifetime()
	if life > longestAdvised {
		return ""
	}
	return e.remedy(audience.CauseLifetimeTooLong, remedy.Situation{Lifetime: fileDuration(life)})
}
