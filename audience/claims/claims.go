package claims

import (
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Claims are the claims of a verified token, read strictly: names are matched
// exactly, no name occurs twice, and each value has the type that its definition
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
	acr       string    // how the user logged in
	id        string    // jti
	session   string    // sid
	service   bool      // the client calls as itself
	account   bool      // the subject is a client, perhaps another than the one that calls
	caller    *audience.Caller

	text string // the payload; the strings above are parts of it, which saves memory

	mu      sync.Mutex
	further map[string]any // guarded by mu: other claims that were asked for
}

// Claims reads the payload of a token of an issuer of this kind. Its signature must
// have been verified: Claims looks at the form only. Whether the token is good for a
// call is what [access.Rule.Judge] decides.
//
// A payload that cannot be read without doubt is refused with
// [audience.CauseClaimsMalformed], [audience.CauseClaimMissing],
// [audience.CauseClientAmbiguous] or [audience.CauseTypeNotAllowed], and one that is
// bound to anything but a certificate with [audience.CauseBindingUnsupported].
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
	c := &Claims{
		issuer: p.canonical(r.text("iss")), subject: r.text("sub"), audience: r.audience(),
		expiry: r.date("exp"), notBefore: r.date("nbf"), issuedAt: r.date("iat"), authTime: r.date("auth_time"),
		id: r.text("jti"), session: r.text("sid"), acr: r.text("acr"),
		scopes: r.scopes(p.token.Scopes, p.token.ScopeLists), text: text,
	}
	chain := r.actors()
	c.roles = r.roles(p.token.Roles)
	err := p.identify(c, &r)
	if err != nil {
		return nil, err
	}
	if c.binding, err = r.binding(); err != nil {
		return nil, err
	}
	c.setCaller(chain)
	return c, nil
}

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

// Caller returns who the claims say is calling. It is shared: do not change it.
func (c *Claims) Caller() *audience.Caller { return c.caller }

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
// to the peer's with [access.Rule.Judge].
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
// do not change it. The payload is decoded again when a name is first asked for,
// so that a token whose further claims nobody reads takes little memory.
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
