package review

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// maxUnknownCallers is how many kinds of calls without a genuine token are kept with their
// methods, which strangers choose.
const maxUnknownCallers = 10_000

// Kept are records that are read once, to be counted for one version of a matrix after
// another. They take bounded memory: records are one if they differ in nothing that a matrix
// can ask about. It is not safe for concurrent use while records are added.
type Kept struct {
	since, now time.Time
	log        Log // its gaps, and what else is not in all
	all        []*kept
	kinds      map[string]*kept // all, by their keys
	strange    int              // kinds of calls without a genuine token
	rest       recorded.Count   // records of kinds beyond maxRows
	key        []byte           // of the current record
}

// kept are records of one kind.
type kept struct {
	record decision.Record // the first of them
	recorded.Count
}

// Keep returns what keeps records, at the time now. Those before since do not count; zero
// means that all do.
func Keep(since, now time.Time) *Kept {
	return &Kept{since: since, now: now, kinds: map[string]*kept{}}
}

// Record keeps a record. Its error is always nil.
func (k *Kept) Record(r *decision.Record) error {
	if r.Time.Before(k.since) {
		k.log.Earlier++
		return nil
	}
	method, unknown := r.Method, r.Issuer == "" && r.Decision != decision.Admitted
	if unknown && k.strange >= maxUnknownCallers {
		method = ""
	}
	k.keyOf(r, method)
	one, known := k.kinds[string(k.key)]
	switch {
	case known:
	case len(k.kinds) >= maxRows:
		k.rest.Add(recorded.One(r.Time))
		return nil
	default:
		one = &kept{record: decision.Record{
			Method: method, Service: r.Service, Issuer: r.Issuer, Audience: slices.Clone(r.Audience), Client: r.Client, Caller: r.Caller,
			Scopes: slices.Clone(r.Scopes), Roles: slices.Clone(r.Roles), Peer: r.Peer, Decision: r.Decision, Cause: r.Cause, Entry: r.Entry, Policy: r.Policy,
		}}
		k.all, k.kinds[string(k.key)] = append(k.all, one), one
		if unknown {
			k.strange++
		}
	}
	one.Add(recorded.One(r.Time))
	return nil
}

// keyOf writes the key of the kind of a record: all that a [Counter] looks at, and whether it
// is from the future.
func (k *Kept) keyOf(r *decision.Record, method string) {
	key := append(k.key[:0], flag(r.Time.After(k.now.Add(recorded.ClockDifference))))
	for _, text := range []string{method, r.Service, r.Issuer, r.Client, string(r.Caller), string(r.Decision), r.Cause, r.Entry, r.Policy} {
		key = append(binary.AppendUvarint(key, uint64(len(text))), text...)
	}
	for _, list := range [][]string{r.Audience, r.Scopes, r.Roles} {
		key = binary.AppendUvarint(key, uint64(len(list)))
		for _, text := range list {
			key = append(binary.AppendUvarint(key, uint64(len(text))), text...)
		}
	}
	k.key = key
}

// Gap keeps a gap. Its error is always nil.
func (k *Kept) Gap(g decision.Gap) error {
	k.log.gap(g, k.since)
	return nil
}

// Skipped notes lines of a file that were not read, if records may be among them.
func (k *Kept) Skipped(file string, lines decision.Skipped) { k.log.skip(file, lines) }

// Report counts the records for the policy that was read from the file matrix, at the time
// now, and returns what was found.
func (k *Kept) Report(policy *access.Policy, set descriptor.Set, matrix string, now time.Time) *Report {
	c := NewCounter(policy, set, matrix, k.since, now)
	c.log, c.uncounted = k.log, k.rest.Records
	c.all.Add(k.rest)
	for _, one := range k.all {
		c.count(&one.record, one.Count)
	}
	return c.Report()
}
