package learn

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// unlearnt lists the calls that are not learnt.
type unlearnt struct {
	rows   map[callKey]*count
	others map[string]*count // by reason, those without a row
}

// maxRows is how many rows the list keeps; maxShown is how many it shows.
const (
	maxRows    = 4096
	maxShown   = 40
	maxReasons = 256
)

// callKey is what calls of one row have in common.
type callKey struct{ why, who, service, method string }

// count counts calls.
type count struct {
	calls       uint64
	first, last time.Time
}

func (c *count) add(n count) {
	c.calls += n.calls
	if c.first.IsZero() || n.first.Before(c.first) {
		c.first = n.first
	}
	if n.last.After(c.last) {
		c.last = n.last
	}
}

func newUnlearnt() *unlearnt {
	return &unlearnt{rows: map[callKey]*count{}, others: map[string]*count{}}
}

// record adds the call of a record.
func (u *unlearnt) record(why string, r *decision.Record) {
	who := r.Client
	if r.Caller == decision.NoCaller || who == "" {
		who = host(r.Peer)
	}
	u.add(callKey{cut(why), cut(who), cut(r.Service), cut(r.Method)}, count{1, r.Time, r.Time})
}

func (u *unlearnt) add(k callKey, n count) {
	row, known := u.rows[k]
	if !known && len(u.rows) < maxRows {
		row, known = &count{}, true
		u.rows[k] = row
	}
	if !known {
		why := k.why
		if u.others[why] == nil && len(u.others) >= maxReasons {
			why = "other reasons"
		}
		if u.others[why] == nil {
			u.others[why] = &count{}
		}
		row = u.others[why]
	}
	row.add(n)
}

// calls returns how many calls there are.
func (u *unlearnt) calls() uint64 {
	var n uint64
	for _, row := range u.rows {
		n += row.calls
	}
	for _, row := range u.others {
		n += row.calls
	}
	return n
}

// byReason returns how many calls there are for each reason, the most frequent first.
func (u *unlearnt) byReason() []callKey {
	sums := map[string]uint64{}
	for k, row := range u.rows {
		sums[k.why] += row.calls
	}
	for why, row := range u.others {
		sums[why] += row.calls
	}
	var all []callKey
	for why := range sums {
		all = append(all, callKey{why: why})
	}
	slices.SortFunc(all, func(a, b callKey) int {
		return cmp.Or(cmp.Compare(sums[b.why], sums[a.why]), cmp.Compare(a.why, b.why))
	})
	for i := range all {
		all[i].who = plural(sums[all[i].why])
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
		return cmp.Or(cmp.Compare(u.rows[b].calls, u.rows[a].calls), cmp.Compare(a.why, b.why), cmp.Compare(a.service, b.service), cmp.Compare(a.method, b.method), cmp.Compare(a.who, b.who))
	})
	fmt.Fprintf(w, "grpcaud: %s not learnt:\n", plural(u.calls()))
	for _, k := range keys[:min(len(keys), maxShown)] {
		row := u.rows[k]
		fmt.Fprintf(w, "grpcaud:   %s of %s by %s, the latest at %s: %s\n", plural(row.calls), output.Printable(k.method), output.Printable(cmp.Or(k.who, "an unknown peer")), recorded.Stamp(row.last), output.Printable(k.why))
	}
	if more := len(keys) - maxShown; more > 0 || len(u.others) > 0 {
		var rest uint64
		for _, k := range keys[min(len(keys), maxShown):] {
			rest += u.rows[k].calls
		}
		for _, row := range u.others {
			rest += row.calls
		}
		fmt.Fprintf(w, "grpcaud:   and %s of other methods, clients and peers\n", plural(rest))
	}
}

// plural returns a number of calls.
func plural(n uint64) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// cut bounds what a row keeps.
func cut(text string) string {
	if len(text) > maxName {
		return text[:maxName] + "…"
	}
	return text
}

// host returns the host of an address.
func host(peer string) string {
	if h, _, err := net.SplitHostPort(peer); err == nil {
		return h
	}
	return peer
}
