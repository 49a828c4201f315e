package provider

import (
	"strings"
	"time"
)

// Token describes the access tokens of a provider. iss and exp are required in all
// tokens.
type Token struct {
	// Types are the accepted typ headers, in lower case and without "application/";
	// an empty one is an absent header.
	Types []string

	// Required are the claims that must be present.
	Required []string

	// Values are claims that must have exactly these values.
	Values map[string]string

	// Forbidden are the claims that mark tokens of other kinds, such as ID tokens.
	Forbidden []string

	// Subject is the [Place] of the subject; empty means the claim sub.
	Subject Place

	// SubjectPrefix is the beginning of each subject.
	SubjectPrefix string

	// SubjectOptional lets a token lack sub unless it records a login. By default only
	// the token of a service may lack it.
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

	// CallerClaims are claims that identify the caller. A rule that demands values of
	// one of them need not list clients.
	CallerClaims []CallerClaim

	// SoleAudienceIsClient says that aud is the client's id if none of Clients is
	// present and aud has one value.
	SoleAudienceIsClient bool

	// Service distinguishes a service that calls as itself from a user.
	Service Service

	// Scopes are the places that may hold the scopes; the first that is present
	// counts. It is a string, or with ScopeLists also an array.
	Scopes     []Place
	ScopeLists bool

	// Roles are the places of permissions that are not scopes.
	Roles []Roles

	// AnyAudience says that each client of the issuer can get a token for every
	// audience, so that aud says nothing about who may call.
	AnyAudience bool

	// NoAudience says that tokens may lack aud.
	NoAudience bool

	// MaxLifetime is the longest lifetime of tokens of the provider, if it is longer
	// than what is accepted otherwise; zero if it is not.
	MaxLifetime time.Duration
}

// Place is the place of a value in a token: the name of a claim, or, if it begins with
// a slash, a JSON Pointer (RFC 6901) through objects to a member.
type Place = string

// Path returns the names of the members on the way to a place; nil for the empty
// place.
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

// ValueAt returns the value at a place of a token with these members. A value that is not
// an object has no members.
func ValueAt(members map[string]any, p Place) (value any, ok bool) {
	if !strings.HasPrefix(p, "/") {
		value, ok = members[p]
		return value, ok
	}
	value = members
	for _, step := range Path(p) {
		object, _ := value.(map[string]any)
		if value, ok = object[step]; !ok {
			return nil, false
		}
	}
	return value, true
}

// PlaceOf returns the place at the end of a path.
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

// CallerClaim is a claim that identifies the caller.
type CallerClaim struct {
	Claim string

	// VerifiedBy is a claim that must be true for Claim to count; empty for none.
	VerifiedBy string
}

// Service distinguishes the token of a service that calls as itself from the token of
// a user.
type Service struct {
	// AnyOf are alternatives: a token is a service's own if all conditions of one of
	// them hold. If there is an alternative without conditions, every token is.
	AnyOf [][]Condition

	// Uncertain says that tokens do not show it with certainty.
	Uncertain bool

	// Account is the condition that holds for the token of a client's account. If it
	// holds with any text in the place of {client}, its subject is a client. Nil means
	// that no claim shows this.
	Account *Condition

	// Proxy is for proxies, which cannot check AnyOf. Without conditions for a
	// service, a proxy cannot distinguish services from users.
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

// Proxy says how a proxy, which only compares claims with texts, distinguishes
// services from users. A token that it counts as a service's or a user's must be that
// by the rules above as well.
type Proxy struct {
	// Service and User are conditions that must all hold.
	Service, User []Condition

	// UsersLogIn says that the conditions of User are sufficient. Otherwise, in
	// addition, the subject must not be a known client.
	UsersLogIn bool
}

// Condition is a condition on one claim of a token. Without Value, Not and Absent the
// claim must be present.
type Condition struct {
	Claim string

	// Value is the text that the claim must be. {client} stands for the client's id,
	// {client_lower} for the id in lower case, and {client_dex} for the subject that
	// Dex makes from it.
	Value string

	// Optional lets the claim be absent as well.
	Optional bool

	// Not is a text that the claim must not be; it may be absent.
	Not string

	// Absent demands that the claim is absent.
	Absent bool
}

// These are the placeholders of [Condition.Value].
const (
	Client      = "{client}"
	ClientLower = "{client_lower}"
	ClientDex   = "{client_dex}"
)

// Roles is a place of roles in a token.
type Roles struct {
	// Path leads to the roles, through objects. The step [Each] stands for each member
	// of the object; the member's name and a slash are put before the role. If one
	// path of a provider has this step, a role at another path has no slash in its
	// name, so that it cannot be confused with these.
	Path []string

	// Names says that the roles are the names of the members of an object. Otherwise
	// they are an array of strings.
	Names bool

	// Objects lets a role in the array be an object that holds it as value (RFC 7643,
	// section 2.4).
	Objects bool
}

// Each is the step of a path that stands for each member of an object.
const Each = "*"

// IDTokenClaims are claims of ID tokens and logout tokens that access tokens of most
// issuers do not have (OpenID Connect Core, section 2; OpenID Connect Back-Channel
// Logout, section 2.4).
var IDTokenClaims = []string{"nonce", "at_hash", "c_hash", "events"}

// scopeString is the claim of RFC 8693, section 4.2.
var scopeString = []Place{"scope"}

// noLogin are the conditions that hold if no user has logged in (OpenID Connect Core,
// section 2; sid: OpenID Connect Back-Channel Logout, section 2.1).
var noLogin = []Condition{{Claim: "sid", Absent: true}, {Claim: "auth_time", Absent: true}}

// subjectIsClient follows RFC 9068, section 2.2: the subject of a client that calls as
// itself is the client, or missing. A user may have the name of a client (RFC 9700,
// section 4.15), but only a user logs in.
var subjectIsClient = Service{
	AnyOf: [][]Condition{
		{{Claim: "sub", Absent: true}},
		append([]Condition{{Claim: "sub", Value: Client}}, noLogin...),
	},
	Proxy: Proxy{Service: append([]Condition{{Claim: "sub", Value: Client}}, noLogin...)},
}

// everybody is for issuers that issue tokens only to services.
var everybody = Service{AnyOf: [][]Condition{{}}}

// without recognises a service by the absence of a claim that all users have.
func without(claim string) Service {
	absent, present := []Condition{{Claim: claim, Absent: true}}, []Condition{{Claim: claim}}
	return Service{AnyOf: [][]Condition{absent}, Proxy: Proxy{Service: absent, User: present}}
}

// uncertain returns s for tokens that do not show it with certainty.
func uncertain(s Service) Service {
	s.Uncertain, s.Proxy = true, Proxy{}
	return s
}

// rolesIn returns the place of roles in an array.
func rolesIn(claim string) []Roles { return []Roles{{Path: []string{claim}}} }
