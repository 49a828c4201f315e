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

// Checker says which genuine tokens were revoked before they expired. It must be safe
// for concurrent use.
type Checker interface {
	// Revoked returns nil for a token that is not revoked, and an [audience.Refusal]
	// with [audience.CauseRevoked] for one that is. Any other error means that it is
	// not known; the call is then refused with [audience.CauseRevocationUnavailable].
	Revoked(ctx context.Context, c *claims.Claims) error
}

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

// ErrFull says that a [List] is full. A list drops only entries that have expired.
var ErrFull = errors.New("audience: revocation list is full")

// List is a bounded list of revocations in memory. Several servers may share one. An
// entry counts as soon as [List.Revoke] returns: for every call, also with a token that
// was admitted before, and for running streams within a second. A List is safe for
// concurrent use, and a check takes no lock. Make one with [NewList].
type List struct {
	bound   int
	table   atomic.Pointer[revocationTable]
	mu      sync.Mutex // held to change the list; guards what follows
	count   int        // entries in table
	soonest time.Time  // when the first of them may expire
}

// NewList returns an empty list of at most bound entries. It takes 16 to 32 bytes for
// each possible entry, and about 200 more for each entry that is added.
func NewList(bound int) *List {
	l := &List{bound: bound}
	l.table.Store(newRevocationTable(bound))
	return l
}

// Revoke adds an entry. If there is an entry for the same tokens, the later times of the
// two count. An expired entry is ignored. The error says what is missing, or is
// [ErrFull].
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

// Revoked implements [Checker]. It needs no network: its error is always an
// [audience.Refusal].
func (l *List) Revoked(_ context.Context, c *claims.Claims) error {
	table, now := l.table.Load(), time.Now()
	for s := range table.shapes() {
		if r := table.find(targetOf(c, s)); r != nil && r.concerns(c) && !r.expired(now) {
			return &audience.Refusal{Cause: audience.CauseRevoked, Got: r.target.String()}
		}
	}
	return nil
}

// sweepLocked drops the expired entries, and reports whether there is room now.
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
