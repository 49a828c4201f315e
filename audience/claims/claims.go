package claims

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Claims are what a verified token says, read strictly: names are matched
// exactly, none stands twice, and each value has the type that its definition
// gives. They are immutable, and safe for concurrent use.
type Claims struct {
	binding   string // cnf.x5t#S256, "" if the token is not bound
	issuer    string
	subject   string
	client    string // the authorized party, "" if the token names none
	audience  []string
	scopes    []string
	roles     []string // permissions by the preset, never mixed with scopes
	expiry    time.Time
	notBefore time.Time
	issuedAt  time.Time
	authTime  time.Time // when the user logged in
	acr       string    // how
	id        string    // jti
	session   string    // sid
	service   bool      // a client that calls as itself
	account   bool      // the subject is some client, be it another
	caller    audience.Caller

	payload string                 // what was read; the strings above are parts of it
	members atomic.Pointer[member] // those of them that were asked for
}

// member is a claim beyond those that every token has. Lists of them only grow
// at the front.
type member struct {
	name  string
	value any
	next  *member
}

// Claims reads the payload of a token of an issuer of this kind. Its signature
// must have been verified: Claims looks at the form alone. It says nothing
// about the token being good for anything, which is what [access.Rule.Judge] is for.
// A payload that cannot be read without doubt is refused with
// [audience.CauseClaimsMalformed], [audience.CauseClaimMissing], [audience.CauseClientAmbiguous] or
// [audience.CauseTypeNotAllowed], and one that is bound to anything but a certificate
// with [audience.CauseBindingUnsupported].
func (p Preset) Claims(payload []byte) (*Claims, error) {
	members, err := strictjson.Object(payload)
	if err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	}
	return p.read(members, payload)
}

func (p Preset) read(members map[string]any, payload []byte) (*Claims, error) {
	r := reader{members: members}
	if err := p.check(&r); err != nil {
		return nil, err
	}
	c := &Claims{
		issuer: p.canonical(r.text("iss")), subject: r.text("sub"), audience: r.audience(),
		expiry: r.date("exp"), notBefore: r.date("nbf"), issuedAt: r.date("iat"), authTime: r.date("auth_time"),
		id: r.text("jti"), session: r.text("sid"), acr: r.text("acr"),
		scopes: r.scopes(p.token.Scopes, p.token.ScopeLists), caller: audience.Caller{Chain: r.actors()}, payload: string(payload),
	}
	c.roles = r.roles(p.token.Roles)
	err := p.who(c, &r)
	if err != nil {
		return nil, err
	}
	if c.binding, err = r.binding(); err != nil {
		return nil, err
	}
	c.own()
	c.introduce()
	return c, nil
}

// own makes the strings of c parts of its payload. What they were read into
// holds all of a second copy for as long as one of them is in use, and many
// thousand claims are kept at a time.
func (c *Claims) own() {
	for _, s := range []*string{&c.issuer, &c.subject, &c.client, &c.id, &c.session, &c.acr, &c.binding} {
		*s = c.part(*s)
	}
	for _, list := range [][]string{c.audience, c.scopes, c.roles, c.caller.Chain} {
		for i := range list {
			list[i] = c.part(list[i])
		}
	}
}

// part returns s as a part of the payload, if it stands there unescaped.
func (c *Claims) part(s string) string {
	if at := strings.Index(c.payload, s); at >= 0 {
		return c.payload[at : at+len(s)]
	}
	return strings.Clone(s)
}

// introduce tells the caller what the claims say of it.
func (c *Claims) introduce() {
	c.caller = audience.Caller{
		Issuer: c.issuer, Client: c.client, User: c.subject, Chain: c.caller.Chain,
		Scopes: c.scopes, Roles: c.roles, Audience: c.audience, Expiry: c.expiry,
	}
	if c.service {
		c.caller.User = ""
	}
	c.caller = *audience.NewCaller(c.caller, c)
}

// Caller returns who the claims say is calling. It is shared: do not change it.
func (c *Claims) Caller() *audience.Caller { return &c.caller }

// Issuer returns the iss claim.
func (c *Claims) Issuer() string { return c.issuer }

// Subject returns the sub claim, empty if there is none: the user, or
// whatever the issuer calls a client that calls as itself.
func (c *Claims) Subject() string { return c.subject }

