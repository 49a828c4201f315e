package interceptor

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// lease is a running stream, with the time that it may last. It is what the
// handler sees of the stream: once it is over, it answers with the reason and
// leaves the real stream alone, which may have ended then.
//
// The real stream is in a hidden field, since its context has the token.
type lease struct {
	stream   grpc.ServerStream
	ctx      context.Context // the handler's
	evidence *admission.Evidence
	judged   *admission.Stream
	log      *slog.Logger
	method   string

	cancel context.CancelCauseFunc // of the handler's context
	reason atomic.Pointer[ended]   // why the lease is over; streamOver if its stream was over first
	done   chan struct{}           // closed when the lease ends its stream
	mu     sync.Mutex              // held while the handler sets header and trailer, which it cannot once the lease is over

	// What follows is guarded by leases.mu.
	due        time.Time // when to judge it again
	place      int       // in the heap
	recheckAt  time.Time // when to ask about its token; Never if only changes of keys matter
	keyChanges uint64    // to the issuers' keys, as counted before its token was last found good
}

func (s *Server) newLease(ctx context.Context, e *admission.Evidence, stream grpc.ServerStream, method string) *lease {
	l := &lease{
		stream: stream, evidence: e, log: s.config.Log, method: method,
		done: make(chan struct{}), place: -1, recheckAt: admission.Never,
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.judged = e.NewStream(l.end)
	l.keyChanges = l.judged.KeyChanges()
	if l.judged.Introspected() {
		l.recheckAt = time.Now() // the issuer's first answer may be good until then only
	}
	return l
}

// ended is why a lease is over, and what the peer is told about it. It is the
// cause of the end of the handler's context, unless that ended before.
type ended struct {
	error
	answer admission.Answer
	status error
}

// Unwrap returns the refusal, for handlers that look at the cause of the end of
// their contexts.
func (e *ended) Unwrap() error { return e.error }

// streamOver stands for the reason of a lease whose stream was over first.
var streamOver = &ended{}

// end makes a refusal the reason why the lease is over. It is false if the lease
// was over before, or its stream was.
func (l *lease) end(d admission.Decision) bool {
	answer := d.Answer()
	info := refusalInfo(l.stream.Context(), l.method, d.RequestID)
	info[endedKey] = "stream"
	end := &ended{d.Err, answer, statusOf(answer, info).Err()}
	l.evidence.End()
	if !l.reason.CompareAndSwap(nil, end) {
		return false
	}
	l.cancel(end)
	close(l.done)
	return true
}

// leave notes that the stream is over, so that the lease ends no more.
func (l *lease) leave() {
	l.evidence.End()
	l.reason.CompareAndSwap(nil, streamOver)
	l.cancel(nil)
}

// over returns why the lease is over; nil while it is not, and if its stream
// was over first.
func (l *lease) over() *ended {
	if end := l.reason.Load(); end != streamOver {
		return end
	}
	return nil
}

// use returns what came of a use of the stream, f, unless the lease was over
// before or is now.
func (l *lease) use(f func() error) error {
	if end := l.over(); end != nil {
		return end.status
	}
	err := f()
	if end := l.over(); end != nil {
		return end.status
	}
	return err
}

// Context implements [grpc.ServerStream].
func (l *lease) Context() context.Context { return l.ctx }

// RecvMsg implements [grpc.ServerStream].
func (l *lease) RecvMsg(m any) error {
	return l.use(func() error { return l.stream.RecvMsg(m) })
}

// SendMsg implements [grpc.ServerStream].
func (l *lease) SendMsg(m any) error {
	return l.use(func() error { return l.stream.SendMsg(m) })
}

// SetHeader implements [grpc.ServerStream].
func (l *lease) SetHeader(md metadata.MD) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.use(func() error { return l.stream.SetHeader(md) })
}

// SendHeader implements [grpc.ServerStream].
func (l *lease) SendHeader(md metadata.MD) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.use(func() error { return l.stream.SendHeader(md) })
}

// SetTrailer implements [grpc.ServerStream].
func (l *lease) SetTrailer(md metadata.MD) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over() == nil {
		l.stream.SetTrailer(md)
	}
}

// handlerEnd is how a handler ended: it returned err, panicked, or, with neither,
// called [runtime.Goexit].
type handlerEnd struct {
	returned bool
	err      error
	panicked any
}

// run runs a handler until it returns or the lease is over. Then the handler goes
// on in a goroutine of its own: when the RPC ends, gRPC wakes it if it waits for
// its client, which is the only way to wake it.
func (l *lease) run(handler func() error) error {
	done := make(chan handlerEnd, 1)
	go l.detach(handler, done)
	select {
	case <-l.done:
		return l.over().status
	case h := <-done:
		return h.resume()
	}
}

// detach runs a handler and sends how it ended to done. A panic's stack is logged,
// since it is lost on the way.
func (l *lease) detach(handler func() error, done chan<- handlerEnd) {
	var h handlerEnd
	defer func() {
		if !h.returned {
			h.panicked = recover()
		}
		if h.panicked != nil {
			l.log.ErrorContext(l.Context(), "handler panicked", slog.String("method", l.method), slog.String("stack", string(debug.Stack())))
		}
		done <- h
	}()
	h.err = handler()
	h.returned = true
}

// resume goes on where the handler ended, in the goroutine where the
// interceptors around it wait.
func (h handlerEnd) resume() error {
	switch {
	case h.panicked != nil:
		panic(h.panicked)
	case !h.returned:
		runtime.Goexit()
	}
	return h.err
}
