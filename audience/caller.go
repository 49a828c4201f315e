package audience

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Caller is who made an admitted call. It is audit information and input for
// the handler's own decisions; the rule has been applied already.
type Caller struct {
	// Issuer is the authorization server whose token says everything below.
	// A client is (Issuer, Client), a user is (Issuer, User).
	Issuer string

	// Client is the id of the client that the token was issued to (its
	// authorized party). It is empty only if the rule allows any client and
	// the token names none.
	Client string

	// User is the subject on whose behalf Client calls. It is empty if Client
	// calls as itself, or if the token does not name the user (a lightweight
	// token of Keycloak). A rule that must tell users from services says which
	// callers it admits.
	User string

	// Chain lists the parties that act for User, the latest first (the act
	// claim of RFC 8693, section 4.1). Only the first is the current actor. Do
	// not base a decision on the others: they are history.
	Chain []string

	// Scopes are the scopes that were granted.
	Scopes []string

	// Roles are the permissions in the token that are not scopes. Not every
	// issuer writes roles into its tokens.
	Roles []string

	// Audience is the token's aud.
	Audience []string

	// Expiry is when the token ends.
	Expiry time.Time

	claims *source // the further claims; nil for a caller that was made by hand
}

// ClaimSource finds the claims of a caller's token.
type ClaimSource interface {
	// Claim returns a copy of the claim with that name, or false if there is no
	// such claim. The types are those that a decoder of encoding/json makes with
	// UseNumber. Claim is safe for concurrent use.
	Claim(name string) (value any, ok bool)
}

// ClaimMap is a [ClaimSource] for tests: the claims of a caller as ordinary Go
// values. They are read in the form in which encoding/json writes them; a
// time.Time is read as a NumericDate (RFC 7519, section 2).
type ClaimMap map[string]any

// Claim implements [ClaimSource].
func (m ClaimMap) Claim(name string) (any, bool) {
	value, ok := m[name]
	if !ok {
		return nil, false
	}
	if date, is := value.(time.Time); is {
		value = date.Unix()
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var read any
	return read, decoder.Decode(&read) == nil
}

// source hides a ClaimSource from fmt: fmt follows a pointer at the first level
// only, not a pointer inside a struct.
type source struct{ ClaimSource }

// NewCaller returns a caller with further claims, which [Claim] reads. The test
// of a handler calls it with a [ClaimMap]. In a server, the claims of the
// verified token are the source.
func NewCaller(c Caller, claims ClaimSource) *Caller {
	c.claims = &source{claims}
	return &c
}

// HasScope reports whether exactly this scope was granted.
func (c Caller) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// HasRole reports whether the caller has exactly this role.
func (c Caller) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

type callerKey struct{}

// NewContext returns a context that carries caller. The interceptors call it
// for admitted calls. The test of a handler calls it to simulate such a call.
func NewContext(ctx context.Context, caller *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext returns a copy of the caller that the interceptors admitted. It
// returns false if there is no caller: outside a guarded server, on a public
// method, for a call without a token where the token is optional, and for a call
// that went through only because the rule is not enforced yet.
func FromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(*Caller)
	if !ok || caller == nil {
		return Caller{}, false
	}
	c := *caller
	c.Chain, c.Scopes, c.Roles, c.Audience = slices.Clone(c.Chain), slices.Clone(c.Scopes), slices.Clone(c.Roles), slices.Clone(c.Audience)
	return c, true
}
