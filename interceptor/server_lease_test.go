package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

type (
	reviews  = grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]
	reviewer = grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]
)

// reviewServer is a guarded server with one stream, whose handler a test writes.
type reviewServer struct {
	hrv1.UnimplementedHumanResourceServer
	issuer *testutil.Issuer
	server *interceptor.Server
	conn   *grpc.ClientConn
	log    *log
	review func(reviews) error
}

func (o *reviewServer) ReviewEmployees(stream reviews) error { return o.review(stream) }

func newReviewServer(t testing.TB, review func(reviews) error, policy *access.Policy, opts ...interceptor.ServerOption) *reviewServer {
	t.Helper()
	o := &reviewServer{issuer: newIssuer(), log: &log{}, review: review}
	server, err := interceptor.NewServer(policy, interceptor.Services("human-resource"), append([]interceptor.ServerOption{
		interceptor.Transport(o.issuer.Transport()), interceptor.Logger(slog.New(slog.NewTextHandler(o.log, nil))),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	o.server = server
	recovery := grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = status.Errorf(codes.Internal, "recovered from %v", p)
			}
		}()
		return handler(srv, stream)
	})
	o.conn = testutil.Serve(t, append([]grpc.ServerOption{recovery}, server.Options()...), func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, o)
		if err := server.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	})
	return o
}

// mint returns a token that ends in life.
func (o *reviewServer) mint(life time.Duration) string {
	return o.issuer.Mint(testutil.Claims{
		"aud": "human-resource", "sub": "alice", "client_id": "backoffice-portal", "exp": time.Now().Add(life).Unix(),
	})
}

// open opens a stream with a token that ends in life.
func (o *reviewServer) open(t testing.TB, life time.Duration) reviewer {
	t.Helper()
	return o.openWith(t, o.mint(life))
}

func (o *reviewServer) openWith(t testing.TB, token string) reviewer {
	t.Helper()
	return o.openFor(t, timed(t), token)
}

// openFor opens a stream that lasts as long as ctx at most.
func (o *reviewServer) openFor(t testing.TB, ctx context.Context, token string) reviewer {
	t.Helper()
	stream, err := hrv1.NewHumanResourceClient(o.conn).ReviewEmployees(bearing(ctx, "Bearer "+token))
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// send sends a review.
func send(t testing.TB, stream reviewer) {
	t.Helper()
	if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
		t.Fatal(err)
	}
}

// drain receives until the stream ends.
func drain(stream reviewer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
}

// echo confirms each review.
func echo(stream reviews) error { return humanResource{}.ReviewEmployees(stream) }

var expired = verdict{codes.Unauthenticated, audience.ReasonTokenExpired}

// TestStreamEndsWithItsToken shows that a stream ends with its token, whatever its
// handler waits for, and that both sides get the reason.
func TestStreamEndsWithItsToken(t *testing.T) {
	for name, row := range map[string]struct {
		review func(reviews) error
		opts   []interceptor.ServerOption
		want   time.Duration // from the end of the token on
	}{
		"in RecvMsg": {review: func(stream reviews) error {
			_, err := stream.Recv()
			return err
		}},
		"in SendMsg": {review: func(stream reviews) error {
			for {
				if err := stream.Send(&hrv1.ReviewEmployeesResponse{EmployeeId: strings.Repeat("e", 1<<16)}); err != nil {
					return err
				}
			}
		}},
		"for its context": {review: func(stream reviews) error {
			<-stream.Context().Done()
			_, err := stream.Recv()
			return err
		}},
		"for something else": {review: func(stream reviews) error {
			time.Sleep(time.Hour)
			_, err := stream.Recv()
			return err
		}},
		"with a grace": {review: echo, opts: []interceptor.ServerOption{interceptor.StreamGrace(time.Minute)}, want: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := make(chan error, 1)
				o := newReviewServer(t, func(stream reviews) error {
					told <- row.review(stream)
					return errors.New("the handler's own")
				}, company(t), row.opts...)
				stream := o.open(t, 10*time.Second)
				time.Sleep(10*time.Second + access.DefaultLeeway + row.want - time.Millisecond)
				if n := interceptor.Leases(o.server); n != 1 {
					t.Errorf("%d leases just before the end, want 1", n)
				}
				time.Sleep(time.Millisecond)
				synctest.Wait()
				if n := interceptor.Leases(o.server); n != 0 {
					t.Fatalf("%d leases after the end, want none", n) // a handler that sends all the time leaves no time to pass
				}
				if err := drain(stream); verdictOf(err) != expired {
					t.Errorf("%v, want %v", err, expired)
				}
				if got := fmt.Sprint(stream.Trailer().Get("www-authenticate")); !strings.Contains(got, `error="invalid_token"`) {
					t.Errorf("challenge = %s", got)
				}
				if got := verdictOf(<-told); got != expired {
					t.Errorf("the handler was told %v, want %v", got, expired)
				}
				if n := strings.Count(o.log.String(), "cause="+string(audience.CauseExpiredMidstream)); n != 1 {
					t.Errorf("the end was logged %d times, want once: %s", n, o.log)
				}
			})
		})
	}
}

