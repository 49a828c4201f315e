package verifier

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/metadata"
)

// endpointLookup finds the introspection endpoint of an issuer in its metadata. It
// reads the metadata once for all calls that wait for it. Make one with
// newEndpointLookup.
type endpointLookup struct {
	read func(context.Context) (string, error)

	completed atomic.Uint64 // lookups

	lock    chan struct{} // holds a value while a lookup runs; guards the fields below
	address string
	err     error
	until   time.Time // when the address must be looked up again
}

func newEndpointLookup(read func(context.Context) (string, error)) *endpointLookup {
	return &endpointLookup{read: read, lock: make(chan struct{}, 1)}
}

// find returns the address. A caller that waits for a lookup gets its result. If the
// context of the caller that looks up ends, the next caller looks up again.
func (l *endpointLookup) find(ctx context.Context) (string, error) {
	before := l.completed.Load()
	select {
	case l.lock <- struct{}{}:
		defer func() { <-l.lock }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	known := l.err == nil && time.Now().Before(l.until)
	if known || l.completed.Load() != before {
		return l.address, l.err
	}
	address, err := l.read(ctx)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	l.address, l.err, l.until = address, err, time.Now().Add(metadata.Lifetime)
	l.completed.Add(1)
	return address, err
}
