package interceptor

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// stream is a [grpc.StreamClientInterceptor].
func (r *retrier) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := r.mayCall(method); err != nil {
		return nil, err
	}
	s := &clientStream{retrier: r, many: desc.ClientStreams}
	s.open = func() error {
		s.out = newOutgoing(ctx, r.placeOf(conn), method)
		opened, err := open(s.out, desc, conn, method, opts...)
		if err == nil {
			s.now = opened
		}
		return err
	}
	s.tries = 1
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// clientStream is a stream that is opened once more if it is refused when it
// begins.
type clientStream struct {
	retrier *retrier
	many    bool         // the client may send many messages
	open    func() error // sets now and out
	settled atomic.Bool  // it is not opened again, so that what mu guards stays

	mu      sync.Mutex // held while it is opened again, too: who sends waits for that
	now     grpc.ClientStream
	out     *outgoing
	request any  // the one message, to be sent again
	closed  bool // nothing more will be sent
	tries   int  // how often it was opened
}

// current returns the stream as it is.
func (s *clientStream) current() (grpc.ClientStream, *outgoing) {
	if !s.settled.Load() {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	return s.now, s.out
}

// settle has the stream not opened again.
func (s *clientStream) settle() {
	if s.settled.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.request = nil
	s.settled.Store(true)
}

// SendMsg implements [grpc.ClientStream].
func (s *clientStream) SendMsg(m any) error {
	if s.many {
		s.settle()
	} else {
		s.mu.Lock()
		s.request = m
		s.mu.Unlock()
	}
	now, _ := s.current()
	return now.SendMsg(m)
}

// CloseSend implements [grpc.ClientStream].
func (s *clientStream) CloseSend() error {
	if !s.settled.Load() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
	}
	now, _ := s.current()
	return now.CloseSend()
}

// RecvMsg implements [grpc.ClientStream].
func (s *clientStream) RecvMsg(m any) error {
	for {
		now, out := s.current()
		err := now.RecvMsg(m)
		if err == nil || errors.Is(err, io.EOF) {
			s.settle()
			s.retrier.learn(0, nil)
			return err
		}
		if err = s.reopen(out.refused(err, now.Trailer())); err != nil {
			return err
		}
	}
}

// reopen opens the stream once more, if err is a refusal that another token
// cures. Else it returns what the stream ends with.
func (s *clientStream) reopen(err error) error {
	if s.settled.Load() {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retrier.learn(s.tries, err)
	if s.tries > 1 || !s.retrier.again(s.out, err) {
		s.request = nil
		s.settled.Store(true)
		return err
	}
	s.tries++
	if err := s.open(); err != nil {
		return err
	}
	if s.request != nil {
		_ = s.now.SendMsg(s.request) // what keeps it from being sent is what RecvMsg returns
	}
	if s.closed {
		_ = s.now.CloseSend()
	}
	return nil
}

// Header implements [grpc.ClientStream].
func (s *clientStream) Header() (metadata.MD, error) {
	now, _ := s.current()
	return now.Header()
}

// Trailer implements [grpc.ClientStream].
func (s *clientStream) Trailer() metadata.MD {
	now, _ := s.current()
	return now.Trailer()
}

// Context implements [grpc.ClientStream].
func (s *clientStream) Context() context.Context {
	now, _ := s.current()
	return now.Context()
}
