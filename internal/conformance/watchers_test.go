package conformance_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// watchers are the streams of one login, at all replicas.
type watchers struct {
	streams []grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]
	answers chan struct{} // one for each answer
	ended   chan struct{} // closed when all have ended

	mu    sync.Mutex // guards the fields below
	count int        // how many have ended
	last  time.Time  // when the last of them did
	why   map[audience.Reason]int
}

// watch opens that many streams of a login at each replica.
func (r *replicas) watch(t *testing.T, token string, each int) *watchers {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	n := each * len(r.conns)
	w := &watchers{answers: make(chan struct{}, n), ended: make(chan struct{}), why: map[audience.Reason]int{}}
	var done sync.WaitGroup
	t.Cleanup(func() { cancel(); done.Wait() })
	for _, conn := range r.conns {
		for range each {
			stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(ctx, bearing(token))
			if err != nil {
				t.Fatal(err)
			}
			w.streams = append(w.streams, stream)
			done.Go(func() { w.follow(stream, n) })
		}
	}
	w.goOn(t, "streams that begin")
	return w
}

// follow reads the answers of a stream until it ends.
func (w *watchers) follow(stream grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse], of int) {
	for {
		_, err := stream.Recv()
		if err != nil {
			w.gone(err, of)
			return
		}
		w.answers <- struct{}{}
	}
}

// gone counts a stream that has ended.
func (w *watchers) gone(err error, of int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Now()
	w.why[reasonOf(err)]++
	if w.count++; w.count == of {
		close(w.ended)
	}
}

// goOn checks that each stream still answers.
func (w *watchers) goOn(t *testing.T, what string) {
	t.Helper()
	for i, stream := range w.streams {
		if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
			t.Fatalf("%s: stream %d: %v", what, i, err)
		}
	}
	late := time.After(time.Minute)
	for i := range w.streams {
		select {
		case <-w.answers:
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			t.Fatalf("%s: %d of %d streams answer; ended for %v", what, i, len(w.streams), w.why)
		}
	}
}

// end does what causes an event, and checks that all streams of one login end for it
// within a second of its arrival, and that those of the others go on. It forgets the login.
func (r *replicas) end(t *testing.T, what string, going map[string]*watchers, name string, act func() error) arrival {
	t.Helper()
	began := time.Now()
	if err := act(); err != nil {
		t.Fatal(err)
	}
	got := r.next(t, what)
	took, n := going[name].end(t, what, got.at)
	delete(going, name)
	others := 0
	for other, w := range going {
		w.goOn(t, what+": "+other)
		others += len(w.streams)
	}
	t.Logf("%s: %d streams at 3 replicas ended within %v of its arrival, which was %v after the act; %d others go on",
		what, n, took.Round(time.Millisecond), got.at.Sub(began).Round(time.Millisecond), others)
	return got
}

// next waits for an arrival that says something new: what a replica had not acknowledged
// when it was stopped comes again.
func (r *replicas) next(t *testing.T, what string) arrival {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case got := <-r.arrivals:
			if named := got.entry.Subject + got.entry.Session; !r.known[named] {
				r.known[named] = true
				return got
			}
		case <-late:
			t.Fatalf("%s: nothing has come; last cause %q", what, r.journal.cause())
		}
	}
}

// end checks that all streams end within a second of an event. It returns how long that
// took, and how many have ended for it.
func (w *watchers) end(t *testing.T, what string, event time.Time) (time.Duration, int) {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(time.Minute):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	took, n := w.last.Sub(event), w.why[audience.ReasonTokenRevoked]
	if took > time.Second || n != len(w.streams) {
		t.Errorf("%s: %v of %d streams have ended, the last after %v; want all for TOKEN_REVOKED within a second", what, w.why, len(w.streams), took)
	}
	return took, n
}
