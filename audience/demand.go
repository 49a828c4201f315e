package audience

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// demand is one alternative: who may call, with what.
type demand struct {
	entry      string         // where it stands in the matrix
	clients    map[party]bool // nil for any client
	who        string         // the ids of clients, for the operator
	callers    Callers
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

func (q inquiry) client() Cause {
	switch {
	case q.demand.clients == nil || q.demand.clients[party{q.claims.issuer, q.claims.client}]:
		return ""
	case q.claims.client == "":
		return CauseClientMissing
	default:
		return CauseClientNotAllowed
	}
}

func (q inquiry) tellClient() answer {
	c, want := q.claims, q.demand.who
	if c.client == "" {
		return answer{got: fmt.Sprintf("a token with %d audiences that does not name its authorized party", len(c.audience)), want: want}
	}
	return answer{got: "client " + quoted(c.client) + " of " + quoted(c.issuer), want: want, hint: q.clientHint()}
}

func (q inquiry) caller() Cause {
	switch {
	case q.demand.callers == "",
		q.demand.callers == UsersOnly && q.forUser(),
		q.demand.callers == ServicesOnly && q.claims.service:
		return ""
	default:
		return CauseCallerKind
	}
}

// forUser reports whether the token speaks for a person. An exchanged token has
// the subject of the one that it was made from, which may have been a service's
// own (RFC 8693, section 4.1): unless somebody has logged in, the subject must be
// no client.
func (q inquiry) forUser() bool {
	c := q.claims
	loggedIn := c.session != "" || !c.authTime.IsZero()
	return c.caller.User != "" && (loggedIn || !c.account && !q.demand.accounts[party{c.issuer, c.caller.User}])
}

func (q inquiry) tellCaller() answer {
	if q.demand.callers == "" {
		return answer{}
	}
	a := answer{got: "a token that speaks for nobody", want: string(q.demand.callers) + " only"}
	switch {
	case q.claims.service:
		a.got = "a service that calls as itself"
	case q.forUser():
		a.got = "a call on behalf of a user"
	case q.claims.caller.User != "":
		a.got = "a call on behalf of " + quoted(q.claims.caller.User) + ", which is a client"
		a.hint = "the token was made from one that a service got for itself: users are people who logged in"
	}
	return a
}

func (q inquiry) scopes() Cause {
	for _, scope := range q.demand.scopes {
		if !slices.Contains(q.claims.scopes, scope) {
			return CauseScopeMissing
		}
	}
	return ""
}

func (q inquiry) tellScopes() answer {
	if len(q.demand.scopes) == 0 {
		return answer{}
	}
	return q.scopeAnswer(quoted(q.demand.scopes...), q.demand.scopes)
}

func (q inquiry) anyScope() Cause {
	return oneOf(q.claims.scopes, q.demand.anyScopes, CauseScopeMissing)
}

func (q inquiry) tellAnyScope() answer {
	if len(q.demand.anyScopes) == 0 {
		return answer{}
	}
	return q.scopeAnswer("one of "+quoted(q.demand.anyScopes...), q.demand.anyScopes)
}

func (q inquiry) scopeAnswer(want string, scopes []string) answer {
	return answer{
		got: "scopes " + quoted(q.claims.scopes...), want: want,
		hint:      q.scopeHint(scopes),
		challenge: Challenge{Scopes: q.missingScopes()},
	}
}

// missingScopes are the fewest scopes that would do, besides those that were
// granted.
func (q inquiry) missingScopes() []string {
	var missing []string
	for _, scope := range q.demand.scopes {
		if !slices.Contains(q.claims.scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if q.anyScope() != "" {
		missing = append(missing, q.demand.anyScopes[0])
	}
	return missing
}

func (q inquiry) roles() Cause { return oneOf(q.claims.roles, q.demand.roles, CauseRoleMissing) }

func (q inquiry) tellRoles() answer {
	if len(q.demand.roles) == 0 {
		return answer{}
	}
	return answer{
		got: "roles " + quoted(q.claims.roles...), want: "one of " + quoted(q.demand.roles...),
		hint: q.roleHint(),
	}
}

func (q inquiry) members() Cause {
	for _, d := range q.demand.claims {
		if !q.has(d) {
			return CauseClaimNotAllowed
		}
	}
	return ""
}

// has asks for a string that is among the values, or an array with such a one.
func (q inquiry) has(d claimDemand) bool {
	member, _ := q.claims.member(d.name)
	switch v := member.(type) {
	case string:
		return slices.Contains(d.values, v)
	case []any:
		for _, v := range v {
			if text, ok := v.(string); ok && slices.Contains(d.values, text) {
				return true
			}
		}
	}
	return false
}

func (q inquiry) tellMembers() answer {
	var got, want []string
	for _, d := range q.demand.claims {
		value := "none"
		if member, ok := q.claims.member(d.name); ok {
			value = quoted(fmt.Sprint(member))
		}
		got = append(got, d.name+" "+value)
		want = append(want, d.name+" one of "+quoted(d.values...))
	}
	return answer{got: strings.Join(got, ", "), want: strings.Join(want, ", ")}
}

// login: RFC 9470, section 3.
func (q inquiry) login() Cause {
	if len(q.demand.acr) == 0 || slices.Contains(q.demand.acr, q.claims.acr) {
		return ""
	}
	return CauseStepUp
}

func (q inquiry) tellLogin() answer {
	if len(q.demand.acr) == 0 {
		return answer{}
	}
	return answer{got: "acr " + orNone(q.claims.acr), want: "one of " + quoted(q.demand.acr...), challenge: q.stepUp()}
}

func (q inquiry) loginAge() Cause {
	recent := q.now.Before(q.loginTooOld()) && !q.claims.authTime.After(q.now.Add(q.terms.leeway))
	return unless(q.demand.maxAuthAge == 0 || recent, CauseStepUp)
}

func (q inquiry) loginTooOld() time.Time {
	if q.demand.maxAuthAge == 0 {
		return time.Time{}
	}
	return q.claims.authTime.Add(q.demand.maxAuthAge + q.terms.leeway)
}

func (q inquiry) tellLoginAge() answer {
	if q.demand.maxAuthAge == 0 {
		return answer{}
	}
	return answer{
		got: "auth_time " + stamp(q.claims.authTime), want: "at most " + q.demand.maxAuthAge.String() + " ago",
		challenge: q.stepUp(),
	}
}

func (q inquiry) stepUp() Challenge {
	return Challenge{ACR: q.demand.acr, MaxAge: q.demand.maxAuthAge}
}

// oneOf returns the cause, or none if one of the wanted is there or none is
// wanted.
func oneOf(have, wanted []string, cause Cause) Cause {
	good := len(wanted) == 0
	for _, w := range wanted {
		good = good || slices.Contains(have, w)
	}
	return unless(good, cause)
}
