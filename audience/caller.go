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
	// Issuer is the authorization server that vouches for everything below.
	// A client is (Issuer, Service), a user is (Issuer, User).
	Issuer string

	// Service is the id of the client that the token was issued to (its
	// authorized party). Empty only if the rule allows any client and the
	// token names none.
	Client string

	// User is the subject on whose behalf Service calls; empty if it calls as
	// itself, and where the token does not say for whom (a lightweight token of
	// Keycloak): a rule that must know says which callers it means.
	User string

	// Chain lists the parties that act for User, the latest first (the act
	// claim of RFC 8693, section 4.1). Only the first is the present actor;
	// the others are history and never a ground for a decision.
	Chain []string

	// Scopes are what was granted.
	Scopes []string

	// Roles are the permissions that are no scopes, where the issuer's tokens
	// name some.
	Roles []string

	// Audience is the token's aud.
	Audience []string

	// Expiry is when the token ends.
	Expiry time.Time

	claims *source // the further claims; nil for a caller that was made by hand
}

// ClaimSource finds the claims of a caller's token.
type ClaimSource interface {
	// Claim returns a copy of the claim of that name, of the types that a decoder
	// of encoding/json makes with UseNumber; false if there is none. It is safe
	// for concurrent use.
	Claim(name string) (value any, ok bool)
}

// ClaimMap is the claims of a caller in a test: a [ClaimSource] of ordinary Go
// values, which read as encoding/json would write them, and a time.Time as a
// NumericDate (RFC 7519, section 2).
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

// source hides a ClaimSource from fmt, which prints what a pointer within a
// struct points to at no level but the first.
type source struct{ ClaimSource }

// NewCaller returns a caller with further claims, for [Claim] to read. A
// handler's test makes one, with a [ClaimMap]; the claims of a verified token
// are another source.
func NewCaller(c Caller, claims ClaimSource) *Caller {
	c.claims = &source{claims}
	return &c
}

// HasScope reports whether this very scope was granted.
func (c Caller) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// HasRole reports whether the caller has this very role.
func (c Caller) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

type callerKey struct{}

// NewContext returns a context that carries caller. The interceptors call it
// for admitted calls; a handler's test calls it to play one.
func NewContext(ctx context.Context, caller *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext returns a copy of the caller that the interceptors admitted;
// false where none was: outside a guarded server and on public methods.
func FromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(*Caller)
	if !ok || caller == nil {
		return Caller{}, false
	}
	c := *caller
	c.Chain, c.Scopes, c.Roles, c.Audience = slices.Clone(c.Chain), slices.Clone(c.Scopes), slices.Clone(c.Roles), slices.Clone(c.Audience)
	return c, true
}