// Client returns the id of the client that the token was issued to, empty if
// the token names none.
func (c *Claims) Client() string { return c.client }

// ID returns the jti claim, empty if there is none.
func (c *Claims) ID() string { return c.id }

// Session returns the sid claim, empty if there is none.
func (c *Claims) Session() string { return c.session }

// Audience returns a copy of the aud claim, nil if there is none.
func (c *Claims) Audience() []string { return slices.Clone(c.audience) }

// Addressed reports whether the token has an aud claim.
func (c *Claims) Addressed() bool { return len(c.audience) > 0 }

// HasAudience reports whether aud names this very audience.
func (c *Claims) HasAudience(aud string) bool { return slices.Contains(c.audience, aud) }

// AddressedOnlyTo reports whether aud names no other than these audiences.
func (c *Claims) AddressedOnlyTo(audiences []string) bool {
	for _, aud := range c.audience {
		if !slices.Contains(audiences, aud) {
			return false
		}
	}
	return true
}

// Scopes returns a copy of what was granted, nil if nothing was.
func (c *Claims) Scopes() []string { return slices.Clone(c.scopes) }

// HasScope reports whether this very scope was granted.
func (c *Claims) HasScope(scope string) bool { return slices.Contains(c.scopes, scope) }

// Roles returns a copy of the permissions that are no scopes, where the preset
// finds them; nil if there are none.
func (c *Claims) Roles() []string { return slices.Clone(c.roles) }

// HasRole reports whether the token has this very role.
func (c *Claims) HasRole(role string) bool { return slices.Contains(c.roles, role) }

// NotBefore returns the nbf claim; the zero time if there is none.
func (c *Claims) NotBefore() time.Time { return c.notBefore }

// AuthTime returns when the user logged in, the auth_time claim; the zero time
// if there is none.
func (c *Claims) AuthTime() time.Time { return c.authTime }

// ACR returns how the user logged in, the acr claim; empty if there is none.
func (c *Claims) ACR() string { return c.acr }

// IsService reports whether the token is of a client that calls as itself.
func (c *Claims) IsService() bool { return c.service }

// IsAccount reports whether the subject of the token is a client, be it another
// than the one that calls.
func (c *Claims) IsAccount() bool { return c.account }

// IssuedAt returns the iat claim; the zero time if there is none.
func (c *Claims) IssuedAt() time.Time { return c.issuedAt }

// Binding returns the SHA-256 of the certificate that the token is bound to, as
// cnf.x5t#S256 has it (RFC 8705, section 3.1); empty if it is not bound. Hold it
// to the peer's with [access.Rule.CheckBinding].
func (c *Claims) Binding() string { return c.binding }

// Expiry returns the exp claim.
func (c *Claims) Expiry() time.Time { return c.expiry }

// Claim returns a copy of the claim of that name, of the types that a decoder
// of encoding/json makes with UseNumber; false if there is none.
func (c *Claims) Claim(name string) (any, bool) {
	value, ok := c.member(name)
	return jsonvalue.Clone(value), ok
}

// HasClaim reports whether the claim of that name is one of these values, or an
// array of which one is.
func (c *Claims) HasClaim(name string, values []string) bool {
	value, _ := c.member(name)
	switch v := value.(type) {
	case string:
		return slices.Contains(values, v)
	case []any:
		return slices.ContainsFunc(v, func(v any) bool {
			text, ok := v.(string)
			return ok && slices.Contains(values, text)
		})
	}
	return false
}

// member returns the claim of that name, of the types of [strictjson.Object];
// do not change it. The payload is decoded when the name is first asked for,
// so that a token whose further claims nobody reads stays small.
func (c *Claims) member(name string) (any, bool) {
	known := c.members.Load()
	for m := known; m != nil; m = m.next {
		if m.name == name {
			return m.value, true
		}
	}
	members, _ := strictjson.Object([]byte(c.payload)) // it was read once
	value, ok := members[name]
	if !ok {
		return nil, false
	}
	switch v := value.(type) {
	case string:
		value = c.part(v)
	case []any:
		for i := range v {
			if text, ok := v[i].(string); ok {
				v[i] = c.part(text)
			}
		}
	}
	// Who loses a race decodes again the next time.
	c.members.CompareAndSwap(known, &member{name, value, known})
	return value, true
}
