package matrixtest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
)

// AssertInstalled holds that a gRPC server, as the program makes it, refuses
// strangers: it calls each registered method, unary and streaming, once without a
// token and once with one that is none. A call that is not refused by the guard
// is an error that names the method and its shape, such as where only one of two
// interceptors was installed, or an interceptor further out answers by itself.
//
// srv is the gRPC server, with all its services registered, conn a connection to
// it, and services are those of policy that it hosts. No issuer is asked. Where
// there is no guard, the handlers run, with an empty message; a call that takes
// more than 10 seconds is an error too.
//
// Left out are methods that policy makes public, and those that a rollout does not
// enforce yet; a method that is optional is called with the bad token alone.
func AssertInstalled(t testing.TB, policy *audience.Policy, services interceptor.ServiceNames, srv interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
}, conn grpc.ClientConnInterface,
) {
	t.Helper()
	guard, err := policy.Guard(services...)
	if err != nil {
		t.Fatalf("matrixtest: %v", err)
	}
	registered := srv.GetServiceInfo()
	for _, service := range slices.Sorted(maps.Keys(registered)) {
		for _, method := range registered[service].Methods {
			full := "/" + service + "/" + method.Name
			rule := guard.Rule(full)
			if rule != nil && (rule.Public() || rule.Mode(nil, time.Now()) != audience.Enforce) {
				continue
			}
			o := outsider{t, conn, full, shapeOf(method)}
			if rule == nil || !rule.Optional() {
				o.refused("without a token")
			}
			o.refused("with a token that is none", "authorization", "Bearer matrixtest")
		}
	}
}

// shapeOf says how a method is called.
func shapeOf(m grpc.MethodInfo) string {
	if m.IsClientStream || m.IsServerStream {
		return "streaming"
	}
	return "unary"
}

// outsider calls one method, and is nobody's client.
type outsider struct {
	t             testing.TB
	conn          grpc.ClientConnInterface
	method, shape string
}

// refused holds that a call with these metadata is refused by the guard.
func (o outsider) refused(what string, pairs ...string) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second)
	defer cancel()
	err := o.conn.Invoke(metadata.AppendToOutgoingContext(ctx, pairs...), o.method, &emptypb.Empty{}, &emptypb.Empty{})
	if _, ours := interceptor.ReasonOf(err); !ours {
		o.t.Errorf("%s, %s, %s: not refused by the guard (%v); install all of admit.Options(), or both of admit.Interceptors()", o.method, o.shape, what, err)
	}
}
