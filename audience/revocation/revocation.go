package revocation

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// maxLeeway is the widest difference of clocks that a matrix may allow for.
const maxLeeway = 5 * time.Minute

// Checker says which tokens are no longer good, though they are genuine
// and alive. It must be safe for concurrent use.
type Checker interface {
	// Revoked returns nil for a token that is good, and a [audience.Refusal] with
	// [audience.CauseRevoked] for one that is not. Any other error means that it could
	// not be found out; the call is refused with [audience.CauseRevocationUnavailable]
	// then.
	Revoked(ctx context.Context, c *claims.Claims) error
}

// Entry names tokens that are no longer good: those of Issuer to which all
// fields apply that are not empty. At least one of the others, Expires aside,
// must be set. What has no IssuedBefore also meets tokens that are yet to be
// issued, which is how a user or a client is locked out.
type Entry struct {
	// Issuer is the iss of the tokens. Required.
	Issuer string

	// ID is one token, by its jti claim; Session a login, by sid; Subject a
	// user, or a client as the issuer calls it, by sub; Client the client that
	// the tokens were issued to.
	ID, Session, Subject, Client string

	// IssuedBefore is for tokens with an iat before it, and for those without
	// iat. Most issuers write whole seconds: a token of the same second counts
	// as issued before.
	IssuedBefore time.Time

	// Expires is when the last of these tokens ends by its exp, at which the
	// entry may be forgotten. Required.
	Expires time.Time
}

// ErrFull says that a [List] has no room for another
// entry. It forgets none that still counts.
var ErrFull = errors.New("audience: revocation list is full")

// List is a bounded list of revocations in memory, the same for all
// servers that are given it. An entry counts from the moment that
// [List.Revoke] returns: for every call, also with a token that was
// admitted before, and for running streams within a second. It is safe for
// concurrent use, and asking it takes no lock. Make one with
// [NewList].
type List struct {
	bound   int
	table   atomic.Pointer[revocationTable]
	mu      sync.Mutex // held to change the list; guards what follows
	count   int        // entries in table
	soonest time.Time  // when the first of them may expire
}

// NewList returns an empty list of at most bound entries. It takes
// some 16 to 32 bytes for each of them now, and 200 when it comes.
func NewList(bound int) *List {
	l := &List{bound: bound}
	l.table.Store(newRevocationTable(bound))
	return l
}

// Revoke adds an entry. If there is one for the same tokens, the later times of
// the two count. What has expired is passed over. The error says what is
// missing, or is [ErrFull].
func (l *List) Revoke(r Entry) error {
	target := target{r.Issuer, [...]string{r.ID, r.Session, r.Subject, r.Client}, !r.IssuedBefore.IsZero()}
	switch {
	case r.Issuer == "":
		return errors.New("audience: revocation without an issuer")
	case target.shape() == 0:
		return errors.New("audience: revocation of all tokens of an issuer: want an id, session, subject, client or time")
	case r.Expires.IsZero():
		return errors.New("audience: revocation without an end")
	}
	now := time.Now()
	// A token is accepted for as long after exp as clocks may differ.
	entry := &revocation{target: target, before: r.IssuedBefore, expires: r.Expires.Add(maxLeeway)}
	if entry.expired(now) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.table.Load().find(target)
	switch {
	case known != nil:
		entry.before, entry.expires = later(known.before, entry.before), later(known.expires, entry.expires)
	case l.count >= l.bound && !l.sweepLocked(now):
		return ErrFull
	default:
		l.count++
	}
	if l.count == 1 || entry.expires.Before(l.soonest) {
		l.soonest = entry.expires
	}
	l.table.Load().put(entry)
	return nil
}

// Revoked implements [Checker]. It asks nobody: its error is a [audience.Refusal].
func (l *List) Revoked(_ context.Context, c *claims.Claims) error {
	table, now := l.table.Load(), time.Now()
	for s := range table.shapes() {
		if r := table.find(targetOf(c, s)); r != nil && r.concerns(c) && !r.expired(now) {
			return &audience.Refusal{Cause: audience.CauseRevoked, Got: r.target.String()}
		}
	}
	return nil
}

// sweepLocked drops what has expired, and reports whether that made room.
func (l *List) sweepLocked(now time.Time) bool {
	if now.Before(l.soonest) {
		return false
	}
	old, table := l.table.Load(), newRevocationTable(l.bound)
	l.count, l.soonest = 0, time.Time{}
	for i := range old.slots {
		r := old.slots[i].Load()
		if r == nil || r.expired(now) {
			continue
		}
		if l.count++; l.count == 1 || r.expires.Before(l.soonest) {
			l.soonest = r.expires
		}
		table.put(r)
	}
	l.table.Store(table)
	return l.count < l.bound
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
