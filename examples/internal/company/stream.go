package company

import (
	"context"
	"io"

	"google.golang.org/grpc"
)

// stream is a stream of a service that comes over something else than gRPC.
type stream[In, Out any] struct {
	grpc.ServerStream
	ctx     context.Context
	receive func() (*In, error)
	send    func(*Out) error
}

// Context implements [grpc.ServerStream].
func (s stream[In, Out]) Context() context.Context { return s.ctx }

// Recv implements [grpc.BidiStreamingServer].
func (s stream[In, Out]) Recv() (*In, error) { return s.receive() }

// Send implements [grpc.ServerStreamingServer].
func (s stream[In, Out]) Send(message *Out) error { return s.send(message) }

// once returns a function that returns one message, and then the end.
func once[In any](message *In) func() (*In, error) {
	return func() (*In, error) {
		if message == nil {
			return nil, io.EOF
		}
		next := message
		message = nil
		return next, nil
	}
}
