package access

import (
	"reflect"
	"time"
)

// Dialect says how an authorization server writes its tokens, and how clients request
// them, where no preset fits. A field that is left out means the strict choice. A claim
// is named by itself, or, inside an object, by a JSON Pointer (RFC 6901) such as
// "/realm_access/roles"; no pointer leads through an array. The zero value is no dialect.
type Dialect struct {
	// Types are the accepted typ headers of its access tokens; "none" is a token
	// without one. Case and a leading "application/" are ignored. Required.
	Types []string

	// Client are the claims that may hold the client's id; the first that is present
	// counts. Required, unless CallerClaims say who calls.
	Client []string

	// SoleAudienceIsClient takes the only value of aud for the client's id if none of
	// Client is present.
	SoleAudienceIsClient bool

	// ClientOptional accepts tokens that name no client. Rules that list clients
	// refuse them.
	ClientOptional bool

	// NotClient says which of the claims azp and client_id may hold something else than
	// the client's id, and how that value ends, after a star: "*.example.com". "*" is
	// any value. Any other value of these claims must be the client's id. Empty means
	// that both must be.
	NotClient map[string]string

	// CallerClaims are claims that say who calls. A rule that demands values of one
	// need not list clients.
	CallerClaims []CallerClaim

	// Subject is the claim that says which user; empty means sub.
	Subject string

	// SubjectPrefix is what each subject begins with; empty means anything.
	SubjectPrefix string

	// SubjectOptional accepts a user's token without a subject, unless it records a
	// login.
	SubjectOptional bool

	// Required are claims that each token must have, such as "jti".
	Required []string

	// Values are claims that must have exactly this text.
	Values map[string]string

	// Forbidden are the claims that mark tokens of other kinds. Empty means the claims
	// of ID tokens and logout tokens: nonce, at_hash, c_hash and events.
	Forbidden []string

	// NoForbidden forbids no claim. The file writes it as forbidden: none.
	NoForbidden bool

	// IssuerAliases are other spellings of the issuer's URL in iss.
	IssuerAliases []string

	// Scopes are the claims that may hold the scopes, as one string; the first that is
	// present counts. Empty means that tokens have none.
	Scopes []string

	// ScopeLists also accepts an array of scopes.
	ScopeLists bool

	// Roles are the claims that hold roles. Empty means that tokens have none.
	Roles []RolePlace

	// RoleScope is a scope that clients must request, so that their tokens have roles;
	// empty means that none is needed.
	RoleScope string

	// Services says which tokens belong to a service that calls as itself: all
	// conditions of one item hold. Empty means that tokens do not distinguish services
	// from users, so that no rule can restrict its callers.
	Services []ServiceMark

	// AllServices says that services alone get tokens, and NoServices that users alone
	// do. The file writes them as services: all and services: none.
	AllServices, NoServices bool

	// UncertainServices says that Services or AllServices may be wrong, so that no rule
	// can restrict its callers.
	UncertainServices bool

	// ClientAccount marks the subject of an exchanged token as a client, and not a user.
	// The zero value means that only a client's id does.
	ClientAccount AccountMark

	// Audiences says for which audiences a client gets tokens; empty means
	// [AnyAudience].
	Audiences Audiences

	// MaxLifetime is the longest lifetime of a token, unless the issuer says
	// otherwise; zero means [DefaultMaxLifetime].
	MaxLifetime time.Duration

	// Ask says how a client requests an audience: a Parameter or a Scope. The zero value
	// is the parameter audience.
	Ask Ask

	// Exchange says how a client requests an audience in a token exchange (RFC 8693);
	// the zero value is like Ask.
	Exchange Ask

	// ExchangeAudience adds the parameter audience to Ask in a token exchange.
	ExchangeAudience bool

	// OnBehalfOf exchanges a caller's token by the grant of RFC 7523 with
	// requested_token_use=on_behalf_of, and not by RFC 8693.
	OnBehalfOf bool
}

// CallerClaim is a claim that says who calls.
type CallerClaim struct {
	// Claim is its name.
	Claim string

	// VerifiedBy is a claim that must be true for Claim to count, such as
	// "email_verified"; empty means none.
	VerifiedBy string
}

// RolePlace is a claim that holds roles.
type RolePlace struct {
	// Claim is its name or its JSON Pointer. A "*" in the pointer stands for each member
	// of an object; a role then begins with the member's name and a slash.
	Claim string

	// As is "names" if the roles are the names of an object's members, and "objects" if
	// a role may be an object that holds it as value (RFC 7643, section 2.4). Empty
	// means an array of strings.
	As string
}

// ServiceMark is a condition on claims; all parts of it must hold. In the texts of Equal,
// {client} stands for the client's id, {client_lower} for the id in lower case, and
// {client_dex} for the subject that Dex makes of the id.
type ServiceMark struct {
	// Equal are claims that must have exactly this text.
	Equal map[string]string

	// Present are claims that must be there, and Absent claims that must not.
	Present, Absent []string

	// Not are claims that must not have this text; they may be absent.
	Not map[string]string
}

// AccountMark is a claim with the name of a client's account.
type AccountMark struct {
	// Claim is its name.
	Claim string

	// Value is its text, with {client}, {client_lower} or {client_dex} for the client's
	// id.
	Value string
}

// Audiences says for which audiences the clients of an issuer get tokens.
type Audiences string

// The values of [Audiences].
const (
	// AnyAudience says that each client gets tokens for every audience, so that aud
	// says nothing about who may call. It is the default.
	AnyAudience Audiences = "any"

	// GrantedAudiences says that a client gets tokens only for the audiences that it
	// was granted at the issuer.
	GrantedAudiences Audiences = "granted"

	// NoAudience is like GrantedAudiences, but tokens may lack aud.
	NoAudience Audiences = "none"
)

// IsZero reports whether d is no dialect.
func (d Dialect) IsZero() bool { return reflect.ValueOf(d).IsZero() }
