package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// demand is one alternative: who may call, with what.
type demand struct {
	entry      string         // where it stands in the matrix
	clients    map[party]bool // nil for any client
	who        string         // the ids of clients, for the operator
	callers    CallerKind
	accounts   map[party]bool // all clients, none of whom is a user; nil unless callers are users only
	scopes     []string       // all of them
	anyScopes  []string       // one of them, unless there are none
	roles      []string       // one of them, unless there are none
	claims     []claimDemand
	acr        []string // one of them, unless there are none
	maxAuthAge time.Duration
}

// claimDemand asks for a claim of one of some values.
type claimDemand struct {
	name   string
	values []string
}

// ofCaller are the questions of one alternative, in the order of asking: from
// whom the token comes, and what for.
var ofCaller = []question{
	{"client", inquiry.client, inquiry.tellClient, nil},
	{"caller", inquiry.caller, inquiry.tellCaller, nil},
	{"scopes", inquiry.scopes, inquiry.tellScopes, nil},
	{"any scope", inquiry.anyScope, inquiry.tellAnyScope, nil},
	{"roles", inquiry.roles, inquiry.tellRoles, nil},
	{"claims", inquiry.members, inquiry.tellMembers, nil},
	{"login", inquiry.login, inquiry.tellLogin, nil},
	{"login age", inquiry.loginAge, inquiry.tellLoginAge, inquiry.loginTooOld},
}

func (q inquiry) client() audience.Cause {
	switch {
	case q.demand.clients == nil || q.demand.clients[party{q.claims.Issuer(), q.claims.Client()}]:
		return ""
	case q.claims.Client() == "":
		return audience.CauseClientMissing
	default:
		return audience.CauseClientNotAllowed
	}
}

func (q inquiry) tellClient() answer {
	c, want := q.claims, q.demand.who
	if c.Client() == "" {
		return answer{got: fmt.Sprintf("a token with %d audiences that does not name its authorized party", len(c.Audience())), want: want}
	}
	return answer{got: "client " + quote.List(c.Client()) + " of " + quote.List(c.Issuer()), want: want, hint: q.clientHint()}
}

func (q inquiry) caller() audience.Cause {
	switch {
	case q.demand.callers == "",
		q.demand.callers == UsersOnly && q.forUser(),
		q.demand.callers == ServicesOnly && q.claims.IsService():
		return ""
	default:
		return audience.CauseCallerKind
	}
}

// forUser reports whether the token speaks for a person. An exchanged token has
// the subject of the one that it was made from, which may have been a service's
// own (RFC 8693, section 4.1): unless somebody has logged in, the subject must be
// no client.
func (q inquiry) forUser() bool {
	c := q.claims
	loggedIn := c.Session() != "" || !c.AuthTime().IsZero()
	return c.Caller().User != "" && (loggedIn || !c.IsAccount() && !q.demand.accounts[party{c.Issuer(), c.Caller().User}])
}

func (q inquiry) tellCaller() answer {
	if q.demand.callers == "" {
		return answer{}
	}
	a := answer{got: "a token that speaks for nobody", want: string(q.demand.callers) + " only"}
	switch {
	case q.claims.IsService():
		a.got = "a service that calls as itself"
	case q.forUser():
		a.got = "a call on behalf of a user"
	case q.claims.Caller().User != "":
		a.got = "a call on behalf of " + quote.List(q.claims.Caller().User) + ", which is a client"
		a.hint = "the token was made from one that a service got for itself: users are people who logged in"
	}
	return a
}

func (q inquiry) scopes() audience.Cause {
	for _, scope := range q.demand.scopes {
		if !q.claims.HasScope(scope) {
			return audience.CauseScopeMissing
		}
	}
	return ""
}

func (q inquiry) tellScopes() answer {
	if len(q.demand.scopes) == 0 {
		return answer{}
	}
	return q.scopeAnswer(quote.List(q.demand.scopes...), q.demand.scopes)
}

