package interceptor

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// maxBreakages is how many rows [Server.WouldRefuse] has at the most of callers
// with a genuine token, and of those without, but for the one that counts the
// others.
const maxBreakages = 1024

// maxWhy is how many bytes of a story a row keeps.
const maxWhy = 1 << 10

// Breakage is a caller whose calls went through only because the rules are not
// enforced yet.
type Breakage struct {
	// Method is the full name of the method that was called, cut where it is
	// longer than 200 bytes. It is empty in the one row that counts whatever
	// found no place in a row of its own.
	Method string

	// Issuer and Client are who called; empty where no genuine token came.
	Issuer, Client string

	// Peer is the address that the first call came from, without the port, and
	// UserAgent what it said it was: a stranger's text, of at most 128 bytes.
	// Where no genuine token came, each Peer has a row of its own.
	Peer, UserAgent string

	// Cause is why the calls would be refused, and Why the story of the first,
	// for the operator, cut where it is longer than 1 KiB.
	Cause audience.Cause
	Why   string

	// Calls is how many there were, from First to Last.
	Calls       uint64
	First, Last time.Time
}

// WouldRefuse returns the callers that would break if the rules were enforced
// now, and why, the most frequent first: from the calls since the server was
// made to which [audience.Observe] or [audience.Warn] applied. It keeps 1024
// rows of callers with a genuine token, and 1024 of those without. It is safe for
// concurrent use.
func (s *Server) WouldRefuse() []Breakage {
	var all []Breakage
	for _, rows := range []map[breakageKey]*breakage{s.journal.breakages.known.load(), s.journal.breakages.strangers.load()} {
		for key, b := range rows {
			all = append(all, b.row(key))
		}
	}
	if others := &s.journal.breakages.others; others.calls.Load() > 0 {
		all = append(all, others.row(breakageKey{}))
	}
	slices.SortFunc(all, func(a, b Breakage) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

type breakageKey struct {
	method, issuer, client string
	peer                   string // of a caller without a genuine token
	cause                  audience.Cause
}

// breakage is what a [Breakage] counts. Times are nanoseconds since 1970.
type breakage struct {
	why         string
	peer, agent string // of the first call
	calls       atomic.Uint64
	first, last atomic.Int64
}

func (b *breakage) row(key breakageKey) Breakage {
	return Breakage{
		Method: key.method, Issuer: key.issuer, Client: key.client, Peer: b.peer, UserAgent: b.agent, Cause: key.cause, Why: b.why,
		Calls: b.calls.Load(), First: time.Unix(0, b.first.Load()), Last: time.Unix(0, b.last.Load()),
	}
}

// breakages counts the calls that would be refused, by their callers.
type breakages struct {
	known, strangers table[breakageKey, *breakage] // callers with a genuine token, and those without
	others           breakage                      // those without a row
}

func (t *breakages) record(ctx context.Context, d *decision) {
	refusal := d.refusal()
	if refusal == nil || d.outcome() != callWouldRefuse {
		return
	}
	key, rows := breakageKey{method: d.method[:min(len(d.method), maxName)], cause: refusal.Cause}, &t.strangers
	if d.claims != nil {
		key.issuer, key.client, rows = d.claims.Issuer(), d.claims.Client(), &t.known
	} else {
		key.peer = peerHost(ctx)
	}
	b, ok := rows.load()[key]
	if !ok {
		b, ok = rows.add(key.clone(), func() *breakage {
			return &breakage{why: cut(refusal.Error(), maxWhy), peer: peerHost(ctx), agent: strings.Clone(cut(userAgent(ctx), maxUA))}
		})
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
	return breakageKey{strings.Clone(k.method), strings.Clone(k.issuer), strings.Clone(k.client), strings.Clone(k.peer), k.cause}
}
