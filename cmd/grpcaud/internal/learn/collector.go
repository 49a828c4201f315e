package learn

import (
	"errors"
	"slices"

	"github.com/grpcaud/grpcaud/audience/decision"
)

// Collector collects what records tell. It is not safe for concurrent use.
type Collector struct {
	cells    map[cellKey]*cell
	services map[string]*observedService
	issuers  map[string]*observedIssuer
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
	count
	name      string   // the latest name of the client in the matrix
	scopes    []string // that all calls had
	audience  []string // of the latest call
	bare      bool     // a call had no aud
	to        *observedService
	from      *observedIssuer
	signature tokenReading // of the latest call
}

// observedService is a service as records tell of it.
type observedService struct {
	shared    []string // the values of aud that all calls with aud have
	addressed bool     // there was such a call
}

// observedIssuer is an issuer as records tell of it.
type observedIssuer struct{ readings map[tokenReading]bool }

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
	return &Collector{cells: map[cellKey]*cell{}, services: map[string]*observedService{}, issuers: map[string]*observedIssuer{}, unlearnt: newUnlearnt()}
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
	e.add(count{1, r.Time, r.Time})
	if reading := (tokenReading{r.Preset, r.Introspected}); reading != e.signature && len(e.from.readings) < 3 {
		e.signature, e.from.readings[reading] = reading, true
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
	for i := 0; i < len(e.scopes); {
		if slices.Contains(r.Scopes, e.scopes[i]) {
			i++
		} else {
			e.scopes = slices.Delete(e.scopes, i, i+1)
		}
	}
	if c.size > maxSize {
		return errTooMany
	}
	return nil
}

func (c *Collector) newCell(k cellKey, r *decision.Record) *cell {
	const each = 600 // bytes of a cell without its texts
	c.size += each + len(k.service) + len(k.method) + len(k.issuer) + len(k.client) + bytesOf(r.Scopes)
	e := &cell{scopes: slices.Compact(slices.Sorted(slices.Values(r.Scopes))), to: c.services[k.service], from: c.issuers[k.issuer]}
	if e.to == nil {
		e.to = &observedService{}
		c.services[k.service] = e.to
	}
	if e.from == nil {
		e.from = &observedIssuer{map[tokenReading]bool{}}
		c.issuers[k.issuer] = e.from
	}
	e.signature = tokenReading{r.Preset, r.Introspected}
	e.from.readings[e.signature] = true
	c.cells[k] = e
	return e
}

// bytesOf returns how much memory a list takes.
func bytesOf(list []string) int {
	n := 0
	for _, text := range list {
		n += 16 + len(text)
	}
	return n
}
