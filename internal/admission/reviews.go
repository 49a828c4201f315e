package admission

import (
	"log/slog"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// reviews logs which services and entries are past their review: each once, when it is,
// for as long as the policy says the same of it.
type reviews struct {
	log *slog.Logger

	mu     sync.Mutex // guards the fields below
	guard  *access.Guard
	closed bool
	logged map[string]bool // the texts that were logged and still hold
	timer  *time.Timer     // for the next review; nil for none
}

// longestWait is the time after which the clock is read again: it may have been set.
const longestWait = 24 * time.Hour

// follow follows the reviews of this policy instead of those of the one before.
func (r *reviews) follow(guard *access.Guard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guard = guard
	r.tellLocked()
}

func (r *reviews) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tellLocked()
}

// tellLocked logs what has become overdue, and waits for the next.
func (r *reviews) tellLocked() {
	if r.closed {
		return
	}
	now := time.Now()
	overdue, next := r.guard.Overdue(now)
	holds := map[string]bool{}
	for _, text := range overdue {
		if !r.logged[text] {
			r.log.Warn("access matrix", slog.String("problem", text))
		}
		holds[text] = true
	}
	r.logged = holds
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	if !next.IsZero() {
		r.timer = time.AfterFunc(min(next.Sub(now.Round(0)), longestWait), r.tell)
	}
}

// close stops waiting.
func (r *reviews) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed = true; r.timer != nil {
		r.timer.Stop()
	}
}
