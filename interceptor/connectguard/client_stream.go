package connectguard

import (
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/internal/serving"
)

// stream is a stream of a client. If there is no token for it, nothing is sent.
type stream struct {
	connect.StreamingClientConn
	outgoing *outgoing
	carried  serving.Presented
	unsent   error
	end      func() // of its context
}

// Send implements [connect.StreamingClientConn].
func (s *stream) Send(message any) error {
	if s.unsent != nil {
		return s.unsent
	}
	return s.StreamingClientConn.Send(message)
}

// Receive implements [connect.StreamingClientConn].
func (s *stream) Receive(message any) error {
	if s.unsent != nil {
		return s.unsent
	}
	err := s.StreamingClientConn.Receive(message)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	err, _ = s.outgoing.ended(s.carried, err, 2) // a stream is not repeated
	return err
}

// CloseRequest implements [connect.StreamingClientConn].
func (s *stream) CloseRequest() error {
	if s.unsent != nil {
		return s.unsent
	}
	return s.StreamingClientConn.CloseRequest()
}

// CloseResponse implements [connect.StreamingClientConn].
func (s *stream) CloseResponse() error {
	defer s.end()
	if s.unsent != nil {
		return nil
	}
	return s.StreamingClientConn.CloseResponse()
}
