package verifier

import (
	"sync"
	"time"
)

// outage remembers how asking an issuer went, and how long to ask no more.
type outage struct {
	mu       sync.Mutex // guards what follows
	asked    uint64
	failed   uint64
	failures int       // in a row
	err      error     // of the last request, nil if it went well
	notUntil time.Time // no request before
}

// over returns nil if requests may be made, else how long to wait and why.
func (o *outage) wait() (time.Duration, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if left := time.Until(o.notUntil); left > 0 {
		return left, o.err
	}
	return 0, nil
}

// ended counts a request. If its error says that no other would fare better,
// there is a pause; requests that end within it do not prolong it.
func (o *outage) ended(err error, pause bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	o.err = err
	switch {
	case err == nil:
		o.failures, o.notUntil = 0, time.Time{}
		return
	case pause && time.Now().After(o.notUntil):
		o.notUntil = time.Now().Add(max(backOff(o.failures), answerOf(err).after))
		o.failures++
	}
	o.failed++
}

func (o *outage) figures() Figures {
	o.mu.Lock()
	defer o.mu.Unlock()
	return Figures{Fetches: o.asked, Failures: o.failed, LastError: o.err}
}
