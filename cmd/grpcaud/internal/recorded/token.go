package recorded

import (
	"encoding/json"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Token is what a record shows of a token, for the rules to judge. A list that is nil is a
// claim that the token does not have.
type Token struct {
	Issuer, Client          string // as tokens have them
	Caller                  decision.Caller
	Audience, Scopes, Roles []string
}

// The claims that hold what a record shows. No entry demands them.
const (
	userClaim   = "user of the record"
	clientClaim = "client of the record"
	kindClaim   = "kind of the record"
	scopesClaim = "scopes of the record"
	rolesClaim  = "roles of the record"
)

// preset reads the claims that [Token.Claims] writes.
var preset = claims.PresetOf(provider.Provider{Preset: "record of a decision", Token: provider.Token{
	Subject: userClaim, SubjectOptional: true,
	Clients: []provider.Place{clientClaim},
	Service: provider.Service{AnyOf: [][]provider.Condition{{{Claim: kindClaim, Value: string(decision.Service)}}}},
	Scopes:  []provider.Place{scopesClaim}, ScopeLists: true,
	Roles: []provider.Roles{{Path: []string{rolesClaim}}},
}})

const (
	someUser  = "user of a record"                            // no client has white space in its id
	someProof = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // a thumbprint
)

// Claims returns claims that the rules judge as those of t, for what a record shows. They
// are valid at now, and bound to the certificate of [Presentation]. Demands that no record
// shows are met by held, and not met if it is nil.
func (t Token) Claims(now time.Time, held map[string]any) (*claims.Claims, error) {
	members := map[string]any{
		kindClaim: t.Caller, "iss": t.Issuer, "iat": now.Unix(), "exp": now.Unix() + 1, "cnf": map[string]any{"x5t#S256": someProof},
	}
	for name, values := range map[string][]string{"aud": t.Audience, scopesClaim: t.Scopes, rolesClaim: t.Roles} {
		if values != nil {
			members[name] = values
		}
	}
	if t.Client != "" {
		members[clientClaim] = t.Client
	}
	if t.Caller == decision.User {
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

// Presentation is how the token of [Token.Claims] is presented; held says whether the issuer
// calls it active.
func Presentation(now time.Time, held bool) access.Presentation {
	return access.Presentation{Time: now, Certificate: someProof, Answer: access.Answer{Active: held}}
}
