package verifier

import "time"

// Figures are how the keys of one issuer stand, or, of an issuer that is asked
// about each token, the asking.
type Stats struct {
	// Issuer is the URL of the issuer.
	Issuer string

	// Keys are how many can be used; 0 if there are none at hand, or they are
	// too old to be used.
	Keys int

	// Age is how long ago the keys were fetched; 0 if they never were, as those
	// of [StaticKeys].
	Age time.Duration

	// Skipped says why keys of the issuer are not used, one line for each. A
	// private key among them is a reason for alarm.
	Skipped []string

	// Fetches counts the requests for keys, or about tokens, and Failures those
	// of them that failed.
	Fetches, Failures uint64

	// Stale counts the answers about tokens that were given after their time,
	// for 60 seconds at the most, because the issuer could not be asked.
	Stale uint64

	// LastError is why the last of them failed, nil if it did not.
	LastError error
}

// Figures returns the figures of all issuers, sorted by URL.
func (v *Verifier) Stats() []Stats {
	var all []Stats
	for _, i := range v.current.Load().sorted() {
		all = append(all, i.figures())
	}
	return all
}

func (k *keySet) figures() Stats {
	f := Stats{}
	if s := k.load(); s != nil {
		f.Keys = len(s.keys)
	}
	if s := k.current.Load(); s != nil {
		if !s.fetched.IsZero() {
			f.Age = time.Since(s.fetched)
		}
		for _, err := range s.skipped {
			f.Skipped = append(f.Skipped, err.Error())
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	f.Fetches, f.Failures, f.LastError = k.begun.Load(), k.failed, k.err
	return f
}
