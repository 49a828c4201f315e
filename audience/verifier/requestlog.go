package verifier

import (
	"sync"
	"time"
)

// requestLog records how the requests to an issuer ended, and how long to pause.
type requestLog struct {
	mu       sync.Mutex // guards the fields below
	requests uint64
	failed   uint64
	failures int       // in a row
	err      error     // of the last request; nil if it succeeded
	notUntil time.Time // no request before this time
}

// pause returns nil if requests may be sent, and otherwise how long to wait and why.
func (l *requestLog) pause() (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := time.Until(l.notUntil); left > 0 {
		return left, l.err
	}
	return 0, nil
}

// ended records the end of a request. If pause is true, its error means that other
// requests would fail too, and there is a pause. Requests that end during the pause do
// not extend it.
func (l *requestLog) ended(err error, pause bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	l.err = err
	switch {
	case err == nil:
		l.failures, l.notUntil = 0, time.Time{}
		return
	case pause && time.Now().After(l.notUntil):
		told := answerOf(err)
		l.notUntil = time.Now().Add(max(retry.Pause(l.failures), told.after))
		l.failures++
	}
	l.failed++
}

func (l *requestLog) stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{Fetches: l.requests, Failures: l.failed, LastError: l.err}
}
