package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
)

// TestExtAuthzBoundsStreams shows that a stream ends at its limit, since nobody judges it
// again.
func TestExtAuthzBoundsStreams(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a := onLoopback
	a.flags = []string{"--max-stream", "1s"}
	x := newExternal(t, a)
	x.awaitKeys(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	running := x.watch(ctx, t)
	if err := running.RecvMsg(&emptypb.Empty{}); status.Code(err) == codes.OK || ctx.Err() != nil {
		t.Errorf("got %v, want the end of the stream after a second", err)
	}
}

// watch opens a stream with a good token, and waits until the service has answered.
func (x *external) watch(ctx context.Context, t *testing.T) grpc.ClientStream {
	t.Helper()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+x.token(nil))
	stream, err := x.envoy.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, watchOrderStatus.full)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stream.SendMsg(&emptypb.Empty{}), stream.RecvMsg(&emptypb.Empty{})); err != nil {
		t.Fatal(err)
	}
	return stream
}

// waiting is a checker that answers about no token before its call has ended.
type waiting chan struct{}

func (w waiting) Revoked(ctx context.Context, _ *claims.Claims) error {
	w <- struct{}{}
	<-ctx.Done()
	return nil
}

// TestExtAuthzEndsWhileEnvoyWaits shows that a request is refused if the authorization
// service ends, or takes too long, while Envoy waits for its answer.
func TestExtAuthzEndsWhileEnvoyWaits(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a, asking := onLoopback, make(waiting)
	a.guard = append(a.guard[:1:1], interceptor.Revocations(asking))
	x := newExternal(t, a)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+x.token(nil))
	for name, meanwhile := range map[string]func(){"it takes too long": func() {}, "it ends": func() { x.stop() }} {
		ended := make(chan error, 1)
		go func() { ended <- getOrderStatus.try(ctx, x.envoy) }()
		<-asking
		meanwhile()
		if err := <-ended; status.Code(err) != codes.Unavailable {
			t.Errorf("%s: got %v, want Unavailable", name, err)
		}
		if x.service.last() != nil {
			t.Errorf("%s: the request has reached the service", name)
		}
		x.stop()
		x.start(t, x.addr)
	}
}

// TestExtAuthzFailsClosed shows that without an answer Envoy refuses, that a running stream
// goes on, and that Envoy admits again when the authorization service is back.
func TestExtAuthzFailsClosed(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x := newExternal(t, onLoopback)
	x.awaitKeys(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	running := x.watch(ctx, t)
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+x.token(nil))
	x.stop()
	for _, m := range []method{getOrderStatus, watchOrderStatus, {"unary", "order-status", "/grpc.health.v1.Health/Check"}} {
		if err := m.try(ctx, x.envoy); status.Code(err) != codes.Unavailable {
			t.Errorf("%s, while nobody decides: %v, want Unavailable", m.full, err)
		}
	}
	if err := errors.Join(running.SendMsg(&emptypb.Empty{}), running.RecvMsg(&emptypb.Empty{})); err != nil {
		t.Errorf("a running stream: %v, want an answer", err)
	}
	x.start(t, x.addr)
	eventually(t, "Envoy", func() string { return verdict(getOrderStatus.try(ctx, x.envoy)) }, "admitted")
}
