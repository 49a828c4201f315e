package verifier

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Table is a table of the cache whose tokens are numbers.
type Table struct {
	table table
	by    *issuer
}

// NewTable returns a table of so many entries.
func NewTable(entries int) *Table {
	keys := &keySet{}
	keys.current.Store(&snapshot{})
	return &Table{newTable(entries), &issuer{keys: keys}}
}

// Key returns the digest of a number.
func Key(n int) [sha256.Size]byte {
	return sha256.Sum256(binary.NativeEndian.AppendUint64(nil, uint64(n)))
}

// Put adds a token of that digest and size.
func (t *Table) Put(key [sha256.Size]byte, size int) {
	now := time.Now()
	v := verdict{by: t.by, end: now.Add(time.Hour)}
	t.table.put(newEntry(key, size, v), now)
}

// Has reports whether a token of that digest is found.
func (t *Table) Has(key [sha256.Size]byte) bool {
	found := digest(key)
	return t.table.find(&found) != nil
}

// Len returns how many entries there are.
func (t *Table) Len() int { return t.table.entries() }

// Digest returns what stands for a token in a cache of its own.
func Digest(raw string) [sha256.Size]byte { return newCache(16, &counts{}).digest(raw) }
