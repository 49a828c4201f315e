package verifier_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// TestTableFits holds that a table which is not yet three quarters full forgets
// nothing: 10 000 tokens that live stay in one of the default size.
func TestTableFits(t *testing.T) {
	const live = 10_000
	table := verifier.NewTable(1 << 14)
	for n := range live {
		table.Put(verifier.Key(n), 1000)
	}
	for n := range live {
		if !table.Has(verifier.Key(n)) {
			t.Fatalf("token %d is forgotten, want all of %d", n, live)
		}
	}
}

// TestTableForgets holds that in a full table each entry makes room in its turn,
// in either half, and that large ones have others make more.
func TestTableForgets(t *testing.T) {
	const first, many = 100, 1000
	for name, row := range map[string]struct{ size, want int }{
		"small":      {1, 16},
		"2 KiB":      {2 << 10, 16},
		"more":       {2<<10 + 1, 14},
		"the most":   {16 << 10, 2},
		"half a set": {8 << 10, 4},
	} {
		t.Run(name, func(t *testing.T) {
			table := verifier.NewTable(16)
			for n := range many {
				table.Put(verifier.Key(n), row.size)
				if !table.Has(verifier.Key(n)) {
					t.Errorf("token %d is not found at once", n)
				}
			}
			for n := range first {
				if table.Has(verifier.Key(n)) {
					t.Errorf("token %d is still there after %d", n, many)
				}
			}
			if n := table.Len(); n != row.want {
				t.Errorf("%d entries, want %d", n, row.want)
			}
		})
	}
}

// TestTableOnce holds that a token has one entry, whichever half is emptier.
func TestTableOnce(t *testing.T) {
	table := verifier.NewTable(16)
	for range 10 {
		table.Put(verifier.Key(1), 1000)
	}
	if n := table.Len(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

// TestTableCollision holds that digests which agree in all that they are looked
// for by are still told apart.
func TestTableCollision(t *testing.T) {
	table := verifier.NewTable(16)
	table.Put([32]byte{31: 1}, 1000)
	if !table.Has([32]byte{31: 1}) || table.Has([32]byte{31: 2}) {
		t.Error("found the entry of another token, or not its own")
	}
}
