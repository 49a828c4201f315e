package revocation

import (
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Entry names revoked tokens: those of Issuer that match all fields that are not empty.
// At least one field besides Issuer and Expires must be set. An entry without
// IssuedBefore also matches tokens that are issued later, which locks out a user or a
// client.
type Entry struct {
	// Issuer is the iss of the tokens. Required.
	Issuer string

	// ID is the jti claim of one token. Session is the sid claim of a login.
	// Subject is the sub claim of a user or a client. Client is the id of the client
	// that the tokens were issued to.
	ID, Session, Subject, Client string

	// IssuedBefore limits the entry to tokens with an earlier iat, and to tokens
	// without iat. Most issuers write whole seconds, so a token of the same second
	// counts as issued before.
	IssuedBefore time.Time

	// Expires is the latest exp of these tokens. The entry may be dropped then.
	// Required.
	Expires time.Time
}

// listed is an [Entry] in a [List]. It is immutable.
type listed struct {
	target  target
	before  time.Time // for a dated target: the iat of the tokens is earlier
	expires time.Time
}

func (r *listed) matches(c *claims.Claims) bool {
	return !r.target.dated || c.IssuedAt().Before(r.before)
}

// expired compares the wall clock, since another machine dated the tokens.
func (r *listed) expired(now time.Time) bool { return !now.Round(0).Before(r.expires) }

// entry returns the entry as it was given to [List.Revoke].
func (r *listed) entry() Entry {
	v := r.target.values
	return Entry{Issuer: r.target.issuer, ID: v[0], Session: v[1], Subject: v[2], Client: v[3], IssuedBefore: r.before, Expires: r.expires.Add(-Leeway)}
}
