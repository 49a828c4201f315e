package interceptor

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/internal/admission"
)

const (
	recheckInterval = time.Second            // between two checks of the running streams
	changeInterval  = 250 * time.Millisecond // between two looks whether something was revoked
	recheckWorkers  = 16                     // checks of one kind that run at a time
)

// watch checks the running streams at each interval until the server is closed. While
// there are none it waits for the first one.
func (s *Server) watch() {
	revoked, keys, answers := &round{server: s}, &round{server: s}, &round{server: s}
	for {
		select {
		case <-s.open.Done():
			return
		case <-s.leases.begun:
		}
		s.watchStreams(revoked, keys, answers)
	}
}

// watchStreams checks the running streams while there are any.
func (s *Server) watchStreams(revoked, keys, answers *round) {
	tick := time.NewTicker(recheckInterval)
	defer tick.Stop()
	counter, counts := s.config.Revocations.(revocation.Counter)
	var look <-chan time.Time // never, if changes are not counted
	var seen uint64
	if counts {
		often := time.NewTicker(changeInterval)
		defer often.Stop()
		look = often.C
	}
	for s.leases.count() > 0 && s.open.Err() == nil {
		select {
		case <-s.open.Done():
		case <-tick.C:
			s.recheckStreams(revoked, keys, answers)
		case <-look:
			if now := counter.Changes(); now != seen && s.recheckRevocations(revoked) {
				seen = now
			}
		}
	}
}

// recheckRevocations starts a check whether the tokens of running streams were revoked. It
// reports false if the previous one still runs.
func (s *Server) recheckRevocations(revoked *round) bool {
	return revoked.begin(s.leases.all, func(l *lease) { l.judged.CheckRevocation(s.open) })
}

// recheckStreams starts the checks of running streams that are due. A revocation check
// concerns every stream. If keys have changed, the tokens that were verified before
// are checked again. An opaque token is checked when the issuer's answer about it is
// no longer valid; a token whose exp has passed is not, since the issuer would call it
// inactive and the lease ends with its leeway. Each kind has a round of its own, so
// that none waits for another.
func (s *Server) recheckStreams(revoked, keys, answers *round) {
	if s.config.Revocations != nil {
		s.recheckRevocations(revoked)
	}
	now, changes := time.Now().Round(0), s.admission.KeyChanges()
	recheck := func(l *lease) { s.recheck(l, changes) }
	keys.begin(func() []*lease {
		return s.leases.filter(func(l *lease) bool {
			return l.judged.HasToken() && l.recheckAt.Equal(admission.Never) && l.keyChanges != changes
		})
	}, recheck)
	answers.begin(func() []*lease {
		return s.leases.filter(func(l *lease) bool {
			return l.judged.HasToken() && !now.Before(l.recheckAt) && !l.judged.TokenExpired(now)
		})
	}, recheck)
}

// recheck checks the token of a running stream again and stores when the next check is
// due. changes is how often the keys had changed before.
func (s *Server) recheck(l *lease, changes uint64) {
	result := l.judged.Recheck(s.open)
	s.leases.recheckNext(l, result, changes)
	if result.Changed {
		s.reconsider(l)
	}
}

// round runs the checks of one kind. Its zero value, with server set, is ready for
// use.
type round struct {
	server *Server
	busy   atomic.Bool
}

// begin checks streams, several at a time. It does nothing and returns false if the
// previous checks still run.
func (r *round) begin(running func() []*lease, check func(*lease)) bool {
	if r.busy.Load() {
		return false
	}
	streams := running()
	if len(streams) == 0 {
		return true
	}
	r.busy.Store(true)
	r.server.background.Go(func() {
		defer r.busy.Store(false)
		var next atomic.Int64
		var group sync.WaitGroup
		for range min(recheckWorkers, len(streams)) {
			group.Go(func() {
				for n := next.Add(1); int(n) <= len(streams) && r.server.open.Err() == nil; n = next.Add(1) {
					check(streams[n-1])
				}
			})
		}
		group.Wait()
	})
	return true
}
