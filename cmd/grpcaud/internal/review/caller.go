package review

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/internal/provider"
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

// The claims that hold what a record shows. No entry demands them.
const (
	userClaim   = "user of the record"
	clientClaim = "client of the record"
	kindClaim   = "kind of the record"
	scopesClaim = "scopes of the record"
	rolesClaim  = "roles of the record"
)

// preset reads the claims that [caller.claims] writes.
var preset = claims.PresetOf(provider.Provider{Preset: "record of a decision", Token: provider.Token{
	Subject: userClaim, SubjectOptional: true,
	Clients: []provider.Place{clientClaim},
	Service: provider.Service{AnyOf: [][]provider.Condition{{{Claim: kindClaim, Value: string(decision.Service)}}}},
	Scopes:  []provider.Place{scopesClaim}, ScopeLists: true,
	Roles: []provider.Roles{{Path: []string{rolesClaim}}},
}})

const (
	someUser   = "user of a record" // no client has white space in its id
	someOthers = "audience of another service"
	someProof  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // a thumbprint
)

// claims returns claims that the rules judge as those of c, for what a record shows. The
// token is valid at now and bound to someProof. Demands that no record shows are met
// by held, and not met without it.
func (c caller) claims(s *service, now time.Time, held map[string]any) (*claims.Claims, error) {
	members := map[string]any{
		kindClaim: c.kind, "iss": c.issuer, "iat": now.Unix(), "exp": now.Unix() + 1, "cnf": map[string]any{"x5t#S256": someProof},
	}
	if c.scopes != nil {
		members[scopesClaim] = c.scopes
	}
	if c.roles != nil {
		members[rolesClaim] = c.roles
	}
	if c.client != "" {
		members[clientClaim] = c.client
	}
	switch c.audience {
	case toService:
		members["aud"] = s.audience
	case toServiceToo:
		members["aud"] = []string{s.audience, someOthers}
	case toOthers:
		members["aud"] = someOthers
	}
	if c.kind == decision.User {
		members[userClaim], members["sid"] = someUser, "s"
		if held != nil {
			members["auth_time"] = now.Unix()
		}
	}
	for name, value := range held {
		members[name] = value
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return preset.Claims(text)
}

// presentation is how the token of [caller.claims] is presented.
func presentation(now time.Time, held bool) access.Presentation {
	return access.Presentation{Time: now, Certificate: someProof, Answer: access.Answer{Active: held}}
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
