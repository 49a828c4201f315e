package review

import (
	"encoding/binary"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/decision"
)

// row counts calls that are alike: the rules and the report do not tell them apart.
type row struct {
	tally
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

// keyOf writes the key of the row of a record: what the rules ask about, and what the report
// tells apart.
func (c *Counter) keyOf(s *service, r *decision.Record, client string, same bool) {
	k := binary.AppendUvarint(c.key[:0], uint64(s.number))
	for _, text := range []string{s.methodOf(r), client, c.idOf(r, client), string(r.Caller), string(r.Decision), r.Cause} {
		k = append(append(k, text...), 0)
	}
	if c.judge.issuers[r.Issuer] {
		k = append(k, r.Issuer...)
	}
	k = append(k, 0, byte(s.addressed(r.Audience)), flag(same), flag(r.Issuer != ""))
	if same {
		k = append(k, r.Entry...)
	}
	k = append(k, 0)
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
	c.key = k
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
	case s.guard.Rule(r.Method) == nil, r.Issuer == "" && r.Decision != decision.Admitted:
		return ""
	default:
		return r.Method
	}
}

// newRow returns the row of a record; nil if there is no room for it, or if the call cannot
// be judged.
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

// sorted returns the rows in an order that does not depend on chance.
func (c *Counter) sorted() []*row {
	keys := make([]string, 0, len(c.rows))
	for key := range c.rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	all := make([]*row, len(keys))
	for i, key := range keys {
		all[i] = c.rows[key]
	}
	return all
}
