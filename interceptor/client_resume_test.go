package interceptor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// watched is a server whose stream sends one message a minute for as long as it lasts.
type watched struct {
	ordersv1.UnimplementedOrderStatusServer
	opened []time.Time
	every  time.Duration
	last   int // the stream ends after this many messages; 0 for never
}

func (w *watched) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	w.opened = append(w.opened, time.Now())
	for n := 1; w.last == 0 || n <= w.last; n++ {
		select {
		case <-time.After(w.every):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
		if err := stream.Send(&ordersv1.WatchOrderStatusResponse{}); err != nil {
			return err
		}
	}
	return nil
}

// follow returns how many messages arrive within this time, and the error at the end.
func (w *watched) follow(t *testing.T, until time.Duration) (messages int, err error) {
	t.Helper()
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	server := serverOf(t, issuer, company(t))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, w) }, client.DialOptions("order-status")...)
	began := time.Now()
	for _, err := range interceptor.ResumeStream(t.Context(), func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
		return ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	}) {
		if err != nil {
			return messages, err
		}
		if messages++; time.Since(began) >= until {
			break
		}
	}
	return messages, nil
}

// TestStreamIsResumedWithAFreshToken shows that a stream is followed beyond the life
// of its token, five minutes here, each time with another token.
func TestStreamIsResumedWithAFreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{every: time.Minute}
		messages, err := w.follow(t, time.Hour)
		if err != nil || messages < 50 {
			t.Errorf("%d messages in an hour, %v", messages, err)
		}
		if n := len(w.opened); n < 10 || n > 16 {
			t.Errorf("opened %d times in an hour of tokens of five minutes", n)
		}
	})
}

// TestResumeStreamEndsWithTheStream shows that the sequence ends with the server's
// last message.
func TestResumeStreamEndsWithTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{every: time.Minute, last: 2}
		if messages, err := w.follow(t, time.Hour); messages != 2 || err != nil || len(w.opened) != 1 {
			t.Errorf("%d messages, %v, opened %d times", messages, err, len(w.opened))
		}
	})
}

// script is a stream of one message and then an error.
type script struct {
	grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse]
	err  error
	sent bool
}

func (s *script) Recv() (*ordersv1.WatchOrderStatusResponse, error) {
	if s.sent {
		return nil, s.err
	}
	s.sent = true
	return &ordersv1.WatchOrderStatusResponse{}, nil
}

// TestStreamIsResumedOnceASecond shows that a stream which its server ends at once
// is opened once a second, and that any other error, or the end of the context, ends
// the sequence.
func TestStreamIsResumedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := endedStream(t)
		stop := errors.New("stop")
		for want, end := range map[error]func(n int, cancel func()) error{
			stop: func(n int, _ func()) error {
				if n == 5 {
					return stop
				}
				return ended
			},
			context.Canceled: func(n int, cancel func()) error {
				if n == 5 {
					cancel()
				}
				return ended
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			began, opened := time.Now(), 0
			var last error
			for _, err := range interceptor.ResumeStream(ctx, func(context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
				opened++
				return &script{err: end(opened, cancel)}, nil
			}) {
				last = err
			}
			if took := time.Since(began); opened != 5 || took != 4*time.Second || !errors.Is(last, want) {
				t.Errorf("opened %d times in %v, and then %v, want %v", opened, took, last, want)
			}
		}
	})
}

// TestStreamThatDoesNotBeginIsNotResumed shows that a stream which cannot be opened,
// or whose token is refused at once, ends the sequence.
func TestStreamThatDoesNotBeginIsNotResumed(t *testing.T) {
	for _, failure := range []error{status.Error(codes.Unavailable, "down"), context.Canceled} {
		n := 0
		for _, err := range interceptor.ResumeStream(t.Context(), func(context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
			return nil, failure
		}) {
			if n++; !errors.Is(err, failure) {
				t.Errorf("%v, want %v", err, failure)
			}
		}
		if n != 1 {
			t.Errorf("%v: yielded %d times", failure, n)
		}
	}
}

// endedStream returns the error of a stream that ended because its token had expired.
func endedStream(t *testing.T) error {
	t.Helper()
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &watched{every: time.Hour})
	}, interceptor.Retry()...)
	token := issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Second).Unix()}))
	stream, err := ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(bearing(t.Context(), "Bearer "+token), &ordersv1.WatchOrderStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = stream.Recv(); err == nil {
		t.Fatal("the stream goes on after its token has expired")
	}
	return err
}

// TestOnlyExpiryResumesAStream shows that a stream is opened again only if the
// server ended it because its token had expired, and not if its handler passes on
// such an end of another stream.
func TestOnlyExpiryResumesAStream(t *testing.T) {
	expired, revoked := audience.ReasonTokenExpired, audience.ReasonTokenRevoked
	for name, row := range map[string]struct {
		gate   *gate
		retry  []grpc.DialOption
		opened int
	}{
		"ended":                         {&gate{script: []audience.Reason{expired, revoked}, running: true}, interceptor.Retry(), 2},
		"refused when it began":         {&gate{script: []audience.Reason{expired, revoked}}, interceptor.Retry(), 1},
		"revoked":                       {&gate{script: []audience.Reason{revoked, expired}, running: true}, interceptor.Retry(), 1},
		"handed on":                     {&gate{script: []audience.Reason{expired, revoked}, running: true, relays: true}, interceptor.Retry(), 1},
		"a connection that proves none": {&gate{script: []audience.Reason{expired, revoked}, running: true}, nil, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			creds := grpc.WithPerRPCCredentials(interceptor.AsService(fixed("1"), "order-status"))
			orders := ordersv1.NewOrderStatusClient(row.gate.serve(t, append(row.retry, creds)...))
			var last error
			for _, err := range interceptor.ResumeStream(t.Context(), func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
				return orders.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
			}) {
				last = err
			}
			if got := len(row.gate.tokens); got != row.opened || status.Code(last) != codes.Unauthenticated {
				t.Errorf("%s: opened %d times, %v; want %d", name, got, last, row.opened)
			}
		})
	}
}
