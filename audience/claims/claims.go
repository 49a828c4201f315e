package claims

import (
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Claims are the claims of a verified token. They were read strictly: names are
// matched exactly, no name occurs twice, and each value has the type that its
// specification gives. Claims are immutable, and safe for concurrent use.
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
	acr       string    // how the user logged in
	id        string    // jti
	session   string    // sid
	service   bool      // the client calls as itself
	account   bool      // the subject is a client, perhaps another than the one that calls
	caller    *audience.Caller

	names     []provider.CallerClaim // the claims that say who calls
	malformed map[Part]error         // why parts that rules may ask about cannot be read; mostly nil

	text string // the payload; the strings above are parts of it, which saves memory

	mu      sync.Mutex
	further map[string]any // guarded by mu: other claims that were asked for
}

// Claims reads the payload of a token of an issuer of this kind. The caller of
// Claims must have verified the signature: Claims checks only the form. Whether a
// call with the token is admitted is decided by [access.Rule.Judge].
//
// A payload that is malformed or ambiguous is refused with
// [audience.CauseClaimsMalformed], [audience.CauseClaimMissing],
// [audience.CauseClientAmbiguous] or [audience.CauseTypeNotAllowed]. A token that
// is bound to anything but a certificate is refused with
// [audience.CauseBindingUnsupported].
func (p Preset) Claims(payload []byte) (*Claims, error) {
	decoded, err := Decode(string(payload))
	if err != nil {
		return nil, err
	}
	return decoded.Claims(p)
}

// read reads decoded members; the strings in them are parts of text.
func (p Preset) read(members map[string]any, text string) (*Claims, error) {
	r := reader{members: members}
	if err := p.check(&r); err != nil {
		return nil, err
	}
	c := &Claims{text: text, names: p.token.CallerClaims}
	p.readOptional(c, &r)
	c.issuer, c.subject, c.audience = p.canonical(r.text("iss")), r.text(p.subject()), r.audience()
	c.expiry, c.notBefore, c.issuedAt = r.date("exp"), r.date("nbf"), r.date("iat")
	c.id, c.session = r.text("jti"), r.text("sid")
	chain := r.actors()
	err := p.identify(c, &r)
	if err != nil {
		return nil, err
	}
	if c.binding, err = p.binding(&r); err != nil {
		return nil, err
	}
	c.setCaller(chain)
	return c, nil
}

// Part is a part of a token that only some rules ask about.
type Part string

// The parts that a token may have in a form that cannot be read.
const (
	Scopes   Part = "scopes"
	Roles    Part = "roles"
	ACR      Part = "acr"
	AuthTime Part = "auth_time"
)

// readOptional reads the parts that only some rules ask about, and takes their errors
// from the reader. It runs before everything else is read.
func (p Preset) readOptional(c *Claims, r *reader) {
	c.scopes = r.scopes(p.token.Scopes, p.token.ScopeLists)
	c.note(Scopes, r.takeError())
	c.roles = r.roles(p.token.Roles)
	if c.note(Roles, r.takeError()); c.Malformed(Roles) != nil {
		c.roles = nil
	}
	c.acr = r.text("acr")
	c.note(ACR, r.takeError())
	c.authTime = r.date("auth_time")
	c.note(AuthTime, r.takeError())
}

// note records why a part cannot be read; nil if it can.
func (c *Claims) note(p Part, why error) {
	if why == nil {
		return
	}
	if c.malformed == nil {
		c.malformed = map[Part]error{}
	}
	c.malformed[p] = why
}

// Malformed returns why a part of the token cannot be read, nil if it can or the token
// has none. Claims then reports none, and a rule that asks about the part refuses.
func (c *Claims) Malformed(p Part) error { return c.malformed[p] }

// setCaller fills in the caller.
func (c *Claims) setCaller(chain []string) {
	caller := audience.Caller{
		Issuer: c.issuer, Client: c.client, User: c.subject, Chain: chain,
		Scopes: c.scopes, Roles: c.roles, Audience: c.audience, Expiry: c.expiry,
	}
	if c.service {
		caller.User = ""
	}
	c.caller = audience.NewCaller(caller, c)
}

// Caller returns the caller that the claims name. It is shared: do not change it.
func (c *Claims) Caller() *audience.Caller { return c.caller }

// Issuer returns the iss claim.
func (c *Claims) Issuer() string { return c.issuer }

// Subject returns the sub claim, empty if there is none. It is the user, or, if
// the client calls as itself, the issuer's name for the client.
func (c *Claims) Subject() string { return c.subject }

