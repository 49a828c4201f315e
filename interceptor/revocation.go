package interceptor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	sweepInterval = time.Second // how often running streams are asked about, and how long an answer may take
	sweepers      = 16          // how many questions are under way at once
)

// revoked asks whether a token was taken back.
func (s *Server) revoked(ctx context.Context, c *audience.Claims) error {
	if s.revocations == nil {
		return nil
	}
	err := s.revocations.Revoked(ctx, c)
	refusal, _ := errors.AsType[*audience.Refusal](err)
	switch {
	case err == nil:
		return nil
	case refusal != nil && refusal.Cause == audience.CauseRevoked:
		return refusal
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &audience.Refusal{Cause: audience.CauseRevocationUnavailable, Err: err}
}

// watchRevocations asks about the running streams, again and again until the
// server is closed.
func (s *Server) watchRevocations() {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.open.Done():
			return
		case <-tick.C:
			s.sweep(s.leases.all())
		}
	}
}

// sweep asks about streams, several at a time.
func (s *Server) sweep(streams []*lease) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(sweepers, len(streams)) {
		group.Go(func() {
			for n := next.Add(1); int(n) <= len(streams) && s.open.Err() == nil; n = next.Add(1) {
				s.askAgain(streams[n-1])
			}
		})
	}
	group.Wait()
}

// askAgain ends a stream whose token was taken back. One of which nothing can be
// found out goes on: an outage of the source ends no stream.
func (s *Server) askAgain(l *lease) {
	ctx, cancel := context.WithTimeout(l.Context(), sweepInterval)
	defer cancel()
	defer context.AfterFunc(s.open, cancel)()
	if l.call.claims == nil {
		return
	}
	if err := s.revoked(ctx, l.call.claims); errors.Is(err, audience.CauseRevoked) {
		s.end(l, s.guard.Load().Rule(l.call.method), err)
	}
}
