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

	turn    chan struct{} // holds a value while somebody has the turn; guards what follows
	address string
	err     error
	until   time.Time // when the address must be looked up again
}

func newEndpointLookup(read func(context.Context) (string, error)) *endpointLookup {
	return &endpointLookup{read: read, turn: make(chan struct{}, 1)}
}

// find returns the address. A caller that waits gets the outcome of the lookup that it
// waited for. If a caller's context ends during its lookup, the next caller looks up
// again.
func (l *endpointLookup) find(ctx context.Context) (string, error) {
	before := l.completed.Load()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
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
