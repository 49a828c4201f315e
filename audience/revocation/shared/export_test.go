package shared

import "time"

// Pace sets how long a replica waits for a change before it asks for the state, and how
// long the replicas have to fill a store that came back empty.
func Pace(pulse, settle time.Duration) Option {
	return optionFunc(func(s *settings) { s.pulse, s.settle = pulse, settle })
}

// Lease sets how long a replica that has gone keeps its lease.
func Lease(d time.Duration) Option { return optionFunc(func(s *settings) { s.lease = d }) }
