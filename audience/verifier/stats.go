package verifier

import (
	"cmp"
	"time"
)

// Stats are the statistics of one issuer: of its keys, and of the requests about its
// tokens. An issuer that is asked about each token has no keys.
type Stats struct {
	// Issuer is the URL of the issuer.
	Issuer string

	// Keys is the number of usable keys; 0 if none were fetched, or if they are too
	// old.
	Keys int

	// Age is how long ago the keys were fetched; 0 if they never were, such as those
	// of [StaticKeys].
	Age time.Duration

	// Skipped says why keys of the issuer are not used, one line for each. A private
	// key among them is a reason for alarm.
	Skipped []string

	// Fetches counts the requests for keys, or about tokens, and Failures those that
	// failed.
	Fetches, Failures uint64

	// Stale counts the answers about tokens that were used after their time, for at
	// most 60 seconds, because the issuer could not be asked.
	Stale uint64

	// LastError is why the last request failed, nil if it did not.
	LastError error
}

// Stats returns the statistics of all issuers, sorted by URL.
func (v *Verifier) Stats() []Stats {
	var all []Stats
	for _, i := range v.current.Load().sorted() {
		all = append(all, i.stats())
	}
	return all
}

func (k *keySet) stats() Stats {
	var s Stats
	if set := k.load(); set != nil {
		s.Keys = len(set.keys)
	}
	if set := k.current.Load(); set != nil {
		if !set.fetched.IsZero() {
			s.Age = time.Since(set.fetched)
		}
		for _, err := range set.skipped {
			s.Skipped = append(s.Skipped, err.Error())
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s.Fetches, s.Failures, s.LastError = k.begun.Load(), k.failed, k.err
	return s
}

// add adds the statistics of the requests about tokens.
func (s *Stats) add(i *introspector) {
	requests := i.requests.stats()
	s.Fetches += requests.Fetches
	s.Failures += requests.Failures
	s.Stale, s.LastError = i.staleAnswers.Load(), cmp.Or(s.LastError, requests.LastError)
}
