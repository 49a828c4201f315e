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

	"github.com/grpcaud/grpcaud/audience/claims"
)

// lease is a running stream, with the time that it may last. It is what the
// handler sees of the stream: once it is over, it answers with the reason and
// leaves the real one alone, which may have ended then.
//
// The real stream is in a hidden field, since its context has the token.
type lease struct {
	stream grpc.ServerStream
	ctx    context.Context // the handler's
	call   *call
	opened time.Time
	judged atomic.Pointer[judged] // what the stream is judged on
	lost   atomic.Pointer[lost]   // why a call with its token would be refused now; nil while it would not

	cancel context.CancelCauseFunc // of the handler's context
	reason atomic.Pointer[ended]   // why the lease is over; left if its stream was over first
	gone   chan struct{}           // closed when there is a reason
	told   atomic.Bool             // that it would be over, were its rule enforced
	spared atomic.Bool             // it goes on although its caller is refused, since its rule is not enforced
	mu     sync.Mutex              // held while the handler sets header and trailer, which it cannot once the lease is over

	// What follows is guarded by leases.mu.
	due     time.Time // of the next look at it
	place   int       // in the heap
	ask     time.Time // when to ask about its token again; never if only changes of keys matter
	changes uint64    // to the issuers' keys, as counted before its token was last found good
}

// judged is what a running stream is judged on: the claims that its token had
// last, nil for a stream without a caller, and as of when.
type judged struct {
	claims *claims.Claims
	at     time.Time
}

// lost is why a token that was good is not any more.
type lost struct{ error }

func newLease(ctx context.Context, c *call, stream grpc.ServerStream) *lease {
	l := &lease{stream: stream, call: c, opened: time.Now(), gone: make(chan struct{}), place: -1, ask: never, changes: c.changes}
	l.judged.Store(&judged{c.claims, l.opened})
	if c.claims != nil && c.server.isAsked(c.claims) {
		l.ask = l.opened // its first answer was good until then at least
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

// ended is why a lease is over, and what the peer is told about it. It is the
// cause of the end of the handler's context, unless that ended before.
type ended struct {
	error
	status error
}

// Unwrap returns the refusal, for handlers that look at the cause of the end of
// their contexts.
func (e *ended) Unwrap() error { return e.error }

// left stands for the reason of a lease whose stream was over first.
var left = &ended{}

// end makes err the reason why the lease is over. It is false if it was over
// before, or its stream was.
func (l *lease) end(err error, requestID string) bool {
	info := refusalInfo(l.call.Context, l.call.method, requestID)
	info[endedKey] = "stream"
	end := &ended{err, statusWith(err, info).Err()}
	if !l.reason.CompareAndSwap(nil, end) {
		return false
	}
	l.cancel(end)
	close(l.gone)
	return true
}

// leave has the lease end no more: its stream is over.
func (l *lease) leave() {
	l.reason.CompareAndSwap(nil, left)
	l.cancel(nil)
}

// over returns why the lease is over; nil while it is not, and if its stream
// was over first.
func (l *lease) over() *ended {
	if end := l.reason.Load(); end != left {
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

// ending is how a handler ended: it returned err, panicked, or, with neither,
// called [runtime.Goexit].
type ending struct {
	returned bool
	err      error
	panicked any
}

// run runs a handler until it returns or the lease is over. Then the handler is
// left alone in a goroutine of its own: when the RPC ends, gRPC wakes it if it
// waits for its client, which is the only way to.
func (l *lease) run(handler func() error) error {
	done := make(chan ending, 1)
	go l.detach(handler, done)
	select {
	case <-l.gone:
		return l.over().status
	case o := <-done:
		return o.resume()
	}
}

// detach runs a handler and tells done how it ended. A panic's stack is logged,
// since it is lost on the way.
func (l *lease) detach(handler func() error, done chan<- ending) {
	var o ending
	defer func() {
		if !o.returned {
			o.panicked = recover()
		}
		if o.panicked != nil {
			l.call.server.log.ErrorContext(l.Context(), "handler panicked", slog.String("method", l.call.method), slog.String("stack", string(debug.Stack())))
		}
		done <- o
	}()
	o.err = handler()
	o.returned = true
}

// resume goes on where the handler ended, in the goroutine where the
// interceptors around it wait.
func (o ending) resume() error {
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case !o.returned:
		runtime.Goexit()
	}
	return o.err
}
