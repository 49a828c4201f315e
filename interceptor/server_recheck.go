package interceptor

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
)

const (
	recheckInterval = time.Second // how often running streams are looked through
	recheckWorkers  = 16          // how many questions of one kind are under way at once
)

// watch has the running streams looked through, at each interval until the server
// is closed. While there are none it sleeps.
func (s *Server) watch() {
	revoked, keys, answers := &round{server: s}, &round{server: s}, &round{server: s}
	for {
		select {
		case <-s.open.Done():
			return
		case <-s.leases.begun:
		}
		tick := time.NewTicker(recheckInterval)
		for s.leases.count() > 0 && s.open.Err() == nil {
			select {
			case <-s.open.Done():
			case <-tick.C:
				s.recheckStreams(revoked, keys, answers)
			}
		}
		tick.Stop()
	}
}

// recheckStreams asks about the running streams what it is time to ask: whether
// their tokens were revoked, all of them; whether the keys of their tokens are
// still there, if any are lost; and what the issuer says now of a token that it
// was asked about, before the token's exp, from which the lease counts and the
// issuer calls it inactive. Each kind has a round of its own, so that none waits
// for another.
func (s *Server) recheckStreams(revoked, keys, answers *round) {
	if s.config.Revocations != nil {
		revoked.begin(s.leases.all, func(l *lease) { l.judged.CheckRevocation(s.open) })
	}
	now, changes := time.Now().Round(0), s.admission.KeyChanges()
	recheck := func(l *lease) { s.recheck(l, changes) }
	keys.begin(func() []*lease {
		return s.leases.those(func(l *lease) bool {
			return l.judged.HasToken() && l.recheckAt.Equal(admission.Never) && l.keyChanges != changes
		})
	}, recheck)
	answers.begin(func() []*lease {
		return s.leases.those(func(l *lease) bool {
			return l.judged.HasToken() && !now.Before(l.recheckAt) && !l.judged.TokenExpired(now)
		})
	}, recheck)
}

// recheck asks whether the token of a running stream still is what it was, as of
// so many changes to keys, and sets when to ask again.
func (s *Server) recheck(l *lease, changes uint64) {
	result := l.judged.Recheck(s.open)
	s.leases.recheckNext(l, result, changes)
	if result.Changed {
		s.reconsider(l)
	}
}

// round is one kind of question. Its zero value, with server set, is ready.
type round struct {
	server *Server
	busy   atomic.Bool
}

// begin asks about streams, several at a time, unless the questions of the last
// time are still under way.
func (r *round) begin(which func() []*lease, ask func(*lease)) {
	if r.busy.Load() {
		return
	}
	streams := which()
	if len(streams) == 0 {
		return
	}
	r.busy.Store(true)
	r.server.background.Go(func() {
		defer r.busy.Store(false)
		var next atomic.Int64
		var group sync.WaitGroup
		for range min(recheckWorkers, len(streams)) {
			group.Go(func() {
				for n := next.Add(1); int(n) <= len(streams) && r.server.open.Err() == nil; n = next.Add(1) {
					ask(streams[n-1])
				}
			})
		}
		group.Wait()
	})
}
