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

// Reopen yields the messages of a server's stream, and opens it again, with a
// fresh token, each time its server ends it since its token has ended
// (TOKEN_EXPIRED). Use it for streams that a client wants to follow for longer
// than a token lives, where it does no harm that messages between two streams
// are missed, or come again: open decides where the next one begins.
//
// The connection must be one of a [Client], or be made with [Retry]: these tell
// the end of this very stream, a [RefusedError] with Ended, from one that a handler
// met elsewhere and hands on.
//
// The sequence ends after the last message, when the server has no more; or with
// the error that it yields, which is any other than that. A stream is opened
// again a second after it was opened, at the earliest. The context of open ends with
// its stream. Whoever leaves the loop ends the stream.
func Reopen[T any](ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for {
			opened := time.Now()
			err := follow(ctx, open, func(m *T) bool { return yield(m, nil) })
			if errors.Is(err, io.EOF) {
				return
			}
			if !overtaken(err) {
				yield(nil, err)
				return
			}
			if !until(ctx, opened.Add(time.Second)) {
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// follow reads one stream to its end. The error is [io.EOF] if it is over, or
// if yield wants no more.
func follow[T any](ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error), yield func(*T) bool) error {
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

// overtaken reports whether a stream ended because its token had.
func overtaken(err error) bool {
	refusal, refused := errors.AsType[*RefusedError](err)
	return refused && refusal.Ended && refusal.Reason == audience.ReasonTokenExpired
}

// until waits until then; false if ctx ends before.
func until(ctx context.Context, then time.Time) bool {
	timer := time.NewTimer(time.Until(then))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
