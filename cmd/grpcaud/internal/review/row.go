package review

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// row counts calls that are alike: the rules and the report do not tell them apart.
type row struct {
	recorded.Count
	service *service
	method  string // the full name; for one that is not known, a part or nothing
	client  string // the name in the matrix; empty if it has none there
	id      string // of a client without a name, for the first of them
	caller  caller
	outcome decision.Outcome
	cause   string
	entry   string // of the record, if it was written under this policy
	same    bool   // whether it was
	peer    string // of one call, if no token says who calls
	verdict verdict
}

// rowKey stands for what the rules ask about and what the report tells apart: two digests of
// it, which nobody can foresee.
type rowKey [2]uint64

// keyOf returns the key of the row of a record.
func (c *Counter) keyOf(s *service, r *decision.Record, client string, same bool) rowKey {
	k := binary.AppendUvarint(c.text[:0], uint64(s.number))
	issuer, entry := "", ""
	if c.judge.issuers[r.Issuer] {
		issuer = r.Issuer
	}
	if same {
		entry = r.Entry
	}
	for _, text := range []string{s.methodOf(r), client, c.idOf(r, client), string(r.Caller), string(r.Decision), r.Cause, issuer, entry} {
		k = append(binary.AppendUvarint(k, uint64(len(text))), text...)
	}
	k = append(k, byte(s.addressed(r.Audience)), flag(same), flag(r.Issuer != ""))
	at := len(k)
	k = append(k, make([]byte, (len(s.scopes)+len(s.roles)+8)/8)...)
	set := func(n int, known bool) {
		if known {
			k[at+n/8] |= 1 << (n % 8)
		}
	}
	for _, scope := range r.Scopes {
		n, known := s.scopes[scope]
		set(n, known)
		set(len(s.scopes)+len(s.roles), s.standsForAudience(scope))
	}
	for _, role := range r.Roles {
		n, known := s.roles[role]
		set(len(s.scopes)+n, known)
	}
	c.text = k
	return rowKey{maphash.Bytes(c.seeds[0], k), maphash.Bytes(c.seeds[1], k)}
}

// idOf returns the id of the client of a record that has no name in the file; empty for a
// client with a name, and once there are too many.
func (c *Counter) idOf(r *decision.Record, client string) string {
	who := stranger{issuer: r.Issuer, client: r.Client}
	switch {
	case client != "" || r.Issuer == "":
		return ""
	case c.ids[who]:
	case len(c.ids) >= maxIDs:
		return ""
	default:
		c.ids[who] = true
	}
	return r.Client
}

func flag(is bool) byte {
	if is {
		return 1
	}
	return 0
}

// methodOf returns the method of a record, as rows tell methods apart: names that strangers
// choose are left out.
func (s *service) methodOf(r *decision.Record) string {
	switch {
	case s.methods[short(r.Method)]:
		return r.Method
	case s.rule(r.Method) == nil, r.Issuer == "" && r.Decision != decision.Admitted:
		return ""
	default:
		return r.Method
	}
}

// newRow returns the row of a record; nil if there are too many, or if the call cannot be
// judged.
func (c *Counter) newRow(s *service, r *decision.Record, client string, same bool) *row {
	if len(c.rows) >= c.maxRows {
		return nil
	}
	w := &row{service: s, method: s.methodOf(r), client: client, id: c.idOf(r, client), caller: callerOf(s, r), outcome: r.Decision, cause: r.Cause, same: same}
	if r.Issuer == "" {
		w.peer = r.Peer
	}
	if same {
		w.entry = r.Entry
	}
	var err error
	if w.verdict, err = s.judge(w.method, w.caller, c.judge.now); err != nil {
		return nil
	}
	w.believe()
	return w
}

// believe corrects the verdict by the record, if that was written under this policy.
func (w *row) believe() {
	entry, known := w.service.byName[w.entry]
	switch {
	case !w.same:
	case w.outcome == decision.Admitted && known:
		w.verdict = verdict{certain: true, entries: []int{entry}}
	case w.outcome != decision.Admitted && w.cause == string(audience.CauseClaimNotAllowed):
		w.verdict = verdict{}
	}
}

// sorted returns the rows in an order that does not depend on chance, as far as a report
// shows it.
func (c *Counter) sorted() []*row {
	return slices.SortedFunc(maps.Values(c.rows), func(a, b *row) int {
		return cmp.Or(
			cmp.Compare(a.service.number, b.service.number), cmp.Compare(a.method, b.method), cmp.Compare(a.client, b.client), cmp.Compare(a.id, b.id),
			cmp.Compare(a.cause, b.cause), a.First.Compare(b.First), cmp.Compare(a.peer, b.peer),
		)
	})
}
