package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// demand is one alternative of a rule: who may call, and with what.
type demand struct {
	entry      string         // where it stands in the matrix
	place      string         // where that stands in a file; empty if it is not known
	purpose    Purpose        // why it is there; for people
	issuers    []string       // whose tokens it is about; nil for all of the service
	clients    map[party]bool // nil for any client
	who        string         // the ids of clients, for the operator
	kind       CallerKind
	accounts   map[party]bool // all clients of the matrix, none of which is a user; nil unless only users may call, or a login is demanded
	scopes     []string       // all of them
	anyScopes  []string       // one of them, unless there are none
	roles      []string       // one of them, unless there are none
	claims     []claimDemand
	acr        []string // one of them, unless there are none
	maxAuthAge time.Duration
	online     bool          // whether the issuer must call the token active
	answerAge  time.Duration // how old its answer may be
}

// claimDemand demands a claim that has one of some values.
type claimDemand struct {
	name   string
	values []string
}

// callerCause returns why a check of the caller refuses under one demand, empty if
// it does not.
func (e *evaluation) callerCause(k check, d *demand) audience.Cause {
	c := e.claims
	switch k {
	case checkClient:
		return e.clientCause(d)
	case checkCallerKind:
		return unless(e.isKind(d), audience.CauseCallerKind)
	case checkScopes:
		return unless(allOf(c.HasScope, d.scopes), e.unreadable(claims.Scopes, audience.CauseScopeMissing))
	case checkAnyScope:
		return unless(oneOf(c.HasScope, d.anyScopes), e.unreadable(claims.Scopes, audience.CauseScopeMissing))
	case checkRoles:
		return unless(oneOf(c.HasRole, d.roles), e.unreadable(claims.Roles, audience.CauseRoleMissing))
	case checkClaims:
		return unless(e.hasClaims(d), audience.CauseClaimNotAllowed)
	case checkLogin: // RFC 9470, section 3
		return unless(len(d.acr) == 0 || slices.Contains(d.acr, c.ACR()) && e.canLogIn(d), e.unreadable(claims.ACR, audience.CauseStepUp))
	case checkLoginAge:
		return unless(d.maxAuthAge == 0 || e.recentLogin(d), e.unreadable(claims.AuthTime, audience.CauseStepUp))
	case checkOnline: // RFC 7662, section 2.2
		return unless(!d.online || e.offline || e.active(d), audience.CauseIntrospectionUnavailable)
	default:
		return ""
	}
}

// unreadable returns the cause of a refusal because of a part of the token. If the part
// is there and cannot be read, that is another cause: a new login would not help.
func (e *evaluation) unreadable(p claims.Part, cause audience.Cause) audience.Cause {
	if e.claims.Malformed(p) != nil {
		return audience.CauseClaimsMalformed
	}
	return cause
}

func (e *evaluation) clientCause(d *demand) audience.Cause {
	switch id := e.claims.Client(); {
	case d.issuers != nil && !slices.Contains(d.issuers, e.claims.Issuer()):
		return audience.CauseClientNotAllowed
	case d.clients == nil || d.clients[party{e.claims.Issuer(), id}]:
		return ""
	case id == "":
		return audience.CauseClientMissing
	default:
		return audience.CauseClientNotAllowed
	}
}

func (e *evaluation) isKind(d *demand) bool {
	switch d.kind {
	case UsersOnly:
		return e.forUser(d)
	case ServicesOnly:
		return e.claims.IsService()
	default:
		return true
	}
}

// forUser reports whether the token identifies a person. An exchanged token has
// the subject of the token that it was made from, which may have been a service's
// own (RFC 8693, section 4.1). So the subject must not be a client, unless it is another
// client than the one that calls, and the token records a login: a user may have the name of
// a client.
func (e *evaluation) forUser(d *demand) bool {
	return forUser(e.claims, d.accounts[party{e.claims.Issuer(), e.claims.Caller().User}])
}

func forUser(c *claims.Claims, subjectIsClient bool) bool {
	return c.Caller().User != "" && !ofClient(c, subjectIsClient)
}

// ofClient reports whether the subject of a token is a client: the one that calls, whatever
// session it has, or another one that has not logged in.
func ofClient(c *claims.Claims, subjectIsClient bool) bool {
	loggedIn := c.Session() != "" || !c.AuthTime().IsZero()
	return c.IsService() || !loggedIn && (c.IsAccount() || subjectIsClient)
}

// canLogIn reports whether the subject of the token may be a person. Some issuers write acr
// into the tokens of services too. A token that does not tell services from users may be
// that of a user.
func (e *evaluation) canLogIn(d *demand) bool {
	return !e.terms.tellsServices || !ofClient(e.claims, d.accounts[party{e.claims.Issuer(), e.claims.Caller().User}])
}

func (e *evaluation) hasClaims(d *demand) bool {
	for _, claim := range d.claims {
		if !e.claims.HasClaim(claim.name, claim.values) {
			return false
		}
	}
	return true
}

// recentLogin reports whether the user logged in within the time that d allows.
func (e *evaluation) recentLogin(d *demand) bool {
	login, leeway := e.claims.AuthTime(), e.terms.leeway
	return e.canLogIn(d) && e.now.Before(login.Add(d.maxAuthAge+leeway)) && !login.After(e.now.Add(leeway))
}

// allOf reports whether all of the wanted are there.
func allOf(has func(string) bool, wanted []string) bool {
	for _, want := range wanted {
		if !has(want) {
			return false
		}
	}
	return true
}

