package revocation

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"sync/atomic"
)

// table is a hash table with linear probing, at most half full. Slots are filled and
// replaced but never emptied, so readers need no lock. Only one writer at a time may
// change the table.
type table struct {
	seed  maphash.Seed
	slots []atomic.Pointer[listed] // a power of two
	used  atomic.Uint32            // a bit for each shape that a target here has
}

func newTable(bound int) *table {
	size := 1 << bits.Len(uint(2*max(bound, 1)-1))
	return &table{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[listed], size)}
}

// shapes returns the shapes that targets in t have.
func (t *table) shapes() iter.Seq[shape] {
	return func(yield func(shape) bool) {
		for used := t.used.Load(); used != 0; used &= used - 1 {
			if !yield(shape(bits.TrailingZeros32(used))) {
				return
			}
		}
	}
}

// find returns the entry with a target; nil if there is none.
func (t *table) find(key target) *listed { return t.slot(key).Load() }

// put adds an entry, or replaces the one with the same target.
func (t *table) put(r *listed) {
	t.slot(r.target).Store(r)
	t.used.Or(1 << r.target.shape())
}

// slot returns the slot of the entry with a target, or the empty one for it.
func (t *table) slot(key target) *atomic.Pointer[listed] {
	for i := key.hash(t.seed); ; i++ {
		slot := &t.slots[i&uint64(len(t.slots)-1)]
		if r := slot.Load(); r == nil || r.target == key {
			return slot
		}
	}
}
