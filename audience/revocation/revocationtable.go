package revocation

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// revocation is an entry of a [List]. It is immutable.
type revocation struct {
	target  target
	before  time.Time // for a dated target: the iat of the tokens is earlier
	expires time.Time
}

func (r *revocation) concerns(c *claims.Claims) bool {
	return !r.target.dated || c.IssuedAt().Before(r.before)
}

// expired goes by the wall clock: tokens were dated by another machine.
func (r *revocation) expired(now time.Time) bool { return !now.Round(0).Before(r.expires) }

// target is what an entry is about, and found by.
type target struct {
	issuer string
	values [4]string // jti, sid, sub and client; what is empty does not count
	dated  bool
}

// shape is the set of the fields of a target that count, beside the issuer: a
// bit for each of its values, and one for dated.
type shape uint8

const dated shape = 1 << 4

func (t target) shape() shape {
	var s shape
	for i, value := range t.values {
		if value != "" {
			s |= 1 << i
		}
	}
	if t.dated {
		s |= dated
	}
	return s
}

// targetOf returns what an entry of shape s is about if it concerns c. If c lacks
// one of the values, that is what an entry without it is about.
func targetOf(c *claims.Claims, s shape) target {
	t := target{issuer: c.Issuer(), dated: s&dated != 0}
	for i, value := range [...]string{c.ID(), c.Session(), c.Subject(), c.Client()} {
		if s&(1<<i) != 0 {
			t.values[i] = value
		}
	}
	return t
}

// String names the tokens for the operator.
func (t target) String() string {
	text := "a token of " + quote.List(t.issuer)
	for i, name := range [...]string{"jti", "sid", "sub", "client"} {
		if t.values[i] != "" {
			text += ", " + name + " " + quote.List(t.values[i])
		}
	}
	if t.dated {
		text += ", issued before the revocation"
	}
	return text
}

// revocationTable is a hash table with linear probing, at most half full.
// Slots are filled and replaced, but never emptied, so that readers need no
// lock; one writer at a time may change it.
type revocationTable struct {
	seed  maphash.Seed
	slots []atomic.Pointer[revocation] // a power of two
	used  atomic.Uint32                // a bit for each shape that a target here has
}

func newRevocationTable(bound int) *revocationTable {
	size := 1 << bits.Len(uint(2*max(bound, 1)-1))
	return &revocationTable{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[revocation], size)}
}

// shapes returns the shapes that targets in t have.
func (t *revocationTable) shapes() iter.Seq[shape] {
	return func(yield func(shape) bool) {
		for used := t.used.Load(); used != 0; used &= used - 1 {
			if !yield(shape(bits.TrailingZeros32(used))) {
				return
			}
		}
	}
}

// find returns the entry about a target, nil if there is none.
func (t *revocationTable) find(about target) *revocation { return t.slot(about).Load() }

// put adds an entry, or replaces the one about the same target.
func (t *revocationTable) put(r *revocation) {
	t.slot(r.target).Store(r)
	t.used.Or(1 << r.target.shape())
}

// slot returns where the entry about a target is, or is to be.
func (t *revocationTable) slot(about target) *atomic.Pointer[revocation] {
	for i := maphash.Comparable(t.seed, about); ; i++ {
		slot := &t.slots[i&uint64(len(t.slots)-1)]
		if r := slot.Load(); r == nil || r.target == about {
			return slot
		}
	}
}
