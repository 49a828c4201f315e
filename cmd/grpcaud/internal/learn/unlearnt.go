package learn

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

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
type callKey struct {
	why, client     string
	host            string // of the caller, if no client is known
	service, method string
}

func newUnlearnt() *unlearnt {
	return &unlearnt{rows: map[callKey]*recorded.Count{}, others: map[string]*recorded.Count{}}
}

// record adds the call of a record.
func (u *unlearnt) record(why string, r *decision.Record) {
	k := callKey{why: cut(why), service: cut(r.Service), method: cut(r.Method)}
	if r.Caller == decision.NoCaller || r.Client == "" {
		k.host = cut(recorded.Host(r.Peer))
	} else {
		k.client = cut(r.Client)
	}
	u.add(k, recorded.One(r.Time))
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

// reason is how many calls are not learnt for one reason.
type reason struct {
	why   string
	calls uint64
}

// byReason returns how many calls there are for each reason, the most frequent first.
func (u *unlearnt) byReason() []reason {
	sums := map[string]uint64{}
	for k, row := range u.rows {
		sums[k.why] += row.Records
	}
	for why, row := range u.others {
		sums[why] += row.Records
	}
	var all []reason
	for why, calls := range sums {
		all = append(all, reason{why, calls})
	}
	slices.SortFunc(all, func(a, b reason) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.why, b.why))
	})
	return all
}

// repeated are calls of one caller to one service that are not learnt for one reason.
type repeated struct {
	callKey // without a method
	recorded.Count
	methods []string
}

// repeated returns the rows without their methods, the most frequent first.
func (u *unlearnt) repeated() []*repeated {
	byKey := map[callKey]*repeated{}
	for k, row := range u.rows {
		method := k.method
		if k.service != "" {
			method = method[strings.LastIndexByte(method, '/')+1:]
		}
		k.method = ""
		if byKey[k] == nil {
			byKey[k] = &repeated{callKey: k}
		}
		byKey[k].Add(*row)
		byKey[k].methods = append(byKey[k].methods, method)
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b *repeated) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.why, b.why), cmp.Compare(a.service, b.service), cmp.Compare(a.client, b.client), cmp.Compare(a.host, b.host))
	})
}

// write lists the calls, the most frequent first.
func (u *unlearnt) write(w io.Writer) {
	all := u.repeated()
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "grpcaud: %s not learnt:\n", output.Plural(u.calls(), "call"))
	rest := u.calls()
	for _, g := range all[:min(len(all), maxShown)] {
		rest -= g.Records
		fmt.Fprintf(w, "grpcaud:   %s\n", g)
	}
	if rest > 0 {
		fmt.Fprintf(w, "grpcaud:   and %s of others\n", output.Plural(rest, "call"))
	}
}

// String returns a line of the list.
func (g *repeated) String() string {
	who := "by " + output.Printable(g.client)
	if g.client == "" {
		who = "from " + output.Printable(cmp.Or(g.host, "an unknown address"))
	}
	slices.Sort(g.methods)
	what := output.Few(slices.Compact(g.methods))
	if g.service != "" {
		what = output.Printable(g.service) + "/" + what
	}
	return fmt.Sprintf("%s of %s %s, the latest at %s: %s", output.Plural(g.Records, "call"), what, who, output.Stamp(g.Last), output.Printable(g.why))
}

// cut bounds what a row keeps.
func cut(text string) string {
	if len(text) > maxName {
		return text[:maxName] + "…"
	}
	return text
}
