package review

import (
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// caller is what a record shows of who calls, as far as a service asks about it.
type caller struct {
	issuer, client string // as tokens have them
	kind           decision.Caller
	audience       addressed
	scopes, roles  []string
}

// addressed says for whom a token is.
type addressed byte

const (
	toNobody addressed = iota // no aud
	toService
	toServiceToo // and others
	toOthers
)

const someOthers = "audience of another service"

// claims returns claims that the rules judge as those of c: see [recorded.Token.Claims].
func (c caller) claims(s *service, now time.Time, held map[string]any) (*claims.Claims, error) {
	audience := map[addressed][]string{toService: {s.audience}, toServiceToo: {s.audience, someOthers}, toOthers: {someOthers}}
	return recorded.Token{Issuer: c.issuer, Client: c.client, Caller: c.kind, Audience: audience[c.audience], Scopes: c.scopes, Roles: c.roles}.Claims(now, held)
}

// callerOf returns what a record shows that s asks about.
func callerOf(s *service, r *decision.Record) caller {
	c := caller{issuer: r.Issuer, client: r.Client, kind: r.Caller, audience: s.addressed(r.Audience)}
	c.scopes = slices.DeleteFunc(slices.Clone(r.Scopes), func(scope string) bool {
		_, asked := s.scopes[scope]
		return !asked && !s.standsForAudience(scope)
	})
	c.roles = slices.DeleteFunc(slices.Clone(r.Roles), func(role string) bool {
		_, asked := s.roles[role]
		return !asked
	})
	return c
}

func (s *service) addressed(audience []string) addressed {
	own := 0
	for _, aud := range audience {
		if slices.Contains(s.matrix.Audiences, aud) {
			own++
		}
	}
	switch {
	case len(audience) == 0:
		return toNobody
	case own == len(audience):
		return toService
	case own > 0:
		return toServiceToo
	default:
		return toOthers
	}
}

// standsForAudience reports whether a scope may stand for aud, whatever its end is.
func (s *service) standsForAudience(scope string) bool {
	prefix := s.matrix.InsecureNoAudience
	return prefix != "" && strings.HasPrefix(scope, prefix)
}
