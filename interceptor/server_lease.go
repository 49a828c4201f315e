package interceptor

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/leasing"
)

// lease is a running stream and the time until which it may run. The handler uses it
// as its stream. After the lease has ended, its methods return the reason and do not
// use the real stream, which may have ended as well.
//
// The real stream is not embedded, since its context has the token.
type lease struct {
	stream   grpc.ServerStream
	ctx      context.Context // the handler's
	evidence *admission.Evidence
	log      *slog.Logger
	method   string
	running  leasing.Lease

	cancel context.CancelCauseFunc // of the handler's context
	reason atomic.Pointer[ended]   // why the lease has ended; streamOver if its stream ended first
	done   chan struct{}           // closed when the lease ends its stream
	mu     sync.Mutex              // held while the handler sets header and trailer; it cannot after the end of the lease
}

func (s *Server) newLease(ctx context.Context, e *admission.Evidence, stream grpc.ServerStream, method string) *lease {
	l := &lease{stream: stream, evidence: e, log: s.config.Log, method: method, done: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

// ended is why a lease has ended, and the status for the peer. It is the cause of the
// end of the handler's context, unless that context ended before.
type ended struct {
	error
	answer admission.Answer
	status error
}

// Unwrap returns the refusal, for handlers that read [context.Cause].
func (e *ended) Unwrap() error { return e.error }

// streamOver takes the place of the reason if the stream ended before its lease.
var streamOver = &ended{}

// end ends the lease with a refusal. It returns false if the lease or its stream had
// ended before.
func (l *lease) end(d admission.Decision) bool {
	end := &ended{d.Err, d.Answer(), endError(l.stream.Context(), l.method, d)}
	l.evidence.End()
	if !l.reason.CompareAndSwap(nil, end) {
		return false
	}
	l.cancel(end)
	close(l.done)
	return true
}

// leave marks the stream as over. The lease can no longer end it.
func (l *lease) leave() {
	l.evidence.End()
	l.reason.CompareAndSwap(nil, streamOver)
	l.cancel(nil)
}

// over returns why the lease has ended; nil if it has not, or if its stream ended
// first.
func (l *lease) over() *ended {
	if end := l.reason.Load(); end != streamOver {
		return end
	}
	return nil
}

// use calls f, which uses the stream, and returns its error. If the lease has ended
// before or meanwhile, use returns the lease's status instead.
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

// handlerEnd is how a handler ended: it returned err, it panicked, or, if neither is
// set, it called [runtime.Goexit].
type handlerEnd struct {
	returned bool
	err      error
	panicked any
}

// run runs a handler until it returns or the lease ends. If the lease ends first, the
// handler continues in a goroutine of its own. The end of the RPC then wakes a handler
// that waits for a message of its client; gRPC has no other way to wake it.
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

// detach runs a handler and sends to done how it ended. It logs the stack of a panic,
// since [handlerEnd.resume] panics with another stack.
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

// resume ends in the goroutine of the interceptors as the handler ended in its own.
func (h handlerEnd) resume() error {
	switch {
	case h.panicked != nil:
		panic(h.panicked)
	case !h.returned:
		runtime.Goexit()
	}
	return h.err
}
