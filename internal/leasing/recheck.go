package leasing

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
)

const (
	recheckInterval = time.Second            // between two checks of the running streams
	changeInterval  = 250 * time.Millisecond // between two looks whether something was revoked
	recheckWorkers  = 16                     // checks of one kind that run at a time
)

// watch checks the running streams at each interval until the leases are closed. While
// there are none it waits for the first one.
func (s *Leases) watch() {
	rounds := rounds{revoked: round{leases: s}, keys: round{leases: s}, answers: round{leases: s}, online: round{leases: s}}
	for {
		select {
		case <-s.open.Done():
			return
		case <-s.begun:
		}
		s.watchStreams(&rounds)
	}
}

// watchStreams checks the running streams while there are any.
func (s *Leases) watchStreams(r *rounds) {
	tick := time.NewTicker(recheckInterval)
	defer tick.Stop()
	var look <-chan time.Time // never, if changes are not counted
	var seen uint64
	if _, counted := s.controller.RevocationChanges(); counted {
		often := time.NewTicker(changeInterval)
		defer often.Stop()
		look = often.C
	}
	for s.Count() > 0 && s.open.Err() == nil {
		select {
		case <-s.open.Done():
		case <-tick.C:
			s.recheckStreams(r)
		case <-look:
			if now, _ := s.controller.RevocationChanges(); now != seen && s.recheckRevocations(&r.revoked) {
				seen = now
			}
		}
	}
}

// recheckRevocations starts a check whether the tokens of running streams were revoked. It
// reports false if the previous one still runs.
func (s *Leases) recheckRevocations(revoked *round) bool {
	return revoked.begin(s.all, func(l *Lease) { l.stream.CheckRevocation(s.open) })
}

// recheckStreams starts the checks of running streams that are due. A revocation check
// concerns every stream. If keys have changed, the tokens that were verified before
// are checked again. An opaque token is checked when the issuer's answer about it is
// no longer valid; a token whose exp has passed is not, since the issuer would call it
// inactive and the lease ends with its leeway. The same holds for a JWT whose rule demands
// that the issuer is asked. Each kind has a round of its own, so that none waits for
// another.
func (s *Leases) recheckStreams(r *rounds) {
	if s.checkRevocations {
		s.recheckRevocations(&r.revoked)
	}
	now, changes := time.Now().Round(0), s.controller.KeyChanges()
	recheck := func(l *Lease) { s.recheck(l, changes) }
	r.keys.begin(func() []*Lease {
		return s.filter(func(l *Lease) bool {
			return l.stream.HasToken() && l.recheckAt.Equal(admission.Never) && l.keyChanges != changes
		})
	}, recheck)
	r.answers.begin(func() []*Lease {
		return s.filter(func(l *Lease) bool {
			return l.stream.HasToken() && !now.Before(l.recheckAt) && !l.stream.TokenExpired(now)
		})
	}, recheck)
	r.online.begin(func() []*Lease {
		return s.filter(func(l *Lease) bool {
			return l.stream.HasToken() && !now.Before(l.confirmAt) && !l.stream.TokenExpired(now)
		})
	}, s.confirm)
}

// rounds has a round for each kind of check.
type rounds struct{ revoked, keys, answers, online round }

// confirm asks the issuer about the token of a running stream, and stores when the next
// question is due.
func (s *Leases) confirm(l *Lease) {
	result := l.stream.Confirm(s.open)
	s.confirmNext(l, result.Next)
	if result.Changed {
		s.judge(l)
	}
}

// recheck checks the token of a running stream again and stores when the next check is
// due. changes is how often the keys had changed before.
func (s *Leases) recheck(l *Lease, changes uint64) {
	result := l.stream.Recheck(s.open)
	s.recheckNext(l, result, changes)
	if result.Changed {
		s.judge(l)
	}
}

// round runs the checks of one kind. Its zero value, with leases set, is ready for
// use.
type round struct {
	leases *Leases
	busy   atomic.Bool
}

// begin checks streams, several at a time. It does nothing and returns false if the
// previous checks still run.
func (r *round) begin(running func() []*Lease, check func(*Lease)) bool {
	if r.busy.Load() {
		return false
	}
	streams := running()
	if len(streams) == 0 {
		return true
	}
	r.busy.Store(true)
	r.leases.background.Go(func() {
		defer r.busy.Store(false)
		var next atomic.Int64
		var group sync.WaitGroup
		for range min(recheckWorkers, len(streams)) {
			group.Go(func() {
				for n := next.Add(1); int(n) <= len(streams) && r.leases.open.Err() == nil; n = next.Add(1) {
					check(streams[n-1])
				}
			})
		}
		group.Wait()
	})
	return true
}
