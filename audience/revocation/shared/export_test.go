package shared

import (
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation"
)

// Pace sets how long a replica waits for a change before it asks for the state, and how
// long the replicas have to fill a store that came back empty.
func Pace(pulse, settle time.Duration) Option {
	return optionFunc(func(s *settings) { s.pulse, s.settle = pulse, settle })
}

// Lease sets how long a replica that has gone keeps its lease.
func Lease(d time.Duration) Option { return optionFunc(func(s *settings) { s.lease = d }) }

// RevokeHere adds an entry of which the store is never told.
func (l *List) RevokeHere(e revocation.Entry) error { return l.memory.Revoke(e) }

// Lost reports whether a replica that was told of a change takes the store, which has
// that many changes and says that of this one, for one that has lost something.
func Lost(number int64, id string, last int64, about string) bool {
	l := &List{mark: mark{"epoch", change{number: number - 1, id: "before"}}}
	l.advance("another", change{number: number + 7, id: "elsewhere"})
	l.advance("epoch", change{number: number, id: id})
	l.advance("epoch", change{number: number - 1, id: "before"})
	return l.marked().lost(state{epoch: "epoch", change: last, id: about})
}

// Suspend has the wall clock go on while the monotonic clock stands, as on a machine that is
// suspended.
func (l *List) Suspend(d time.Duration) { l.heardAt.Add(-int64(d)) }

// ParseReplica reads an announcement.
func ParseReplica(text, age string) (Replica, error) {
	a, heard, err := parseAnnouncement("id", text, age)
	if err != nil {
		return Replica{}, err
	}
	return (&List{memory: revocation.NewList(1)}).replica("id", a, heard, state{epoch: "x", change: 5}), nil
}
