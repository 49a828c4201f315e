package interceptor

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// leases holds the running streams of a server, and one timer for all of them. The
// zero value is ready for use once expired and begun are set.
type leases struct {
	expired func(*lease)  // called without the lock held
	begun   chan struct{} // with room for one value, which is sent when the first lease is added

	mu    sync.Mutex // guards the fields below, and the last fields of each lease
	heap  byDue
	timer *time.Timer
}

const (
	// maxSleep is the longest sleep of the timer. A timer stops while the machine is
	// suspended and does not notice that the clock was set. The end of a token depends
	// on the clock alone, so the clock is read every second.
	maxSleep = time.Second

	// judgeInterval is how soon a stream is judged again that is due and continues,
	// since its rule is not enforced yet.
	judgeInterval = time.Minute
)

// add adds l, which is judged again at the time due.
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
	default: // the value is in the channel already
	}
}

// move changes when l is judged again. It does nothing if l was removed.
func (s *leases) move(l *lease, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.heapIndex >= 0 && !l.due.Equal(due) {
		l.due = due
		heap.Fix(&s.heap, l.heapIndex)
		s.resetTimerLocked()
	}
}

// remove removes l.
func (s *leases) remove(l *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Remove(&s.heap, l.heapIndex)
	s.resetTimerLocked()
}

// all returns the running streams.
func (s *leases) all() []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heap)
}

// filter returns the running streams for which keep is true. The lock is held while it is
// called.
func (s *leases) filter(keep func(*lease) bool) []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []*lease
	for _, l := range s.heap {
		if keep(l) {
			some = append(some, l)
		}
	}
	return some
}

// recheckNext stores when the token of l is checked again, and, if the check had an
// answer, how often the keys had changed before it.
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

// byDue is a heap of leases. The one that is due first is on top.
type byDue []*lease

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapIndex, h[j].heapIndex = i, j
}

// Push implements [heap.Interface].
func (h *byDue) Push(l any) {
	l.(*lease).heapIndex = len(*h)
	*h = append(*h, l.(*lease))
}

// Pop implements [heap.Interface].
func (h *byDue) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last], l.heapIndex = nil, -1
	*h = (*h)[:last]
	return l
}