// TestHandlerThatOutlivesItsStreamGetsTheReason shows that a handler which outlives
// its RPC gets the reason from each use of the stream, and that its panic is logged.
func TestHandlerThatOutlivesItsStreamGetsTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan struct{})
		o := newReviewServer(t, func(stream reviews) error {
			defer close(left)
			for range 5000 { // from before the end until after it
				over := stream.Context().Err() != nil
				stream.SetTrailer(metadata.Pairs("late", "yes"))
				header, send := stream.SetHeader(metadata.Pairs("late", "yes")), stream.Send(&hrv1.ReviewEmployeesResponse{})
				if flush := stream.SendHeader(nil); over && (verdictOf(header) != expired || verdictOf(send) != expired || verdictOf(flush) != expired) {
					t.Errorf("SetHeader, SendMsg, SendHeader = %v, %v, %v; want %v", header, send, flush, expired)
				}
				time.Sleep(10 * time.Millisecond)
			}
			panic("too late for a recovery")
		}, company(t))
		if err := drain(o.open(t, time.Second)); verdictOf(err) != expired {
			t.Errorf("%v, want %v", err, expired)
		}
		<-left
		synctest.Wait()
		if got := o.log.String(); !strings.Contains(got, "handler panicked") || !strings.Contains(got, "TestHandlerThatOutlivesItsStreamGetsTheReason") {
			t.Errorf("the panic is not in the log: %s", got)
		}
	})
}

// TestEndedLeaseDoesNotUseItsStream shows that an ended lease does not use the stream
// of its RPC.
func TestEndedLeaseDoesNotUseItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, nil, company(t))
		stream := &still{ctx: incoming(timed(t), "Bearer "+o.mint(time.Minute))}
		ended, left := make(chan struct{}), make(chan struct{})
		err := streamOf(o.server)(o, stream, reviewing, func(_ any, s grpc.ServerStream) error {
			go func() { // it may be another goroutine of the handler's
				defer close(left)
				<-ended
				s.SetTrailer(nil)
				for use, err := range map[string]error{
					"RecvMsg": s.RecvMsg(nil), "SendMsg": s.SendMsg(nil), "SetHeader": s.SetHeader(nil), "SendHeader": s.SendHeader(nil),
				} {
					if verdictOf(err) != expired {
						t.Errorf("%s = %v, want %v", use, err, expired)
					}
				}
			}()
			return s.RecvMsg(nil)
		})
		if verdictOf(err) != expired {
			t.Errorf("%v, want %v", err, expired)
		}
		before := stream.uses.Load()
		close(ended)
		<-left
		if n := stream.uses.Load() - before; n != 0 {
			t.Errorf("the stream was used %d times after its end", n)
		}
	})
}

// TestLeaseEndsTheContext shows that the context of a handler ends with its
// lease, and says why, also where the handler does not use its stream.
func TestLeaseEndsTheContext(t *testing.T) {
	for name, opts := range map[string][]interceptor.ServerOption{"in time": nil, "in place": {interceptor.CheckOnReceive()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				type end struct {
					after time.Duration
					cause error
				}
				ended := make(chan end, 1)
				o := newReviewServer(t, func(stream reviews) error {
					began := time.Now()
					select {
					case <-stream.Context().Done():
					case <-time.After(time.Hour):
					}
					ended <- end{time.Since(began), context.Cause(stream.Context())}
					_, err := stream.Recv()
					return err
				}, company(t), opts...)
				stream := o.openFor(t, timed(t), o.mint(time.Minute))
				got := <-ended
				if want := time.Minute + access.DefaultLeeway; got.after != want || !errors.Is(got.cause, audience.CauseExpiredMidstream) {
					t.Errorf("the context ended after %v for %v, want %v for %s", got.after, got.cause, want, audience.CauseExpiredMidstream)
				}
				if got := verdictOf(drain(stream)); got != expired {
					t.Errorf("the stream ended with %v, want %v", got, expired)
				}
			})
		})
	}
}

