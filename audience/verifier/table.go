package verifier

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// table holds entries in sets, so that it has a bound without a list that all
// would share. Each half has one set that a digest can be in; a new entry goes
// into the emptier of the two, which fills the sets so evenly that hardly one
// overflows before the table is three quarters full.
type table [2][]set

const ways = 8 // entries of a set

// newTable returns a table of so many entries, rounded up to fill its sets.
func newTable(entries int) table {
	half := (entries + 2*ways - 1) / (2 * ways)
	return table{make([]set, half), make([]set, half)}
}

// set returns the set of a half that a digest can be in.
func (t *table) set(half int, key *digest) *set {
	n, _ := bits.Mul64(binary.NativeEndian.Uint64(key[8*half:]), uint64(len(t[half])))
	return &t[half][n]
}

// find returns the entry of that key, nil if there is none.
func (t *table) find(key *digest) *entry {
	for half := range t {
		if e := t.set(half, key).find(key); e != nil {
			return e
		}
	}
	return nil
}

// put adds an entry in the place of one of the same key, of dead ones, and, as
// far as it needs room, of others.
func (t *table) put(e *entry, now time.Time) {
	left, right := t.set(0, &e.key), t.set(1, &e.key)
	left.mu.Lock() // always before right
	defer left.mu.Unlock()
	right.mu.Lock()
	defer right.mu.Unlock()
	inLeft, inRight := left.tidyLocked(e, now), right.tidyLocked(e, now)
	if inLeft < inRight || inLeft == inRight && e.key.tag()%2 == 0 {
		left.putLocked(e, inLeft)
	} else {
		right.putLocked(e, inRight)
	}
}

// set is the part of a half that a digest can be in. It holds tokens of
// [maxToken] bytes together, so that large ones make it hold fewer.
type set struct {
	tags    [ways]atomic.Uint32 // of the entries' keys, so that others need not be looked at
	entries [ways]atomic.Pointer[entry]

	mu   sync.Mutex // guards changes
	hand int        // where the next to be evicted is looked for
}

func (k *digest) tag() uint32 { return binary.NativeEndian.Uint32(k[16:]) }

func (s *set) find(key *digest) *entry {
	tag := key.tag()
	for n := range s.tags {
		if s.tags[n].Load() != tag {
			continue
		}
		if e := s.entries[n].Load(); e != nil && e.key == *key {
			if !e.used.Load() {
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// tidyLocked forgets what is dead and what new takes the place of, and returns
// the size of the rest.
func (s *set) tidyLocked(new *entry, now time.Time) (size int) {
	for n := range s.entries {
		switch e := s.entries[n].Load(); {
		case e == nil:
		case e.key == new.key || !e.alive(now):
			s.entries[n].Store(nil)
		default:
			size += e.size
		}
	}
	return size
}

// putLocked adds an entry to others of that size. Those make room that were not
// used since the hand last came by.
func (s *set) putLocked(e *entry, size int) {
	for step := 0; size+e.size > maxToken; step++ {
		old := s.entries[s.hand].Load()
		if old != nil && (step >= ways || !old.used.Swap(false)) {
			s.entries[s.hand].Store(nil)
			size -= old.size
		}
		s.hand = (s.hand + 1) % ways
	}
	n := 0
	for s.entries[n].Load() != nil { // not all, or they would be too large
		n++
	}
	s.tags[n].Store(e.key.tag())
	s.entries[n].Store(e)
}
