package tokensource

import (
	"cmp"
	"slices"
	"time"
)

// Row is what a source knows of one token, without the token. The zero times mean
// that there is none.
type TokenStats struct {
	Audience  string
	Also      []string // further audiences in the same token
	Scope     string
	Exchanged bool      // for the bearer of another token, and not for the client itself
	Expiry    time.Time // of the token at hand
	Refresh   time.Time // nothing is fetched before
	Failures  int       // of fetches, in a row, up to now
	Error     string    // why the last fetch failed; empty if it did not
	Used      time.Time // when it was last asked for, to the second
}

// Snapshot returns a row for each token that s keeps or fails to get, for a debug
// page. The rows are in the order of audience and scope, the client's own tokens
// first. They hold no token, and no digest of one.
func (s *Cache) Stats() []TokenStats {
	var rows []TokenStats
	s.entries.Range(func(_, v any) bool {
		rows = append(rows, v.(*entry).row())
		return true
	})
	slices.SortFunc(rows, func(a, b TokenStats) int {
		return cmp.Or(
			cmp.Compare(a.Audience, b.Audience), slices.Compare(a.Also, b.Also), cmp.Compare(a.Scope, b.Scope),
			cmp.Compare(b.own(), a.own()), b.Used.Compare(a.Used), a.Expiry.Compare(b.Expiry),
		)
	})
	return rows
}

// own is 1 for a token that the client asked for itself, else 0.
func (r TokenStats) own() int {
	if r.Exchanged {
		return 0
	}
	return 1
}

func (e *entry) row() TokenStats {
	s, row := e.state.Load(), e.about
	row.Also = slices.Clone(row.Also)
	row.Expiry, row.Refresh, row.Failures = s.value.Expiry(), s.next.Round(0), s.failures
	row.Used = time.Unix(e.used.Load(), 0)
	if s.err != nil {
		row.Error = s.err.Error()
	}
	return row
}
