package interceptor

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// leases are the running streams of a server, and one timer for all of them.
// The zero value, with expired and begun set, is ready for use.
type leases struct {
	expired func(*lease)  // called without the lock
	begun   chan struct{} // of one place; receives when there are leases after there were none

	mu    sync.Mutex // guards what follows, and in each lease what it says
	heap  byDue
	timer *time.Timer
}

const (
	// maxSleep is the longest sleep of the timer. Timers stand still while the
	// machine is suspended, and do not see its clock being set; the end of a token
	// does neither. A look at the clock each second ends late streams at once.
	maxSleep = time.Second

	// judgeInterval is when a stream is judged again that goes on although it is
	// due, since its rule is not enforced yet.
	judgeInterval = time.Minute
)

// add watches over l, which is judged again at a time.
func (s *leases) add(l *lease, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.due = due
	heap.Push(&s.heap, l)
	s.resetTimerLocked()
	if len(s.heap) > 1 {
		return
	}
	select {
	case s.begun <- struct{}{}:
	default: // the signal is there already
	}
}

// move changes when l is judged again, if l is still watched.
func (s *leases) move(l *lease, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.place >= 0 && !l.due.Equal(due) {
		l.due = due
		heap.Fix(&s.heap, l.place)
		s.resetTimerLocked()
	}
}

// remove ends the watch over l.
func (s *leases) remove(l *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Remove(&s.heap, l.place)
	s.resetTimerLocked()
}

// all returns the running streams.
func (s *leases) all() []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heap)
}

// those returns the running streams that f picks. It is called with the lock held.
func (s *leases) those(f func(*lease) bool) []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []*lease
	for _, l := range s.heap {
		if f(l) {
			some = append(some, l)
		}
	}
	return some
}

// recheckNext sets by the result of a question about the token of l when to ask
// the next one. An answer is as of so many changes to keys.
func (s *leases) recheckNext(l *lease, r admission.Rechecked, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.recheckAt = r.Next
	if r.Answered {
		l.keyChanges = changes
	}
}

// count returns how many streams run.
func (s *leases) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heap)
}

// resetTimerLocked sets the timer to the first lease that is due, by wall time.
func (s *leases) resetTimerLocked() {
	switch {
	case len(s.heap) == 0:
		s.timer.Stop()
	case s.timer == nil:
		s.timer = time.AfterFunc(s.sleepLocked(), s.wake)
	default:
		s.timer.Reset(s.sleepLocked())
	}
}

func (s *leases) sleepLocked() time.Duration {
	return max(0, min(time.Until(s.heap[0].due), maxSleep))
}

// wake calls expired for the leases that are due.
func (s *leases) wake() {
	for _, l := range s.due(time.Now().Round(0)) {
		s.expired(l)
	}
}

func (s *leases) due(now time.Time) []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*lease
	for len(s.heap) > 0 && !s.heap[0].due.After(now) {
		due = append(due, s.heap[0])
		s.heap[0].due = now.Add(judgeInterval)
		heap.Fix(&s.heap, 0)
	}
	if len(s.heap) > 0 {
		s.resetTimerLocked()
	}
	return due
}

// byDue is a heap with the lease on top that is due first.
type byDue []*lease

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements [heap.Interface].
func (h *byDue) Push(l any) {
	l.(*lease).place = len(*h)
	*h = append(*h, l.(*lease))
}

// Pop implements [heap.Interface].
func (h *byDue) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last], l.place = nil, -1
	*h = (*h)[:last]
	return l
}
