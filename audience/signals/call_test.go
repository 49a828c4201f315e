package signals_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// orders is a service whose streams last until their context ends.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
}

func (orders) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	if err := stream.Send(&ordersv1.WatchOrderStatusResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return context.Cause(stream.Context())
}

// shop is a service that is guarded by what a receiver revokes.
type shop struct {
	*office
	client ordersv1.OrderStatusClient
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{office: newOffice(t, company(t))}
	server, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.Revocations(s.store.list),
		interceptor.Transport(s.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	s.client = ordersv1.NewOrderStatusClient(testutil.Serve(t, server.Options(), func(g *grpc.Server) { ordersv1.RegisterOrderStatusServer(g, orders{}) }))
	return s
}

// presenting returns a context that presents a token.
func presenting(t *testing.T, token string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// with returns a context that presents a token of a user's session, issued now.
func (s *shop) with(t *testing.T, user, session string) context.Context {
	t.Helper()
	return presenting(t, s.issuer.Mint(testutil.Claims{"sub": user, "sid": session, "aud": "order-status", "client_id": "6f1c"}))
}

// call returns the errors of a unary call and of a new stream.
func (s *shop) call(ctx context.Context) (unary, stream error) {
	_, unary = s.client.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
	watch, stream := s.client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if stream == nil {
		_, stream = watch.Recv()
	}
	return unary, stream
}

// watch opens a stream, and returns where its end is told.
func (s *shop) watch(t *testing.T, ctx context.Context) <-chan error {
	t.Helper()
	stream, err := s.client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if err == nil {
		_, err = stream.Recv()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := stream.Recv()
		ended <- err
	}()
	return ended
}

// hasEnded reports whether a stream has ended, and how.
func hasEnded(stream <-chan error) (error, bool) {
	synctest.Wait()
	select {
	case err := <-stream:
		return err, true
	default:
		return nil, false
	}
}

// TestEventEndsCallsAndStreams shows that within a second of an event the streams end that it
// is about, and no other, and that its calls are refused.
func TestEventEndsCallsAndStreams(t *testing.T) {
	for name, row := range map[string]struct {
		claims map[string]any
		also   bool // the other session of alice
	}{
		"a session":           {map[string]any{"sub_id": session("s-1")}, false},
		"a user":              {nil, true},
		"an account disabled": {map[string]any{"events": happened(risc + "account-disabled")}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newShop(t)
			contexts := []context.Context{s.with(t, "alice", "s-1"), s.with(t, "alice", "s-2"), s.with(t, "bob", "s-3")}
			streams := make([]<-chan error, len(contexts))
			for i, ctx := range contexts {
				streams[i] = s.watch(t, ctx)
			}
			if got := s.send(t, s.event(statement(row.claims))); got.status != http.StatusAccepted {
				t.Fatalf("%s: %d\n%s", name, got.status, &s.log)
			}
			time.Sleep(time.Second)
			for i, want := range []bool{true, row.also, false} {
				reason := audience.ReasonTokenRevoked
				err, ended := hasEnded(streams[i])
				if got, _ := interceptor.ReasonOf(err); ended != want || ended && got != reason {
					t.Errorf("%s: stream %d: ended %v, %v, want %v", name, i, ended, err, want)
				}
				unary, stream := s.call(contexts[i])
				for _, err := range []error{unary, stream} {
					if got, _ := interceptor.ReasonOf(err); want != (got == reason) || !want && err != nil {
						t.Errorf("%s: call %d: %v, revoked should be %v", name, i, err, want)
					}
				}
			}
			if unary, stream := s.call(s.with(t, "alice", "s-4")); unary != nil || stream != nil {
				t.Errorf("%s: a token of a later login: %v and %v", name, unary, stream)
			}
		})
	}
}

// TestRefusedEventEndsNothing shows that calls and streams go on after events that were
// refused.
func TestRefusedEventEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		mine := s.with(t, "alice", "s-1")
		stream := s.watch(t, mine)
		for _, token := range []string{s.event(changed("aud", "other")), s.event(changed("exp", in(time.Hour))), s.event(statement(nil), testutil.SignedBy(testutil.NewKey("ES256")))} {
			if got := s.send(t, token); got.status == http.StatusAccepted {
				t.Error("a bad event was taken")
			}
		}
		s.post(t, s.event(statement(nil)), http.Header{"Content-Type": {"application/secevent+jwt"}}) // without credentials
		time.Sleep(2 * time.Second)
		if unary, stream := s.call(mine); unary != nil || stream != nil {
			t.Errorf("calls: %v and %v, want none refused", unary, stream)
		}
		if err, ended := hasEnded(stream); ended {
			t.Errorf("the stream has ended: %v", err)
		}
	})
}

// TestEventIsNoAccessToken shows that a genuine event admits nobody, even if it says all that
// an access token does.
func TestEventIsNoAccessToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		for name, token := range map[string]string{
			"an event":                               s.event(changed("aud", "order-status")),
			"an event with an access token's claims": s.event(statement(map[string]any{"aud": "order-status", "sub": "alice", "client_id": "6f1c", "exp": in(time.Hour)})),
			"with the type of an access token":       s.issuer.Mint(statement(map[string]any{"aud": "order-status", "client_id": "6f1c"})),
		} {
			unary, stream := s.call(presenting(t, token))
			if status.Code(unary) != codes.Unauthenticated || status.Code(stream) != codes.Unauthenticated {
				t.Errorf("%s: %v and %v, want UNAUTHENTICATED", name, unary, stream)
			}
		}
	})
}
