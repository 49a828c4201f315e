package interceptor

import (
	"container/heap"
	"slices"
	"sync"
	"time"
)

// leases are the running streams of a server, and one timer for all of them.
// The zero value, with expired and begun set, is ready for use.
type leases struct {
	expired func(*lease)  // called without the lock
	begun   chan struct{} // of one place; told when there are leases after there were none

	mu    sync.Mutex // guards what follows, and in each lease what it says
	heap  byDue
	timer *time.Timer
}

const (
	// nap is the longest sleep of the timer. Timers stand still while the
	// machine does, and do not see its clock being set; the end of a token does
	// neither. A look at the clock each second ends late streams at once.
	nap = time.Second

	// again is when a stream comes up again that goes on although it is due,
	// since its rule is not enforced yet.
	again = time.Minute
)

// never is when an endless stream ends.
var never = time.Unix(1<<40, 0)

// add starts to hold l to its end.
func (s *leases) add(l *lease, end time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.due = end
	heap.Push(&s.heap, l)
	s.rouseLocked()
	if len(s.heap) > 1 {
		return
	}
	select {
	case s.begun <- struct{}{}:
	default: // it is told already
	}
}

// move changes the end of l, if l is still held to it.
func (s *leases) move(l *lease, end time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.place >= 0 && !l.due.Equal(end) {
		l.due = end
		heap.Fix(&s.heap, l.place)
		s.rouseLocked()
	}
}

// remove forgets l.
func (s *leases) remove(l *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Remove(&s.heap, l.place)
	s.rouseLocked()
}

// all returns those that run now.
func (s *leases) all() []*lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heap)
}

// those returns the ones that run now and that f, which is called with the lock
// held, picks.
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

// askAt sets when to ask about the token of l again, which was found good, or was
// not, after so many changes to keys.
func (s *leases) askAt(l *lease, at time.Time, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.ask, l.changes = at, changes
}

// count returns how many run now.
func (s *leases) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heap)
}

// rouseLocked sets the timer to the first end. Ends are wall time.
func (s *leases) rouseLocked() {
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
	return max(0, min(time.Until(s.heap[0].due), nap))
}

// wake tells of the leases that are due.
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
		s.heap[0].due = now.Add(again)
		heap.Fix(&s.heap, 0)
	}
	if len(s.heap) > 0 {
		s.rouseLocked()
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
