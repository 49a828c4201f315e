package matrixtest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
)

// call is one cell of the test, and the result of its call.
type call struct {
	t       testing.TB
	cell    string
	err     error
	arrived bool // at the handler
}

// call makes a call with a bearer token, or without one. It calls streams like unary
// methods, since both end with an error.
func (w *world) call(t testing.TB, m method, who, what, bearer string) call {
	t.Helper()
	ctx, id := w.arrivals.expect(t.Context())
	if bearer != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+bearer)
	}
	c := call{t: t, cell: m.full + ", " + who + ", " + what, err: w.conn.Invoke(ctx, m.full, &emptypb.Empty{}, &emptypb.Empty{})}
	c.arrived = w.arrivals.have(id)
	return c
}

// admitted tests that the call reached its handler.
func (c call) admitted() {
	c.t.Helper()
	switch {
	case c.arrived:
	case c.err == nil:
		c.t.Errorf("%s: %s, want the handler reached", c.cell, early)
	default:
		c.t.Errorf("%s: refused, want admitted: %v", c.cell, c.err)
	}
}

// refused tests that the guard refused the call, for one of the reasons.
func (c call) refused(wanted ...audience.Reason) {
	c.t.Helper()
	switch reason, _ := interceptor.ReasonOf(c.err); {
	case c.arrived:
		c.t.Errorf("%s: admitted, want refused", c.cell)
	case c.err == nil:
		c.t.Errorf("%s: %s, want refused for one of %q", c.cell, early, wanted)
	case !slices.Contains(wanted, reason):
		c.t.Errorf("%s: refused by %v, want one of %q", c.cell, c.err, wanted)
	}
}

// early describes a call that succeeded without reaching its handler.
const early = "an interceptor of the server's own responded before the handler"

// arrivals records which calls reach a handler.
type arrivals struct {
	mu    sync.Mutex // guards the fields below
	last  int
	calls map[string]bool // that have reached a handler
}

const header = "matrixtest-call"

// expect returns a context for a call, and its name.
func (a *arrivals) expect(ctx context.Context) (context.Context, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	id := strconv.Itoa(a.last)
	return metadata.AppendToOutgoingContext(ctx, header, id), id
}

// have reports whether a call has reached its handler.
func (a *arrivals) have(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls[id]
}

// options end each call where its handler would begin.
func (a *arrivals) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, _ any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
			return nil, a.arrive(ctx)
		}),
		grpc.ChainStreamInterceptor(func(_ any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
			return a.arrive(stream.Context())
		}),
	}
}

func (a *arrivals) arrive(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.calls == nil {
		a.calls = map[string]bool{}
	}
	for _, id := range metadata.ValueFromIncomingContext(ctx, header) {
		a.calls[id] = true
	}
	return status.Error(codes.Unimplemented, "matrixtest: admitted")
}
