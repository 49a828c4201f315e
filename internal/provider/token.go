package provider

import (
	"strings"
	"time"
)

// Token says how the access tokens of a provider read. iss and exp are required of all
// tokens.
type Token struct {
	// Types are the accepted typ headers, in lower case and without "application/";
	// an empty one is an absent header.
	Types []string

	// Required are the claims that must be there.
	Required []string

	// Values are claims that must have this very value.
	Values map[string]string

	// Forbidden are the claims that mark tokens of other kinds, such as ID tokens.
	Forbidden []string

	// Subject is the [Place] of the subject; empty means the claim sub.
	Subject Place

	// SubjectPrefix is what each subject begins with.
	SubjectPrefix string

	// SubjectOptional lets a token lack sub, unless it records a login. By default
	// only the token of a service may.
	SubjectOptional bool

	// IssuerAliases are other spellings of an iss, each with the right one.
	IssuerAliases map[string]string

	// Clients are the places that may hold the client's id; the first that is present
	// counts.
	Clients []Place

	// ClientRequired says that every token names its client.
	ClientRequired bool

	// NotClient are claims among azp and client_id that do not name the client if
	// their value ends as the text here says; an empty text is any value. All other
	// values of these two claims must be the client's id, whatever Clients has.
	NotClient map[string]string

	// CallerClaims are claims that say who calls, so that a rule which demands values
	// of one need not list clients.
	CallerClaims []CallerClaim

	// SoleAudienceIsClient says that aud is the client's id if none of Clients is
	// present and aud has one value.
	SoleAudienceIsClient bool

	// Service tells a service that calls as itself from a user.
	Service Service

	// Scopes are the places that may hold the scopes; the first that is present
	// counts. It is a string, or with ScopeLists also an array.
	Scopes     []Place
	ScopeLists bool

	// Roles are the places of permissions that are no scopes.
	Roles []Roles

	// AnyAudience says that each client of the issuer can get a token for every
	// audience, so that aud says nothing about who may call.
	AnyAudience bool

	// NoAudience says that tokens may lack aud.
	NoAudience bool

	// MaxLifetime is the longest lifetime of a token that the provider gives by
	// itself, where it is more than what is accepted otherwise; zero if it is not.
	MaxLifetime time.Duration
}

// Place is where a value stands in a token: the name of a claim, or, if it begins with a
// slash, a JSON Pointer (RFC 6901) that leads through objects to a member.
type Place = string

// Path returns the names that lead to a place; nil for the empty place.
func Path(p Place) []string {
	pointer, ok := strings.CutPrefix(p, "/")
	switch {
	case p == "":
		return nil
	case !ok:
		return []string{p}
	}
	path := strings.Split(pointer, "/")
	for i, step := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return path
}

// PlaceOf returns the place that a path leads to.
func PlaceOf(path []string) Place {
	if len(path) == 1 && !strings.HasPrefix(path[0], "/") {
		return path[0]
	}
	var b strings.Builder
	for _, step := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return b.String()
}

// CallerClaim is a claim that says who calls.
type CallerClaim struct {
	Claim string

	// VerifiedBy is a claim that must be true for Claim to count; empty for none.
	VerifiedBy string
}

// Service tells the token of a service that calls as itself from a user's.
type Service struct {
	// AnyOf are alternatives: a token is a service's own if all conditions of one of
	// them hold. An alternative without conditions means that every token is.
	AnyOf [][]Condition

	// Uncertain says that tokens do not tell for certain.
	Uncertain bool

	// Account is what the token of a client's account has; with any text in the place
	// of {client}, its subject is a client. Nil: nothing tells.
	Account *Condition

	// Proxy is for proxies, which cannot look at AnyOf. Without conditions for a
	// service, they do not tell the two.
	Proxy Proxy
}

// Everybody reports whether every token is a service's own.
func (s Service) Everybody() bool {
	for _, all := range s.AnyOf {
		if len(all) == 0 {
			return true
		}
	}
	return false
}

// Proxy says how a proxy, which only compares claims with texts, tells services and
// users. What it takes for a service or a user must be one by the rules above as well.
type Proxy struct {
	// Service and User are conditions that must all hold.
	Service, User []Condition

	// UsersLogIn says that User suffices. Elsewhere the subject must also be no known
	// client.
	UsersLogIn bool
}

// Condition is what one claim of a token must be like. Without Value, Not and Absent
// the claim must be present.
type Condition struct {
	Claim string

	// Value is the text that the claim must be. {client} stands for the client's id,
	// {client_lower} for that in lower case, and {client_dex} for the subject that Dex
	// makes of it.
	Value string

	// Optional lets the claim be absent as well.
	Optional bool

	// Not is a text that the claim must not be; it may be absent.
	Not string

	// Absent demands that the claim is absent.
	Absent bool
}

// The placeholders of [Condition.Value].
const (
	Client      = "{client}"
	ClientLower = "{client_lower}"
	ClientDex   = "{client_dex}"
)

// Roles is a place where roles stand.
type Roles struct {
	// Path leads to them, through objects. A step that is [Each] stands for each
	// member of the object; its name and a slash go before the role. Where one path
	// of a provider has it, a role elsewhere has no slash in its name, so that it
	// cannot be taken for one of these.
	Path []string

	// Names says that the roles are the names of the members of an object. Otherwise
	// they are an array of strings.
	Names bool

	// Objects lets a role in the array be an object that holds it as value (RFC 7643,
	// section 2.4).
	Objects bool
}

// Each is the step of a path that stands for each member.
const Each = "*"

// IDTokenClaims are what ID tokens and logout tokens carry, and access tokens of most
// issuers do not (OpenID Connect Core, section 2; OpenID Connect Back-Channel Logout,
// section 2.4).
var IDTokenClaims = []string{"nonce", "at_hash", "c_hash", "events"}

// scopeString is the claim of RFC 8693, section 4.2.
var scopeString = []Place{"scope"}

// noLogin are the conditions that nobody has logged in (OpenID Connect Core, section
// 2; sid: OpenID Connect Back-Channel Logout, section 2.1).
var noLogin = []Condition{{Claim: "sid", Absent: true}, {Claim: "auth_time", Absent: true}}

// subjectIsClient goes by RFC 9068, section 2.2: the subject of a client that calls as
// itself is the client, or missing. A user may have the name of a client (RFC 9700,
// section 4.15), but only a user logs in.
var subjectIsClient = Service{
	AnyOf: [][]Condition{
		{{Claim: "sub", Absent: true}},
		append([]Condition{{Claim: "sub", Value: Client}}, noLogin...),
	},
	Proxy: Proxy{Service: append([]Condition{{Claim: "sub", Value: Client}}, noLogin...)},
}

// everybody is for issuers that give tokens to services alone.
var everybody = Service{AnyOf: [][]Condition{{}}}

// without knows a service by the lack of a claim that all users have.
func without(claim string) Service {
	absent, present := []Condition{{Claim: claim, Absent: true}}, []Condition{{Claim: claim}}
	return Service{AnyOf: [][]Condition{absent}, Proxy: Proxy{Service: absent, User: present}}
}

// uncertain returns s for tokens that do not tell for certain.
func uncertain(s Service) Service {
	s.Uncertain, s.Proxy = true, Proxy{}
	return s
}

// rolesIn are the roles in an array.
func rolesIn(claim string) []Roles { return []Roles{{Path: []string{claim}}} }
