package interceptor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
)

// BenchmarkAdmitBesideFlood is how long the warm admission of a good token takes
// while nothing else goes on, and while ten forged ones are judged to each good
// one: half of them by keys that nobody knows, half with bad signatures.
func BenchmarkAdmitBesideFlood(b *testing.B) {
	s := newWarmServer(b, "ES256", 1, interceptor.VerifierOptions(verifier.Cooldown(time.Hour)))
	f := newForgers(b, s)
	defer f.stop()
	l := s.series(b)
	var idle, beside []time.Duration
	for n := 0; b.Loop(); n++ {
		if n/turn%2 == 0 {
			f.busy.Wait()
			idle = append(idle, l.timed(b))
			continue
		}
		for range 10 {
			f.busy.Add(1)
			f.next <- f.forge()
		}
		beside = append(beside, l.timed(b))
	}
	f.busy.Wait()
	b.ReportMetric(0, "ns/op") // says nothing here
	for unit, took := range map[string][]time.Duration{"idle": idle, "beside": beside} {
		if len(took) == 0 {
			continue // too short a run to tell
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2]), "ns-p50-"+unit)
		b.ReportMetric(float64(took[len(took)*99/100]), "ns-p99-"+unit)
	}
}

func (l *callSeries) timed(b *testing.B) time.Duration {
	began := time.Now()
	l.call(b, l.decide)
	return time.Since(began)
}

// forgers show a server forged tokens, one for each processor at a time. A call whose
// token names an unknown key waits for a millisecond.
type forgers struct {
	*warmServer
	parts []string    // of a good token
	next  chan string // tokens to show
	busy  sync.WaitGroup
	stop  func()
}

func newForgers(b *testing.B, s *warmServer) *forgers {
	f := &forgers{warmServer: s, parts: strings.Split(string(s.tokens[0]), "."), next: make(chan string, 10)}
	ctx, cancel := context.WithCancel(b.Context())
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for token := range f.next {
				brief, leave := context.WithTimeout(ctx, time.Millisecond)
				f.show(brief, b, token)
				leave()
				f.busy.Done()
			}
		})
	}
	f.stop = func() {
		close(f.next)
		cancel()
		group.Wait()
	}
	f.crowd(ctx, b, &group)
	return f
}

// crowd has as many calls wait for a key as may: the next are turned away.
func (f *forgers) crowd(ctx context.Context, b *testing.B, group *sync.WaitGroup) {
	f.show(ctx, b, f.unknown()) // has the issuer asked
	const more = 512
	away := make(chan struct{}, more)
	for range more {
		group.Go(func() {
			f.show(ctx, b, f.unknown())
			away <- struct{}{}
		})
	}
	<-away
}

func (f *forgers) show(ctx context.Context, b *testing.B, token string) {
	if _, err := f.unary(incoming(ctx, "Bearer "+token), nil, getting, unhandled); err == nil {
		b.Error("a forged token was admitted")
	}
}

func (f *forgers) forge() string {
	if rand.IntN(2) == 0 {
		return f.unknown()
	}
	return fmt.Sprintf("%s.%s.%016x%s", f.parts[0], f.parts[1], rand.Uint64(), f.parts[2][16:])
}

func (f *forgers) unknown() string {
	header := fmt.Appendf(nil, `{"alg":"ES256","typ":"at+jwt","kid":"%x"}`, rand.Uint64())
	return base64url.EncodeToString(header) + "." + f.parts[1] + "." + f.parts[2]
}