// partOf is the part of a token that a check looks at.
var partOf = map[check]claims.Part{
	checkScopes: claims.Scopes, checkAnyScope: claims.Scopes, checkRoles: claims.Roles,
	checkLogin: claims.ACR, checkLoginAge: claims.AuthTime,
}

// describeCaller describes a check of the caller. If a part of the token cannot be read,
// the description says why, and asks for no other login and no other scope.
func (e *evaluation) describeCaller(k check, d *demand) finding {
	f := e.describeDemand(k, d)
	if why := e.claims.Malformed(partOf[k]); why != nil && f.want != "" {
		f.got, f.hint, f.challenge = why.Error(), "", audience.Challenge{}
	}
	return f
}

func (e *evaluation) describeDemand(k check, d *demand) finding {
	c := e.claims
	switch {
	case k == checkClient:
		return e.describeClient(d)
	case k == checkCallerKind && d.kind != "":
		return e.describeKind(d)
	case k == checkScopes && len(d.scopes) > 0:
		return e.describeScopes(d, list(d.scopes), d.scopes)
	case k == checkAnyScope && len(d.anyScopes) > 0:
		return e.describeScopes(d, "one of "+list(d.anyScopes), d.anyScopes)
	case k == checkRoles && len(d.roles) > 0:
		return finding{got: "roles " + list(c.Roles()), want: "one of " + list(d.roles), hint: e.roleRemedy(d)}
	case k == checkClaims:
		return e.describeClaims(d)
	case k == checkLogin && len(d.acr) > 0:
		return finding{got: "acr " + quote.OrNone(c.ACR()) + e.inService(d, c.ACR() != ""), want: "one of " + list(d.acr), challenge: d.stepUp(), hint: e.entryRemedy(audience.CauseStepUp, d, remedy.Situation{})}
	case k == checkLoginAge && d.maxAuthAge > 0:
		return finding{got: "auth_time " + stamp(c.AuthTime()) + e.inService(d, !c.AuthTime().IsZero()), want: "at most " + d.maxAuthAge.String() + " ago", challenge: d.stepUp(), hint: e.entryRemedy(audience.CauseStepUp, d, remedy.Situation{})}
	case k == checkOnline && d.online:
		return e.describeOnline(d)
	default:
		return finding{}
	}
}

// inService says of a claim about a login, if it is there, that it is in the token of a
// service; it is empty otherwise.
func (e *evaluation) inService(d *demand, there bool) string {
	if !there || e.canLogIn(d) {
		return ""
	}
	return ", in the token of a service"
}

// stepUp tells the caller which login will do (RFC 9470, section 3).
func (d *demand) stepUp() audience.Challenge {
	return audience.Challenge{ACR: d.acr, MaxAge: d.maxAuthAge}
}

func (e *evaluation) describeClient(d *demand) finding {
	c := e.claims
	if d.issuers != nil {
		return finding{
			got: "client " + quote.OrNone(c.Client()) + " of " + quote.List(c.Issuer()), want: d.who,
			hint: "no claim of this entry says who calls in tokens of that issuer: list its clients in an entry of their own",
		}
	}
	if c.Client() == "" {
		return finding{got: fmt.Sprintf("a token with %d audiences that does not name its authorized party", len(c.Audience())), want: d.who, hint: e.remedy(audience.CauseClientMissing, remedy.Situation{})}
	}
	return finding{got: "client " + quote.List(c.Client()) + " of " + quote.List(c.Issuer()), want: d.who, hint: e.clientRemedy(d)}
}

func (e *evaluation) describeKind(d *demand) finding {
	f := finding{got: "a token that identifies neither a user nor a service", want: string(d.kind) + " only", hint: e.entryRemedy(audience.CauseCallerKind, d, remedy.Situation{Callers: string(d.kind)})}
	switch user := e.claims.Caller().User; {
	case e.claims.IsService():
		f.got = "a service that calls as itself"
	case e.forUser(d):
		f.got = "a call on behalf of a user"
	case user != "":
		f.got = "a call on behalf of " + quote.List(user) + ", which is a client"
		f.hint = "the token was exchanged for one that a service got for itself: a user is a person who logged in"
	}
	return f
}

func (e *evaluation) describeScopes(d *demand, want string, scopes []string) finding {
	return finding{
		got: "scopes " + list(e.claims.Scopes()), want: want,
		hint:      e.scopeRemedy(d, scopes),
		challenge: audience.Challenge{Scopes: e.missingScopes(d)},
	}
}

// missingScopes are the fewest scopes that would do, beside those that were
// granted.
func (e *evaluation) missingScopes(d *demand) []string {
	var missing []string
	for _, scope := range d.scopes {
		if !e.claims.HasScope(scope) {
			missing = append(missing, scope)
		}
	}
	if !oneOf(e.claims.HasScope, d.anyScopes) {
		missing = append(missing, d.anyScopes[0])
	}
	return missing
}

func (e *evaluation) describeClaims(d *demand) finding {
	var got, want []string
	for _, claim := range d.claims {
		value := "none"
		if v, ok := e.claims.Claim(claim.name); ok {
			value = quote.List(fmt.Sprint(v))
		}
		got = append(got, claim.name+" "+value)
		want = append(want, claim.name+" one of "+list(claim.values))
	}
	return finding{got: strings.Join(got, ", "), want: strings.Join(want, ", "), hint: e.entryRemedy(audience.CauseClaimNotAllowed, d, remedy.Situation{})}
}
