package leasing

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// Leases are the running streams of a server, with one timer for all of them. It is
// safe for concurrent use.
type Leases struct {
	controller       *admission.Controller
	checkRevocations bool

	begun      chan struct{}   // with room for one value, which is sent when the first lease is added
	open       context.Context // ends with Close
	close      context.CancelFunc
	background sync.WaitGroup // what Close waits for

	mu    sync.Mutex // guards the fields below, and the last fields of each lease
	heap  byDue
	timer *time.Timer
	fires time.Time // when the timer fires; zero if it does not
}

// New returns an empty set of leases. Before the first [Leases.Begin] it needs
// [Leases.Start].
func New() *Leases {
	s := &Leases{begun: make(chan struct{}, 1)}
	s.open, s.close = context.WithCancel(context.Background())
	return s
}

// Start begins the checks of running streams, whose requests c admits. With
// checkRevocations, revocations are checked too. Close the leases.
func (s *Leases) Start(c *admission.Controller, checkRevocations bool) {
	s.controller, s.checkRevocations = c, checkRevocations
	s.background.Go(s.watch)
}

// Close ends the background work and returns when that is done. Running streams still
// end with their tokens.
func (s *Leases) Close() {
	s.close()
	s.background.Wait()
}

// Lease is a running stream and the time until which it may run. [Leases.Begin] begins it.
type Lease struct {
	stream admission.Stream

	// Leases.mu guards the fields below.
	due        time.Time // when the stream is judged again
	heapIndex  int       // -1 if it is not in the heap
	recheckAt  time.Time // when its token is checked again; Never if only changes of keys matter
	keyChanges uint64    // how often the issuers' keys had changed when its token was last found good
	confirmAt  time.Time // when the issuer is asked about its token, if its rule demands that; otherwise Never
}

// Begin begins l, a zero Lease, for the request of e, and judges it for the first time. end
// is called when the stream is refused, perhaps before Begin returns: see
// [admission.Stream.Begin]. Call Begin once for a request, and [Leases.End] when it is
// over.
func (s *Leases) Begin(l *Lease, e *admission.Evidence, end func(admission.Decision) bool) {
	l.stream.Begin(e, end)
	l.heapIndex, l.recheckAt, l.keyChanges = -1, admission.Never, l.stream.KeyChanges()
	if l.stream.Introspected() {
		l.recheckAt = time.Now() // the issuer's first answer may be valid until now only
	}
	s.add(l)
	s.judge(l)
}

// End ends the lease of a stream that is over.
func (s *Leases) End(l *Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Remove(&s.heap, l.heapIndex)
	s.resetTimerLocked()
}

// JudgeAll judges all running streams by the policy in force.
func (s *Leases) JudgeAll() {
	for _, l := range s.all() {
		s.judge(l)
	}
}

// judge judges a running stream by the policy in force, and stores when the stream is
// judged again, and when its issuer is asked.
func (s *Leases) judge(l *Lease) {
	l.stream.Judge(func(next time.Time) {
		s.move(l, next)
		s.confirmNext(l, l.stream.NextQuestion())
	})
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

// add adds l, which is not judged before it is moved.
func (s *Leases) add(l *Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.due = admission.Never
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
func (s *Leases) move(l *Lease, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.heapIndex >= 0 && !l.due.Equal(due) {
		l.due = due
		heap.Fix(&s.heap, l.heapIndex)
		s.resetTimerLocked()
	}
}

// all returns the running streams.
func (s *Leases) all() []*Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heap)
}

// filter returns the running streams for which keep is true. The lock is held while it is
// called.
func (s *Leases) filter(keep func(*Lease) bool) []*Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some []*Lease
	for _, l := range s.heap {
		if keep(l) {
			some = append(some, l)
		}
	}
	return some
}

// recheckNext stores when the token of l is checked again, and, if the check had an
// answer, how often the keys had changed before it.
func (s *Leases) recheckNext(l *Lease, r admission.Rechecked, changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.recheckAt = r.Next
	if r.Answered {
		l.keyChanges = changes
	}
}

// confirmNext stores when the issuer of l is asked about its token.
func (s *Leases) confirmNext(l *Lease, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.confirmAt = next
}

// Count returns how many streams run.
func (s *Leases) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heap)
}

// StopTimer stops the timer and reports whether it was running, for tests.
func (s *Leases) StopTimer() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fires = time.Time{}
	return s.timer.Stop()
}

// resetTimerLocked sets the timer to the first lease that is due, by wall time. It leaves a
// timer that fires before then, and one without leases: most requests are over before it
// fires, and to set it for each of them would wake the thread that waits for timers.
func (s *Leases) resetTimerLocked() {
	if len(s.heap) == 0 || !s.fires.IsZero() && !s.heap[0].due.Before(s.fires) {
		return
	}
	sleep := s.sleepLocked()
	if s.timer == nil {
		s.timer = time.AfterFunc(sleep, s.wake)
	} else {
		s.timer.Reset(sleep)
	}
	s.fires = time.Now().Round(0).Add(sleep)
}

func (s *Leases) sleepLocked() time.Duration {
	return max(0, min(time.Until(s.heap[0].due), maxSleep))
}

// wake judges the streams that are due.
func (s *Leases) wake() {
	for _, l := range s.due(time.Now().Round(0)) {
		s.judge(l)
	}
}

func (s *Leases) due(now time.Time) []*Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fires = time.Time{}
	var due []*Lease
	for len(s.heap) > 0 && !s.heap[0].due.After(now) {
		due = append(due, s.heap[0])
		s.heap[0].due = now.Add(judgeInterval)
		heap.Fix(&s.heap, 0)
	}
	s.resetTimerLocked()
	return due
}

// byDue is a heap of leases. The one that is due first is on top.
type byDue []*Lease

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapIndex, h[j].heapIndex = i, j
}

// Push implements [heap.Interface].
func (h *byDue) Push(l any) {
	l.(*Lease).heapIndex = len(*h)
	*h = append(*h, l.(*Lease))
}

// Pop implements [heap.Interface].
func (h *byDue) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last], l.heapIndex = nil, -1
	*h = (*h)[:last]
	return l
}
