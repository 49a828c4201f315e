package tokensource

import (
	"cmp"
	"slices"
	"time"
)

// TokenStats describes one cached token, without the token.
type TokenStats struct {
	Audience  string
	Also      []string // further audiences of the same token
	Scope     string
	Exchanged bool      // for the bearer of another token, not for the client itself
	Expiry    time.Time // zero if there is no token, or its expiry is not known
	Refresh   time.Time // no fetch before
	Failures  int       // failed fetches in a row, up to now
	Error     string    // why the last fetch failed; empty if it succeeded
	Used      time.Time // when it was last requested, to the second
}

// Stats returns one element for each token that c holds or fails to get, for a debug
// page. The order is by audience and scope, the client's own tokens first. The
// elements hold no token, and no digest of one.
func (c *Cache) Stats() []TokenStats {
	var all []TokenStats
	c.entries.Range(func(_, v any) bool {
		all = append(all, v.(*entry).stats())
		return true
	})
	slices.SortFunc(all, func(a, b TokenStats) int {
		return cmp.Or(
			cmp.Compare(a.Audience, b.Audience), slices.Compare(a.Also, b.Also), cmp.Compare(a.Scope, b.Scope),
			exchangedFirst(b, a), b.Used.Compare(a.Used), a.Expiry.Compare(b.Expiry),
		)
	})
	return all
}

// exchangedFirst orders tokens for subjects before the client's own.
func exchangedFirst(a, b TokenStats) int {
	switch {
	case a.Exchanged == b.Exchanged:
		return 0
	case a.Exchanged:
		return -1
	}
	return 1
}

func (e *entry) stats() TokenStats {
	s, stats := e.state.Load(), e.identity
	stats.Also = slices.Clone(stats.Also)
	stats.Expiry, stats.Refresh, stats.Failures = s.value.Expiry(), s.nextFetch.Round(0), s.failures
	stats.Used = time.Unix(e.used.Load(), 0)
	if s.err != nil {
		stats.Error = s.err.Error()
	}
	return stats
}
