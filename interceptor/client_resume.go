package interceptor

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
)

// ResumeStream yields the messages of a server stream, and opens the stream again
// with a fresh token whenever the server ends it because its token has expired
// (TOKEN_EXPIRED). Use it to follow a stream for longer than the lifetime of a token.
// Messages between two streams may be missed or repeated: open decides where the next
// stream begins.
//
// The connection must be a connection of a [Client], or be made with [Retry]: these
// can distinguish the end of this stream, a [RefusedError] with Ended, from the end of
// another stream that a handler passes on from another service.
//
// The sequence ends when the server has no more messages, or after it has yielded any
// other error. A stream is opened at the earliest one second after the previous one
// was opened. The context that open receives ends with its stream. Leaving the loop
// ends the stream.
func ResumeStream[T any](ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for {
			opened := time.Now()
			err := receiveAll(ctx, open, func(m *T) bool { return yield(m, nil) })
			if errors.Is(err, io.EOF) {
				return
			}
			if !endedByExpiry(err) {
				yield(nil, err)
				return
			}
			if !waitUntil(ctx, opened.Add(time.Second)) {
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// receiveAll reads one stream to its end. The error is [io.EOF] if the stream ended
// without an error, or if yield returned false.
func receiveAll[T any](ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error), yield func(*T) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := open(ctx)
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if !yield(m) {
			return io.EOF
		}
	}
}

// endedByExpiry reports whether a stream ended because its token had expired.
func endedByExpiry(err error) bool {
	refusal, refused := errors.AsType[*RefusedError](err)
	return refused && refusal.Ended && refusal.Reason == audience.ReasonTokenExpired
}

// waitUntil waits until then; it returns false if ctx ends before.
func waitUntil(ctx context.Context, then time.Time) bool {
	timer := time.NewTimer(time.Until(then))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
