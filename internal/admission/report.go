package admission

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

const (
	// maxReportRows is how many rows the report has at most for callers with a genuine
	// token, and for callers without one. One more row counts all others.
	maxReportRows = 1024

	// maxPeerRows is how many rows one address can have with one certificate, since it
	// can send any user agent.
	maxPeerRows = 128

	// maxWhy is the size of the explanation in a row, in bytes.
	maxWhy = 1 << 10
)

// WouldBeRefused is a caller whose requests went through only because the rules
// are not enforced yet.
type WouldBeRefused struct {
	Method          string // cut to 200 bytes; empty in the rows for requests of one peer, or of all, that have no row of their own
	Issuer, Client  string // empty without a genuine token
	Peer, UserAgent string // of the first request; the address is without the port
	Certificate     string // the name in the client's certificate of the first request
	Cause           audience.Cause
	Why             string // the text of the first refusal, for the operator, cut to 1 KiB
	Calls           uint64
	First, Last     time.Time
}

// WouldRefuse returns the callers whose requests would be refused if the rules
// were enforced now, the most frequent first, from the requests since the
// controller was made.
func (c *Controller) WouldRefuse() []WouldBeRefused {
	report := c.recorder.wouldRefuse
	var all []WouldBeRefused
	for _, rows := range []map[reportKey]*reportRow{report.clients.Load(), report.strangers.Load()} {
		for key, row := range rows {
			all = append(all, row.of(key))
		}
	}
	if report.others.calls.Load() > 0 {
		all = append(all, report.others.of(reportKey{}))
	}
	slices.SortFunc(all, func(a, b WouldBeRefused) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.UserAgent, b.UserAgent), cmp.Compare(a.Certificate, b.Certificate), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

type reportKey struct {
	method, issuer, client string
	stranger               // of a caller without a genuine token
	cause                  audience.Cause
}

// stranger is what is known of a caller without a genuine token. Of these only the
// address is verified.
type stranger struct{ peer, userAgent, certificate string }

// reportRow is what a [WouldBeRefused] counts. Times are nanoseconds since 1970.
type reportRow struct {
	why         string
	from        stranger // the first request
	calls       atomic.Uint64
	first, last atomic.Int64
}

func (r *reportRow) of(key reportKey) WouldBeRefused {
	return WouldBeRefused{
		Method: key.method, Issuer: key.issuer, Client: key.client, Peer: r.from.peer, UserAgent: r.from.userAgent, Certificate: r.from.certificate, Cause: key.cause, Why: r.why,
		Calls: r.calls.Load(), First: time.Unix(0, r.first.Load()), Last: time.Unix(0, r.last.Load()),
	}
}

// refusalReport counts the requests that would be refused, by their callers.
type refusalReport struct {
	clients, strangers boundedmap.Map[reportKey, *reportRow]    // with a genuine token, and without
	rowsByPeer         boundedmap.Map[stranger, *atomic.Uint32] // how many rows strangers have, by address and certificate
	others             reportRow                                // those without a row
}

func newRefusalReport() *refusalReport {
	t := &refusalReport{}
	t.clients.Bound, t.strangers.Bound, t.rowsByPeer.Bound = maxReportRows, maxReportRows, maxReportRows
	return t
}

func (t *refusalReport) record(v *event) {
	refusal := v.refusal()
	if refusal == nil || v.outcome() != WouldRefuse {
		return
	}
	row := t.row(v, refusal)
	now := time.Now().UnixNano()
	row.first.CompareAndSwap(0, now)
	row.last.Store(now)
	row.calls.Add(1)
}

// row returns the row that counts a refusal.
func (t *refusalReport) row(v *event, refusal *audience.Refusal) *reportRow {
	from := stranger{v.request.Peer.host(), cut(v.request.Peer.UserAgent, maxUserAgent), v.certificate}
	method := v.method()
	key, rows, ofPeer := reportKey{method: method[:min(len(method), maxName)], cause: refusal.Cause}, &t.strangers, new(atomic.Uint32)
	if v.claims != nil {
		key.issuer, key.client, rows = v.claims.Issuer(), v.claims.Client(), &t.clients
	} else {
		key.stranger = from
	}
	if row, ok := rows.Load()[key]; ok {
		return row
	}
	if v.claims == nil {
		place, ok := stranger{peer: from.peer, certificate: from.certificate}, false
		if ofPeer, ok = t.rowsByPeer.LoadOrAdd(place.clone(), func() *atomic.Uint32 { return ofPeer }); !ok {
			return &t.others
		}
		if ofPeer.Load() >= maxPeerRows {
			key = reportKey{stranger: place}
		}
	}
	row, ok := rows.LoadOrAdd(key.clone(), func() *reportRow {
		ofPeer.Add(1)
		return &reportRow{why: cut(refusal.Error(), maxWhy), from: from.clone()}
	})
	if !ok {
		return &t.others
	}
	return row
}

// clone copies the texts of k: they may be parts of tokens, which the map would keep
// in memory.
func (k reportKey) clone() reportKey {
	return reportKey{strings.Clone(k.method), strings.Clone(k.issuer), strings.Clone(k.client), k.stranger.clone(), k.cause}
}

func (s stranger) clone() stranger {
	return stranger{strings.Clone(s.peer), strings.Clone(s.userAgent), strings.Clone(s.certificate)}
}