// TestLeaseContextEnds shows that a handler's context ends with it, as those of
// gRPC do.
func TestLeaseContextEnds(t *testing.T) {
	o := newReviewServer(t, nil, company(t))
	var ctx context.Context
	err := streamOf(o.server)(o, &still{ctx: incoming(timed(t), "Bearer "+o.mint(time.Minute))}, reviewing, func(_ any, s grpc.ServerStream) error {
		ctx = s.Context()
		return nil
	})
	if err != nil || ctx.Err() == nil {
		t.Errorf("%v, and the context: %v", err, ctx.Err())
	}
}

// TestStreamEndsWhenItsHandlerReceives shows that a stream without a goroutine of its
// own ends when its handler next uses it.
func TestStreamEndsWhenItsHandlerReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := make(chan int, 1)
		o := newReviewServer(t, func(stream reviews) error {
			before <- runtime.NumGoroutine()
			for {
				if _, err := stream.Recv(); err != nil {
					return err
				}
			}
		}, company(t), interceptor.CheckOnReceive())
		stream := o.open(t, time.Second)
		<-before
		time.Sleep(time.Hour)
		if n := interceptor.Leases(o.server); n != 1 {
			t.Errorf("%d leases, want 1: the handler waits", n)
		}
		if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
			t.Fatal(err)
		}
		if err := drain(stream); verdictOf(err) != expired {
			t.Errorf("%v, want %v", err, expired)
		}
	})
}

// TestStreamWithoutEndIsLogged shows that a stream may continue after its token only
// with the option that names the weakness, and that this is logged.
func TestStreamWithoutEndIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t), interceptor.InsecureIgnoreStreamExpiry())
		stream := o.open(t, time.Second)
		time.Sleep(24 * time.Hour)
		if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(o.log.String(), "InsecureIgnoreStreamExpiry") {
			t.Errorf("the weakness is not in the log: %s", o.log)
		}
	})
}

// TestHandlerEndsUnderALeaseAsWithout shows that a handler ends under a lease as it
// does without.
func TestHandlerEndsUnderALeaseAsWithout(t *testing.T) {
	for name, row := range map[string]struct {
		review func(reviews) error
		want   string
	}{
		"returns":  {func(reviews) error { return nil }, "EOF"},
		"fails":    {func(reviews) error { return status.Error(codes.NotFound, "no such employee") }, "no such employee"},
		"panics":   {func(reviews) error { panic("ouch") }, "recovered from ouch"},
		"deadline": {func(stream reviews) error { <-stream.Context().Done(); return stream.Context().Err() }, "DeadlineExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newReviewServer(t, row.review, company(t))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				stream, err := hrv1.NewHumanResourceClient(o.conn).ReviewEmployees(bearing(ctx, "Bearer "+o.mint(time.Minute)))
				if err == nil {
					err = drain(stream)
				}
				if !strings.Contains(fmt.Sprint(err), row.want) {
					t.Errorf("%v, want %q", err, row.want)
				}
				synctest.Wait()
				if n := interceptor.Leases(o.server); n != 0 {
					t.Errorf("%d leases are left", n)
				}
			})
		})
	}
}

// TestHandlerThatCallsGoexitLeavesNothing shows that a handler which ends its goroutine
// leaves nothing waiting.
func TestHandlerThatCallsGoexitLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, nil, company(t))
		left := make(chan struct{})
		go func() {
			defer close(left)
			_ = streamOf(o.server)(o, &still{ctx: incoming(timed(t), "Bearer "+o.mint(time.Minute))}, reviewing, func(any, grpc.ServerStream) error {
				runtime.Goexit()
				return nil
			})
			t.Error("the interceptor returned")
		}()
		<-left
	})
}

var reviewing = &grpc.StreamServerInfo{FullMethod: hrv1.HumanResource_ReviewEmployees_FullMethodName}

// still is a stream in which nothing ever happens. It counts what is done with
// it.
type still struct {
	ctx  context.Context
	uses atomic.Int32
}

func (s *still) use() error {
	s.uses.Add(1)
	return nil
}

func (s *still) Context() context.Context     { return s.ctx }
func (s *still) SetHeader(metadata.MD) error  { return s.use() }
func (s *still) SendHeader(metadata.MD) error { return s.use() }
func (s *still) SetTrailer(metadata.MD)       { _ = s.use() }
func (s *still) SendMsg(any) error            { return s.use() }

func (s *still) RecvMsg(any) error {
	_ = s.use()
	<-s.ctx.Done()
	return s.ctx.Err()
}
