package review

import (
	"hash/maphash"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

const (
	// maxRows is how many kinds of calls are counted apart. A log with more is taken for
	// one in which records are missing.
	maxRows = 1 << 18

	// maxStrangers is how many clients and services are kept that the file does not name.
	maxStrangers = 10_000

	// maxIDs is how many of these clients are told apart in their calls.
	maxIDs = 1000

	// maxGaps is how many gaps are kept. The last one stands for all others.
	maxGaps = 1000
)

// Counter counts the calls of which it is given records. It takes bounded memory, whatever
// the records are. It is not safe for concurrent use.
type Counter struct {
	judge  *judge
	set    descriptor.Set
	matrix string
	since  time.Time

	log       Log
	all       recorded.Count
	services  []outcomes // by the numbers of the services
	rows      map[rowKey]*row
	maxRows   int
	seeds     [2]maphash.Seed
	text      []byte // what the key of the current record is made of
	uncounted uint64 // records of rows beyond maxRows, or which could not be judged

	strangers map[stranger]*recorded.Count
	ids       map[stranger]bool // the clients that are told apart
	more      uint64            // records of strangers beyond maxStrangers
}

// outcomes counts the records about a service.
type outcomes struct {
	recorded.Count
	admitted, refused, wouldRefuse uint64
}

func (o *outcomes) count(n recorded.Count, d decision.Outcome) {
	switch o.Add(n); d {
	case decision.Admitted:
		o.admitted += n.Records
	case decision.WouldRefuse:
		o.wouldRefuse += n.Records
	default:
		o.refused += n.Records
	}
}

// stranger is a client or a service that the file does not name.
type stranger struct {
	service        string // which the client called; or which is not in the file, if there is no client
	issuer, client string
	admitted       bool
}

// NewCounter returns a counter of records for a review of the policy that was read from the
// file matrix, at the time now. Records before since do not count; zero means that all do.
func NewCounter(policy *access.Policy, set descriptor.Set, matrix string, since, now time.Time) *Counter {
	c := &Counter{
		judge: newJudge(policy, set, now), set: set, matrix: matrix, since: since,
		rows: map[rowKey]*row{}, maxRows: maxRows, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, strangers: map[stranger]*recorded.Count{}, ids: map[stranger]bool{},
	}
	c.services = make([]outcomes, len(c.judge.services))
	return c
}

// Record counts a record. Its error is always nil.
func (c *Counter) Record(r *decision.Record) error {
	c.count(r, recorded.One(r.Time))
	return nil
}

// count counts records that differ in their times alone, and in what no review looks at.
func (c *Counter) count(r *decision.Record, n recorded.Count) {
	now := c.judge.now
	if n.First.Before(c.since) {
		c.log.Earlier += n.Records
		return
	}
	if n.Last.After(now.Add(recorded.ClockDifference)) {
		c.log.Later += n.Records
	}
	n.First, n.Last = earlier(n.First, now), earlier(n.Last, now)
	same := r.Policy == c.judge.policy.Generation() && r.Policy != ""
	c.all.Add(n)
	if same {
		c.log.ThisPolicy += n.Records
	}
	s := c.serviceOf(r, n)
	if s == nil {
		return
	}
	c.services[s.number].count(n, r.Decision)
	client := c.clientOf(s, r, n)
	key := c.keyOf(s, r, client, same)
	known, ok := c.rows[key]
	if !ok {
		if known = c.newRow(s, r, client, same); known == nil {
			c.uncounted += n.Records
			return
		}
		c.rows[key] = known
	}
	known.Add(n)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// serviceOf returns the service of a record; nil if it is not in the file, or if the method
// belongs to none.
func (c *Counter) serviceOf(r *decision.Record, n recorded.Count) *service {
	if s := c.judge.services[r.Service]; s != nil {
		return s
	}
	if r.Service != "" {
		c.strange(stranger{service: r.Service}, n)
	}
	for _, s := range []*service{c.judge.byGRPC[grpcOf(r.Method)], c.judge.services[grpcOf("/"+r.Method)]} {
		if s != nil {
			return s
		}
	}
	return nil
}

// grpcOf returns the first part of the full name of a method.
func grpcOf(method string) string {
	rest, full := strings.CutPrefix(method, "/")
	grpc, _, ok := strings.Cut(rest, "/")
	if !full || !ok {
		return ""
	}
	return grpc
}

// clientOf returns the name of the client of a record; empty if it has none in the file.
func (c *Counter) clientOf(s *service, r *decision.Record, n recorded.Count) string {
	if r.Issuer == "" {
		return ""
	}
	name := s.guard.Client(r.Issuer, r.Client)
	if name == "" {
		c.strange(stranger{s.name, r.Issuer, r.Client, r.Decision == decision.Admitted}, n)
	}
	return name
}

func (c *Counter) strange(who stranger, n recorded.Count) {
	known := c.strangers[who]
	switch {
	case known != nil:
	case len(c.strangers) >= maxStrangers:
		c.more += n.Records
		return
	default:
		known = &recorded.Count{}
		c.strangers[who] = known
	}
	known.Add(n)
}

// Gap counts a gap. Its error is always nil.
func (c *Counter) Gap(g decision.Gap) error {
	c.log.gap(g, c.since)
	return nil
}

// gap adds a gap that is not before since.
func (l *Log) gap(g decision.Gap, since time.Time) {
	one := recorded.Count{Records: g.Records, First: g.First.UTC(), Last: g.Last.UTC()}
	switch n := len(l.Gaps); {
	case g.Last.Before(since):
	case n < maxGaps:
		l.Gaps = append(l.Gaps, one)
	default:
		l.Gaps[n-1].Add(one)
	}
}

// Skipped notes lines of a file that were not read, if records may be among them.
func (c *Counter) Skipped(file string, lines decision.Skipped) { c.log.skip(file, lines) }

func (l *Log) skip(file string, lines decision.Skipped) {
	for _, line := range lines {
		if line.MaybeRecords {
			l.Unread = append(l.Unread, file+": "+line.String())
		}
	}
}
