package interceptor

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// maxBreakages is how many rows [Server.WouldRefuse] has at the most, but for
// the one that counts the others.
const maxBreakages = 1024

// Breakage is a caller whose calls went through only because the rules are not
// enforced yet.
type Breakage struct {
	// Method is the full name of the method that was called. It is empty in
	// the one row that counts whatever found no room in a row of its own.
	Method string

	// Issuer and Client are who called; empty where no genuine token came.
	Issuer, Client string

	// Cause is why the calls would be refused, and Why the story of the first,
	// for the operator.
	Cause audience.Cause
	Why   string

	// Calls is how many there were, from First to Last.
	Calls       uint64
	First, Last time.Time
}

// WouldRefuse returns the callers that would break if the rules were enforced
// now, and why, the most frequent first: from the calls since the server was
// made to which [audience.Observe] or [audience.Warn] applied. It keeps 1024
// rows. It is safe for concurrent use.
func (s *Server) WouldRefuse() []Breakage {
	var all []Breakage
	for key, b := range s.journal.breakages.rows.load() {
		all = append(all, b.row(key))
	}
	if others := &s.journal.breakages.others; others.calls.Load() > 0 {
		all = append(all, others.row(breakageKey{}))
	}
	slices.SortFunc(all, func(a, b Breakage) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

type breakageKey struct {
	method, issuer, client string
	cause                  audience.Cause
}

// breakage is what a [Breakage] counts. Times are nanoseconds since 1970.
type breakage struct {
	why         string
	calls       atomic.Uint64
	first, last atomic.Int64
}

func (b *breakage) row(key breakageKey) Breakage {
	return Breakage{
		Method: key.method, Issuer: key.issuer, Client: key.client, Cause: key.cause, Why: b.why,
		Calls: b.calls.Load(), First: time.Unix(0, b.first.Load()), Last: time.Unix(0, b.last.Load()),
	}
}

// breakages counts the calls that would be refused, by their callers.
type breakages struct {
	rows   table[breakageKey, *breakage]
	others breakage // those without a row
}

func (t *breakages) record(d *decision) {
	refusal := d.refusal()
	if refusal == nil || d.outcome() != callWouldRefuse {
		return
	}
	key := breakageKey{method: d.method, cause: refusal.Cause}
	if d.claims != nil {
		key.issuer, key.client = d.claims.Issuer(), d.claims.Client()
	}
	b, ok := t.rows.load()[key]
	if !ok {
		b, ok = t.rows.add(key.clone(), func() *breakage { return &breakage{why: refusal.Error()} })
	}
	if !ok {
		b = &t.others
	}
	now := time.Now().UnixNano()
	b.first.CompareAndSwap(0, now)
	b.last.Store(now)
	b.calls.Add(1)
}

// clone keeps the table from holding on to tokens that the strings are cut from.
func (k breakageKey) clone() breakageKey {
	return breakageKey{strings.Clone(k.method), strings.Clone(k.issuer), strings.Clone(k.client), k.cause}
}