func (q inquiry) anyScope() audience.Cause {
	return oneOf(q.claims.HasScope, q.demand.anyScopes, audience.CauseScopeMissing)
}

func (q inquiry) tellAnyScope() answer {
	if len(q.demand.anyScopes) == 0 {
		return answer{}
	}
	return q.scopeAnswer("one of "+quote.List(q.demand.anyScopes...), q.demand.anyScopes)
}

func (q inquiry) scopeAnswer(want string, scopes []string) answer {
	return answer{
		got: "scopes " + quote.List(q.claims.Scopes()...), want: want,
		hint:      q.scopeHint(scopes),
		challenge: audience.Challenge{Scopes: q.missingScopes()},
	}
}

// missingScopes are the fewest scopes that would do, besides those that were
// granted.
func (q inquiry) missingScopes() []string {
	var missing []string
	for _, scope := range q.demand.scopes {
		if !q.claims.HasScope(scope) {
			missing = append(missing, scope)
		}
	}
	if q.anyScope() != "" {
		missing = append(missing, q.demand.anyScopes[0])
	}
	return missing
}

func (q inquiry) roles() audience.Cause {
	return oneOf(q.claims.HasRole, q.demand.roles, audience.CauseRoleMissing)
}

func (q inquiry) tellRoles() answer {
	if len(q.demand.roles) == 0 {
		return answer{}
	}
	return answer{
		got: "roles " + quote.List(q.claims.Roles()...), want: "one of " + quote.List(q.demand.roles...),
		hint: q.roleHint(),
	}
}

func (q inquiry) members() audience.Cause {
	for _, d := range q.demand.claims {
		if !q.claims.HasClaim(d.name, d.values) {
			return audience.CauseClaimNotAllowed
		}
	}
	return ""
}

func (q inquiry) tellMembers() answer {
	var got, want []string
	for _, d := range q.demand.claims {
		value := "none"
		if member, ok := q.claims.Claim(d.name); ok {
			value = quote.List(fmt.Sprint(member))
		}
		got = append(got, d.name+" "+value)
		want = append(want, d.name+" one of "+quote.List(d.values...))
	}
	return answer{got: strings.Join(got, ", "), want: strings.Join(want, ", ")}
}

// login: RFC 9470, section 3.
func (q inquiry) login() audience.Cause {
	if len(q.demand.acr) == 0 || slices.Contains(q.demand.acr, q.claims.ACR()) {
		return ""
	}
	return audience.CauseStepUp
}

func (q inquiry) tellLogin() answer {
	if len(q.demand.acr) == 0 {
		return answer{}
	}
	return answer{got: "acr " + quote.OrNone(q.claims.ACR()), want: "one of " + quote.List(q.demand.acr...), challenge: q.stepUp()}
}

func (q inquiry) loginAge() audience.Cause {
	recent := q.now.Before(q.loginTooOld()) && !q.claims.AuthTime().After(q.now.Add(q.terms.leeway))
	return unless(q.demand.maxAuthAge == 0 || recent, audience.CauseStepUp)
}

func (q inquiry) loginTooOld() time.Time {
	if q.demand.maxAuthAge == 0 {
		return time.Time{}
	}
	return q.claims.AuthTime().Add(q.demand.maxAuthAge + q.terms.leeway)
}

func (q inquiry) tellLoginAge() answer {
	if q.demand.maxAuthAge == 0 {
		return answer{}
	}
	return answer{
		got: "auth_time " + stamp(q.claims.AuthTime()), want: "at most " + q.demand.maxAuthAge.String() + " ago",
		challenge: q.stepUp(),
	}
}

func (q inquiry) stepUp() audience.Challenge {
	return audience.Challenge{ACR: q.demand.acr, MaxAge: q.demand.maxAuthAge}
}

// oneOf returns the cause, or none if one of the wanted is there or none is
// wanted.
func oneOf(has func(string) bool, wanted []string, cause audience.Cause) audience.Cause {
	return unless(len(wanted) == 0 || slices.ContainsFunc(wanted, has), cause)
}
