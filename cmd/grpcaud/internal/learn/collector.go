package learn

import (
	"errors"
	"slices"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// Collector collects what records tell. It is not safe for concurrent use.
type Collector struct {
	cells    map[cellKey]*cell
	services map[string]*observedService
	issuers  map[string]map[tokenReading]bool // how tokens of an issuer were read
	unlearnt *unlearnt
	size     int // how much memory is kept, in bytes, roughly
}

// cellKey is who called what.
type cellKey struct {
	service, method string // the full name of the method
	issuer, client  string // its id
	caller          decision.Caller
}

// cell is what calls of one key have in common.
type cell struct {
	recorded.Count
	name     string   // the latest name of the client in the matrix
	scopes   []string // that all calls had
	audience []string // of the latest call
	bare     bool     // a call had no aud
	to       *observedService
	reading  tokenReading // of the latest call
}

// observedService is a service as records tell of it.
type observedService struct {
	shared    []string // the values of aud that all calls with aud have
	addressed bool     // there was such a call
}

// tokenReading is how a token was read.
type tokenReading struct {
	preset       string
	introspected bool
}

// maxSize is how much memory is kept, in bytes.
const maxSize = 128 << 20

// errTooMany is the error of logs with too much in them.
var errTooMany = errors.New("the logs have more clients, methods and scopes than one access matrix can name (about 200,000 combinations): learn from the logs of fewer services at once")

// NewCollector returns an empty collector.
func NewCollector() *Collector {
	return &Collector{cells: map[cellKey]*cell{}, services: map[string]*observedService{}, issuers: map[string]map[tokenReading]bool{}, unlearnt: newUnlearnt()}
}

// Add adds a record, of which it keeps no memory but strings. The error is about more
// different records than a matrix can hold.
func (c *Collector) Add(r *decision.Record) error {
	if r.Decision == decision.Ended {
		return nil // the stream has a record of its beginning
	}
	if why := whyNot(r); why != "" {
		c.unlearnt.record(why, r)
		return nil
	}
	k := cellKey{r.Service, r.Method, r.Issuer, r.Client, r.Caller}
	e, known := c.cells[k]
	if !known {
		e = c.newCell(k, r)
	}
	e.Add(recorded.One(r.Time))
	if reading := (tokenReading{r.Preset, r.Introspected}); !known || reading != e.reading {
		e.reading = reading
		c.addReading(r.Issuer, reading)
	}
	if r.ClientName != "" {
		e.name = r.ClientName
	}
	if len(r.Audience) == 0 {
		e.bare = true
	} else if !slices.Equal(e.audience, r.Audience) {
		c.size += bytesOf(r.Audience) - bytesOf(e.audience)
		e.audience = slices.Clone(r.Audience)
		e.to.addAudience(r.Audience)
	}
	e.scopes = slices.DeleteFunc(e.scopes, func(x string) bool { return !slices.Contains(r.Scopes, x) })
	if c.size > maxSize {
		return errTooMany
	}
	return nil
}

func (c *Collector) newCell(k cellKey, r *decision.Record) *cell {
	const each = 600 // bytes of a cell without its texts
	c.size += each + len(k.service) + len(k.method) + len(k.issuer) + len(k.client) + bytesOf(r.Scopes)
	e := &cell{scopes: slices.Compact(slices.Sorted(slices.Values(r.Scopes))), to: c.services[k.service]}
	if e.to == nil {
		e.to = &observedService{}
		c.services[k.service] = e.to
	}
	c.cells[k] = e
	return e
}

// addReading notes how a token of an issuer was read. That it was read in several ways is all
// that matters.
func (c *Collector) addReading(issuer string, reading tokenReading) {
	if c.issuers[issuer] == nil {
		c.issuers[issuer] = map[tokenReading]bool{}
	}
	if len(c.issuers[issuer]) < 2 {
		c.issuers[issuer][reading] = true
	}
}

// bytesOf returns how much memory a list takes.
func bytesOf(list []string) int {
	n := 0
	for _, text := range list {
		n += 16 + len(text)
	}
	return n
}
