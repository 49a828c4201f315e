package interceptor

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// stream is a [grpc.StreamClientInterceptor].
func (r *retrier) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := r.check(ctx, method); err != nil {
		return nil, err
	}
	s := &clientStream{retrier: r, clientStreaming: desc.ClientStreams}
	s.open = func() error {
		s.attempt = r.newAttempt(ctx, conn, method)
		call, end := r.untilLogout(s.attempt)
		opened, err := open(call, desc, conn, method, append(slices.Clip(opts), grpc.OnFinish(func(error) { end() }))...)
		if err != nil {
			end()
			return err
		}
		s.stream = opened
		return nil
	}
	s.attempts = 1
	if err := s.open(); err != nil {
		s.report(err)
		return nil, err
	}
	return s, nil
}

// clientStream is a stream that is opened a second time if the server refuses it when
// it begins.
type clientStream struct {
	retrier         *retrier
	clientStreaming bool         // the client may send many messages
	open            func() error // sets stream and attempt
	settled         atomic.Bool  // the stream is not opened again; the fields below no longer change
	reported        atomic.Bool  // whether its end was reported

	mu         sync.Mutex // guards the fields below; held also while it is opened again, so that senders wait
	stream     grpc.ClientStream
	attempt    *attempt
	request    any  // the message of a stream of one request, to be sent again
	sendClosed bool // nothing more will be sent
	attempts   int  // how often it was opened
}

// current returns the stream of the last attempt, and that attempt.
func (s *clientStream) current() (grpc.ClientStream, *attempt) {
	if !s.settled.Load() {
		s.mu.Lock()
		defer s.mu.Unlock()
	}
	return s.stream, s.attempt
}

// settle decides that the stream is not opened again.
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
	if s.clientStreaming {
		s.settle()
	} else {
		s.mu.Lock()
		s.request = m
		s.mu.Unlock()
	}
	stream, _ := s.current()
	return stream.SendMsg(m)
}

// CloseSend implements [grpc.ClientStream].
func (s *clientStream) CloseSend() error {
	if !s.settled.Load() {
		s.mu.Lock()
		s.sendClosed = true
		s.mu.Unlock()
	}
	stream, _ := s.current()
	return stream.CloseSend()
}

// RecvMsg implements [grpc.ClientStream].
func (s *clientStream) RecvMsg(m any) error {
	for {
		stream, attempt := s.current()
		err := stream.RecvMsg(m)
		if err == nil || errors.Is(err, io.EOF) {
			s.settle()
			s.retrier.recordOutcome(0, nil)
			return err
		}
		if err = s.reopen(attempt.refusal(err, stream.Trailer())); err != nil {
			s.report(err)
			return err
		}
	}
}

// report reports how the stream ended, once.
func (s *clientStream) report(err error) {
	if _, a := s.current(); !s.reported.Swap(true) {
		s.retrier.report(a, a.method, err, a.token().unsent)
	}
}

// reopen opens the stream again if err is a refusal that a new token can fix.
// Otherwise it returns the error with which the stream ends.
func (s *clientStream) reopen(err error) error {
	if s.settled.Load() {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retrier.recordOutcome(s.attempts, err)
	if s.attempts > 1 || !s.retrier.retryable(s.attempt, err) {
		s.request = nil
		s.settled.Store(true)
		return err
	}
	s.attempts++
	if err := s.open(); err != nil {
		return err
	}
	if s.request != nil {
		_ = s.stream.SendMsg(s.request) // RecvMsg returns the error that stops it
	}
	if s.sendClosed {
		_ = s.stream.CloseSend()
	}
	return nil
}

// Header implements [grpc.ClientStream].
func (s *clientStream) Header() (metadata.MD, error) {
	stream, _ := s.current()
	return stream.Header()
}

// Trailer implements [grpc.ClientStream].
func (s *clientStream) Trailer() metadata.MD {
	stream, _ := s.current()
	return stream.Trailer()
}

// Context implements [grpc.ClientStream].
func (s *clientStream) Context() context.Context {
	stream, _ := s.current()
	return stream.Context()
}
