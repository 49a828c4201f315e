package interceptor_test

import (
	"errors"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// TestTenThousandStreamsEndInTime shows that each of many streams ends exactly when
// its token does, and that no lease, timer or goroutine is left of ended or finished
// streams.
func TestTenThousandStreamsEndInTime(t *testing.T) {
	const streams = 10_000
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t), interceptor.Logger(slog.New(slog.DiscardHandler)), interceptor.StreamGrace(time.Second))
		done := o.open(t, time.Minute)
		confirm(t, done) // the connection has its goroutines
		synctest.Wait()
		before := runtime.NumGoroutine()
		began, tokens := time.Now(), map[time.Duration]string{}
		var clients sync.WaitGroup
		for n := range streams {
			life := time.Duration(1+n%60) * time.Second
			if tokens[life] == "" {
				tokens[life] = o.mint(life)
			}
			stream := o.openWith(t, tokens[life])
			clients.Go(func() {
				if err := drain(stream); verdictOf(err) != expired {
					t.Errorf("%v, want %v", err, expired)
				}
				if late := time.Since(began) - life - access.DefaultLeeway - time.Second; late != 0 {
					t.Errorf("a stream ended %v after its time", late)
				}
			})
		}
		synctest.Wait()
		if n := interceptor.Leases(o.server); n != streams+1 {
			t.Errorf("%d leases, want %d", n, streams+1)
		}
		if err := done.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if err := drain(done); !errors.Is(err, io.EOF) {
			t.Errorf("a stream that is done: %v", err)
		}
		clients.Wait()
		time.Sleep(time.Second) // the timer may fire once more
		synctest.Wait()
		if n, timing := interceptor.Leases(o.server), interceptor.Timing(o.server); n != 0 || timing {
			t.Errorf("%d leases are left, and the timer runs: %v", n, timing)
		}
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines, %d before", after, before)
		}
	})
}

// TestStreamThatEndsBeforeTheOthersAreLookedAt shows that a stream which begins shortly
// before the end of its token ends in time, although the timer was set for another one.
func TestStreamThatEndsBeforeTheOthersAreLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		time.Sleep(500 * time.Millisecond)
		began := time.Now()
		o.openWith(t, o.mint(time.Hour))
		last := o.openWith(t, o.mint(500*time.Millisecond-access.DefaultLeeway))
		if err := drain(last); verdictOf(err) != expired || time.Since(began) != 500*time.Millisecond {
			t.Errorf("ended after %v with %v, want half a second and %v", time.Since(began), err, expired)
		}
	})
}
