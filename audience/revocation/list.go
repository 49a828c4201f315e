package revocation

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Leeway is for how much longer than its Expires an entry counts: a token is accepted
// for as long after its exp as clocks may differ, and a matrix allows no more than this.
const Leeway = 5 * time.Minute

// ErrFull says that a [List] is full. A list drops only entries that have expired.
var ErrFull = errors.New("revocation: list is full")

// List is a bounded list of revocations in memory. Several servers may share one. An
// entry counts as soon as [List.Revoke] returns: for every call, also with a token that
// was admitted before, and for running streams within a quarter of a second. A List is safe for
// concurrent use, and a check takes no lock. Make one with [NewList].
type List struct {
	bound   int
	table   atomic.Pointer[table]
	changes atomic.Uint64
	mu      sync.Mutex // held to change the list; guards what follows
	count   int        // entries in table
	soonest time.Time  // when the first of them may expire
}

// NewList returns an empty list of at most bound entries. It takes 16 to 32 bytes for
// each possible entry, and about 200 more for each entry that is added.
func NewList(bound int) *List {
	l := &List{bound: bound}
	l.table.Store(newTable(bound))
	return l
}

// Revoke adds an entry. If there is an entry for the same tokens, the later times of the
// two count. An expired entry is ignored. The error says what is missing, or is
// [ErrFull].
func (l *List) Revoke(r Entry) error {
	target := target{r.Issuer, [...]string{r.ID, r.Session, r.Subject, r.Client}, !r.IssuedBefore.IsZero()}
	switch {
	case r.Issuer == "":
		return errors.New("revocation: entry without an issuer")
	case target.shape() == 0:
		return errors.New("revocation: entry for all tokens of an issuer: want an id, session, subject, client or time")
	case r.Expires.IsZero():
		return errors.New("revocation: entry without an end")
	}
	now := time.Now()
	entry := &listed{target: target, before: r.IssuedBefore, expires: r.Expires.Add(Leeway)}
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
	l.changes.Add(1)
	return nil
}

// Changes implements [Counter].
func (l *List) Changes() uint64 { return l.changes.Load() }

// Revoked implements [Checker]. It needs no network: its error is always an
// [audience.Refusal].
func (l *List) Revoked(_ context.Context, c *claims.Claims) error {
	table := l.table.Load()
	for s := range table.shapes() {
		if r := table.find(targetOf(c, s)); r != nil && r.matches(c) && !r.expired(time.Now()) {
			return &audience.Refusal{Cause: audience.CauseRevoked, Got: r.target.String()}
		}
	}
	return nil
}

// Len returns the number of entries. Some of them may have expired.
func (l *List) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Entries returns the entries that have not expired, in no order. What is revoked
// meanwhile may be among them or not.
func (l *List) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		table, now := l.table.Load(), time.Now()
		for i := range table.slots {
			if r := table.slots[i].Load(); r != nil && !r.expired(now) && !yield(r.entry()) {
				return
			}
		}
	}
}

// sweepLocked drops the expired entries, and reports whether there is room now.
func (l *List) sweepLocked(now time.Time) bool {
	if now.Before(l.soonest) {
		return false
	}
	old, table := l.table.Load(), newTable(l.bound)
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
