package audience

import (
	"context"
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
	Service string

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

	// Audience is the token's aud.
	Audience []string

	// Expiry is when the token ends.
	Expiry time.Time

	// member finds further claims; nil for a caller that was made by hand. It is
	// a function so that fmt does not print them.
	member func(name string) (any, bool)
}

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
	c.Chain, c.Scopes, c.Audience = slices.Clone(c.Chain), slices.Clone(c.Scopes), slices.Clone(c.Audience)
	return c, true
}
