package decision

import (
	"slices"
	"time"
)

// parser parses one line after another. Reading millions of records with encoding/json
// takes several times as long.
type parser struct {
	record Record
	gap    Gap
	names  map[string]string // texts that come again and again

	scanner
	kind    string
	version int64
	time    time.Time
	records int    // of a gap
	seen    uint64 // the fields that the line has, by their numbers
	bad     bool   // a field has another form, or comes twice
}

// maxNames is how many texts are kept to be used again.
const maxNames = 1 << 16

func newParser() *parser { return &parser{names: map[string]string{}} }

// parse reads a line into p.record or p.gap, and returns the type of the line; why it is
// skipped, otherwise.
func (p *parser) parse(line []byte) (kind, why string) {
	p.reset(line)
	if !p.object() {
		return "", notJSON
	}
	p.record.Time, p.gap.Time, p.gap.Records, p.gap.Reason = p.time, p.time, uint64(p.records), p.record.Reason
	switch {
	case p.kind != typeRecord && p.kind != typeGap:
		return "", otherLine
	case p.version > Version:
		return "", newer
	case p.bad, p.version != Version, p.kind == typeRecord && !p.record.valid(), p.kind == typeGap && !p.gap.valid():
		return "", malformed
	}
	return p.kind, ""
}

// reset keeps the memory of the lists.
func (p *parser) reset(line []byte) {
	r := &p.record
	*r = Record{Audience: r.Audience[:0], Scopes: r.Scopes[:0], Roles: r.Roles[:0], Chain: r.Chain[:0]}
	*p = parser{record: *r, names: p.names, scanner: scanner{rest: line}}
}

// valid reports whether a record has what each record has.
func (r *Record) valid() bool {
	return !r.Time.IsZero() && r.Duration >= 0 &&
		slices.Contains([]Outcome{Admitted, Refused, WouldRefuse, Ended}, r.Decision) &&
		slices.Contains([]string{"enforce", "warn", "observe"}, r.Mode) &&
		slices.Contains([]Caller{NoCaller, User, Service, UnknownCaller}, r.Caller)
}

// valid reports whether a gap has what each gap has.
func (g *Gap) valid() bool {
	return !g.Time.IsZero() && g.Records > 0 && g.Reason != "" && !g.First.IsZero() && !g.Last.Before(g.First)
}

// object reads the line, which must be one object.
func (p *parser) object() bool {
	if !p.next('{') {
		return false
	}
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return false
		}
		key, ok := p.text()
		if !ok || !p.next(':') || !p.field(key) {
			return false
		}
	}
	return p.end()
}

// field reads the value of a key; false if it is no JSON. A key that comes twice, or has
// a value of another form, makes the record malformed.
func (p *parser) field(key []byte) bool {
	n, known := fieldNumbers[string(key)]
	if !known {
		return p.skip(0)
	}
	before, bit := p.rest, uint64(1)<<n
	if fields[n].read(p) && p.seen&bit == 0 {
		p.seen |= bit
		return true
	}
	p.bad, p.rest = true, before
	return p.skip(0)
}

// fields are the keys of this package's lines.
var fields = []struct {
	key  string
	read func(*parser) bool
}{
	{"type", func(p *parser) bool { return p.name(&p.kind) }},
	{"version", func(p *parser) bool { return p.integer(&p.version) }},
	{"time", func(p *parser) bool { return p.date(&p.time) }},
	{"request_id", func(p *parser) bool { return p.fresh(&p.record.RequestID) }},
	{"method", func(p *parser) bool { return p.name(&p.record.Method) }},
	{"stream", func(p *parser) bool { return p.boolean(&p.record.Stream) }},
	{"service", func(p *parser) bool { return p.name(&p.record.Service) }},
	{"issuer", func(p *parser) bool { return p.name(&p.record.Issuer) }},
	{"preset", func(p *parser) bool { return p.name(&p.record.Preset) }},
	{"introspected", func(p *parser) bool { return p.boolean(&p.record.Introspected) }},
	{"audience", func(p *parser) bool { return p.list(&p.record.Audience) }},
	{"client", func(p *parser) bool { return p.name(&p.record.Client) }},
	{"client_name", func(p *parser) bool { return p.name(&p.record.ClientName) }},
	{"caller", func(p *parser) bool { return p.name((*string)(&p.record.Caller)) }},
	{"user", func(p *parser) bool { return p.name(&p.record.User) }},
	{"scopes", func(p *parser) bool { return p.list(&p.record.Scopes) }},
	{"roles", func(p *parser) bool { return p.list(&p.record.Roles) }},
	{"chain", func(p *parser) bool { return p.list(&p.record.Chain) }},
	{"peer", func(p *parser) bool { return p.fresh(&p.record.Peer) }},
	{"decision", func(p *parser) bool { return p.name((*string)(&p.record.Decision)) }},
	{"mode", func(p *parser) bool { return p.name(&p.record.Mode) }},
	{"reason", func(p *parser) bool { return p.name(&p.record.Reason) }},
	{"cause", func(p *parser) bool { return p.name(&p.record.Cause) }},
	{"entry", func(p *parser) bool { return p.name(&p.record.Entry) }},
	{"file", func(p *parser) bool { return p.name(&p.record.File) }},
	{"line", func(p *parser) bool { return p.natural(&p.record.Line) }},
	{"policy", func(p *parser) bool { return p.name(&p.record.Policy) }},
	{"token", func(p *parser) bool { return p.fresh(&p.record.Token) }},
	{"duration_ns", func(p *parser) bool { return p.integer((*int64)(&p.record.Duration)) }},
	{"records", func(p *parser) bool { return p.natural(&p.records) }},
	{"first", func(p *parser) bool { return p.date(&p.gap.First) }},
	{"last", func(p *parser) bool { return p.date(&p.gap.Last) }},
	{"error", func(p *parser) bool { return p.fresh(&p.gap.Error) }},
}

// fieldNumbers are the indexes of fields by their keys.
var fieldNumbers = func() map[string]int {
	numbers := map[string]int{}
	for i, f := range fields {
		numbers[f.key] = i
	}
	return numbers
}()
