package interceptor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	sweepInterval = time.Second     // how often running streams are looked through, and how long one answer may take
	sweepers      = 16              // how many questions of one kind are under way at once
	patience      = 5 * time.Second // until a question is asked again that got no answer in time
)

// watch has the running streams looked through, again and again until the server
// is closed. While there are none it sleeps.
func (s *Server) watch() {
	revoked, keys, answers := &round{server: s}, &round{server: s}, &round{server: s}
	for {
		select {
		case <-s.open.Done():
			return
		case <-s.leases.begun:
		}
		tick := time.NewTicker(sweepInterval)
		for s.leases.count() > 0 && s.open.Err() == nil {
			select {
			case <-s.open.Done():
			case <-tick.C:
				s.sweep(revoked, keys, answers)
			}
		}
		tick.Stop()
	}
}

// sweep asks about the running streams what it is time to ask: whether their
// tokens were revoked, all of them; whether the keys of their tokens are still
// there, if any are lost; and what the issuer says now of a token that it was
// asked about, while that has not come to its end, when the lease counts and the
// issuer calls it inactive. Each kind has a round of its own, so that none waits for another.
func (s *Server) sweep(revoked, keys, answers *round) {
	if s.revocations != nil {
		revoked.begin(s.leases.all, s.askRevocations)
	}
	now, changes := time.Now().Round(0), s.verifier.Changes()
	recheck := func(l *lease) { s.recheck(l, changes) }
	keys.begin(func() []*lease {
		return s.leases.those(func(l *lease) bool { return l.call.claims != nil && l.ask.Equal(never) && l.changes != changes })
	}, recheck)
	answers.begin(func() []*lease {
		return s.leases.those(func(l *lease) bool {
			return l.call.claims != nil && !now.Before(l.ask) && now.Before(l.judged.Load().claims.Expiry())
		})
	}, recheck)
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
		for range min(sweepers, len(streams)) {
			group.Go(func() {
				for n := next.Add(1); int(n) <= len(streams) && r.server.open.Err() == nil; n = next.Add(1) {
					ask(streams[n-1])
				}
			})
		}
		group.Wait()
	})
}

// asking returns the context of a question about a running stream: that of its
// call, as it came, but for how long it lasts. An interceptor around ours may have
// ended it while the stream goes on.
func (s *Server) asking(l *lease) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.call.Context), sweepInterval)
	stop := context.AfterFunc(s.open, cancel)
	return ctx, func() { stop(); cancel() }
}

// askRevocations ends a stream whose token was taken back, also where its method
// has become public since: it still works for its caller. One of which nothing can
// be found out goes on: an outage of the source ends no stream.
func (s *Server) askRevocations(l *lease) {
	claims := l.judged.Load().claims
	if claims == nil {
		return
	}
	ctx, cancel := s.asking(l)
	defer cancel()
	if err := s.revoked(ctx, claims); errors.Is(err, audience.CauseRevoked) {
		s.end(l, s.guard.Load().Rule(l.call.method), err)
	}
}

// recheck asks whether the token of a running stream still is what it was: of
// opaque tokens the issuer, of others the keys at hand. The stream goes on under
// the claims that it has now, or ends as a call with the token is refused.
func (s *Server) recheck(l *lease, changes uint64) {
	ctx, cancel := s.asking(l)
	defer cancel()
	before := l.judged.Load().claims
	claims, next, err := s.verifier.Recheck(ctx, *l.call.raw, before, time.Now())
	now := time.Now().Round(0)
	if err == nil && claims != before {
		err = sameCaller(before, claims)
	}
	_, refused := errors.AsType[*audience.Refusal](err)
	switch {
	case refused:
		l.lost.Store(&lost{err})
		s.leases.askAt(l, now.Add(again), changes)
		s.end(l, s.guard.Load().Rule(l.call.method), err)
	case err != nil: // in time there was no answer
		s.leases.askAt(l, now.Add(patience), l.changes)
	default:
		regained := l.lost.Swap(nil) != nil
		s.leases.askAt(l, next, changes)
		if claims != before {
			l.judged.Store(&judged{claims, now})
		}
		if claims != before || regained {
			s.reconsider(l)
		}
	}
}

// sameCaller refuses what is said now of a token that was of somebody else
// before: the handler works for the caller that it was told of.
func sameCaller(before, now *audience.Claims) error {
	was, is := before.Caller(), now.Caller()
	if was.Issuer == is.Issuer && was.Service == is.Service && was.User == is.User {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseTokenInactive,
		Got:   fmt.Sprintf("client %.64q, user %.64q", is.Service, is.User), Want: fmt.Sprintf("client %.64q, user %.64q", was.Service, was.User),
		Hint: "the issuer calls the token active, and says that it is of another caller than when the stream began",
	}
}

// isAsked reports whether the issuer of these claims is asked about its tokens.
func (s *Server) isAsked(c *audience.Claims) bool {
	return slices.ContainsFunc(s.guard.Load().Issuers(), func(i audience.Issuer) bool {
		return i.URL == c.Issuer() && i.Introspection.ClientID != ""
	})
}