// Client returns the id of the client that the token was issued to, empty if
// the token names none.
func (c *Claims) Client() string { return c.client }

// ID returns the jti claim, empty if there is none.
func (c *Claims) ID() string { return c.id }

// Session returns the sid claim, empty if there is none.
func (c *Claims) Session() string { return c.session }

// Audience returns a copy of the aud claim: nil if there is none, and empty if the
// issuer wrote an empty array.
func (c *Claims) Audience() []string { return slices.Clone(c.audience) }

// Addressed reports whether the token has an audience.
func (c *Claims) Addressed() bool { return len(c.audience) > 0 }

// HasAudience reports whether aud has exactly this audience.
func (c *Claims) HasAudience(aud string) bool { return slices.Contains(c.audience, aud) }

// AddressedOnlyTo reports whether every value of aud is one of these audiences.
func (c *Claims) AddressedOnlyTo(audiences []string) bool {
	for _, aud := range c.audience {
		if !slices.Contains(audiences, aud) {
			return false
		}
	}
	return true
}

// Scopes returns a copy of the granted scopes, nil if there are none.
func (c *Claims) Scopes() []string { return slices.Clone(c.scopes) }

// HasScope reports whether exactly this scope was granted.
func (c *Claims) HasScope(scope string) bool { return slices.Contains(c.scopes, scope) }

// Roles returns a copy of the permissions that are not scopes, from the claims
// that the preset names; nil if there are none.
func (c *Claims) Roles() []string { return slices.Clone(c.roles) }

// HasRole reports whether the token has exactly this role.
func (c *Claims) HasRole(role string) bool { return slices.Contains(c.roles, role) }

// NotBefore returns the nbf claim, or the zero time if there is none.
func (c *Claims) NotBefore() time.Time { return c.notBefore }

// AuthTime returns the auth_time claim, the time at which the user logged in, or
// the zero time if there is none.
func (c *Claims) AuthTime() time.Time { return c.authTime }

// ACR returns the acr claim, the kind of the user's login; empty if there is none.
func (c *Claims) ACR() string { return c.acr }

// IsService reports whether the client that the token was issued to calls as
// itself.
func (c *Claims) IsService() bool { return c.service }

// IsAccount reports whether the subject of the token is a client: the client that
// calls, or another one.
func (c *Claims) IsAccount() bool { return c.account }

// IssuedAt returns the iat claim, or the zero time if there is none.
func (c *Claims) IssuedAt() time.Time { return c.issuedAt }

// Binding returns the SHA-256 of the certificate that the token is bound to, as
// in cnf.x5t#S256 (RFC 8705, section 3.1); empty if the token is not bound.
// [access.Rule.Judge] compares it with the certificate of the peer.
func (c *Claims) Binding() string { return c.binding }

// Expiry returns the exp claim.
func (c *Claims) Expiry() time.Time { return c.expiry }

// Claim returns a copy of the claim with that name, or false if there is no such
// claim. The types are those that a decoder of encoding/json makes with UseNumber.
func (c *Claims) Claim(name string) (any, bool) {
	value, ok := c.member(name)
	return jsonvalue.Clone(value), ok
}

// HasClaim reports whether the claim with that name is one of these values, or is
// an array that holds one of them. A claim that says who calls must be a text, and
// verified if the issuer verifies it, such as email.
func (c *Claims) HasClaim(name string, values []string) bool {
	who := slices.IndexFunc(c.names, func(caller provider.CallerClaim) bool { return caller.Claim == name })
	if who >= 0 && !c.verified(c.names[who].VerifiedBy) {
		return false
	}
	value, _ := c.member(name)
	switch v := value.(type) {
	case string:
		return slices.Contains(values, v)
	case []any:
		return who < 0 && slices.ContainsFunc(v, func(v any) bool {
			text, ok := v.(string)
			return ok && slices.Contains(values, text)
		})
	}
	return false
}

// verified reports whether a claim is true; also if none is named.
func (c *Claims) verified(by string) bool {
	value, _ := c.member(by)
	return by == "" || value == true
}

// member returns the claim of that name, of the types of [strictjson.Object];
// do not change it. The payload is decoded again when a name is first read, so
// that a token takes little memory if its further claims are never read.
func (c *Claims) member(name string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.further[name]
	if ok {
		return value, true
	}
	members, _ := strictjson.Object(c.text) // it was read before, without an error
	if value, ok = members[name]; !ok {
		return nil, false
	}
	if c.further == nil {
		c.further = map[string]any{}
	}
	c.further[name] = value
	return value, true
}
