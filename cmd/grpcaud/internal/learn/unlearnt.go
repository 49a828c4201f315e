package learn

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// unlearnt lists the calls that are not learnt.
type unlearnt struct {
	rows   map[callKey]*recorded.Count
	others map[string]*recorded.Count // by reason, those without a row
}

// maxRows is how many rows the list keeps; maxShown is how many it shows.
const (
	maxRows    = 4096
	maxShown   = 40
	maxReasons = 256
)

// callKey is what calls of one row have in common.
type callKey struct{ why, who, service, method string }

func newUnlearnt() *unlearnt {
	return &unlearnt{rows: map[callKey]*recorded.Count{}, others: map[string]*recorded.Count{}}
}

// record adds the call of a record.
func (u *unlearnt) record(why string, r *decision.Record) {
	who := r.Client
	if r.Caller == decision.NoCaller || who == "" {
		who = recorded.Host(r.Peer)
	}
	u.add(callKey{cut(why), cut(who), cut(r.Service), cut(r.Method)}, recorded.One(r.Time))
}

func (u *unlearnt) add(k callKey, n recorded.Count) {
	row, known := u.rows[k]
	if !known && len(u.rows) < maxRows {
		row, known = &recorded.Count{}, true
		u.rows[k] = row
	}
	if !known {
		why := k.why
		if u.others[why] == nil && len(u.others) >= maxReasons {
			why = "other reasons"
		}
		if u.others[why] == nil {
			u.others[why] = &recorded.Count{}
		}
		row = u.others[why]
	}
	row.Add(n)
}

// calls returns how many calls there are.
func (u *unlearnt) calls() uint64 {
	var n uint64
	for _, row := range u.rows {
		n += row.Records
	}
	for _, row := range u.others {
		n += row.Records
	}
	return n
}

// byReason returns how many calls there are for each reason, the most frequent first.
func (u *unlearnt) byReason() []callKey {
	sums := map[string]uint64{}
	for k, row := range u.rows {
		sums[k.why] += row.Records
	}
	for why, row := range u.others {
		sums[why] += row.Records
	}
	var all []callKey
	for why := range sums {
		all = append(all, callKey{why: why})
	}
	slices.SortFunc(all, func(a, b callKey) int {
		return cmp.Or(cmp.Compare(sums[b.why], sums[a.why]), cmp.Compare(a.why, b.why))
	})
	for i := range all {
		all[i].who = output.Plural(sums[all[i].why], "call")
	}
	return all
}

// write lists the calls, the most frequent first.
func (u *unlearnt) write(w io.Writer) {
	if len(u.rows) == 0 {
		return
	}
	keys := make([]callKey, 0, len(u.rows))
	for k := range u.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b callKey) int {
		return cmp.Or(cmp.Compare(u.rows[b].Records, u.rows[a].Records), cmp.Compare(a.why, b.why), cmp.Compare(a.service, b.service), cmp.Compare(a.method, b.method), cmp.Compare(a.who, b.who))
	})
	fmt.Fprintf(w, "grpcaud: %s not learnt:\n", output.Plural(u.calls(), "call"))
	for _, k := range keys[:min(len(keys), maxShown)] {
		row := u.rows[k]
		fmt.Fprintf(w, "grpcaud:   %s of %s by %s, the latest at %s: %s\n", output.Plural(row.Records, "call"), output.Printable(k.method), output.Printable(cmp.Or(k.who, "an unknown peer")), output.Stamp(row.Last), output.Printable(k.why))
	}
	if more := len(keys) - maxShown; more > 0 || len(u.others) > 0 {
		var rest uint64
		for _, k := range keys[min(len(keys), maxShown):] {
			rest += u.rows[k].Records
		}
		for _, row := range u.others {
			rest += row.Records
		}
		fmt.Fprintf(w, "grpcaud:   and %s of other methods, clients and peers\n", output.Plural(rest, "call"))
	}
}

// cut bounds what a row keeps.
func cut(text string) string {
	if len(text) > maxName {
		return text[:maxName] + "…"
	}
	return text
}
