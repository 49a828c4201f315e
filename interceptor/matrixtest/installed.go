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

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// AssertInstalled tests that a gRPC server, as the program makes it, refuses calls
// without a valid token.
// It calls each registered method, unary and streaming, once without a token and once
// with a text that is not a token. A call that the guard does not refuse is an error of
// t that names the method and its shape: only one of the two interceptors is installed,
// say, or an outer interceptor responds by itself.
//
// srv is the gRPC server with all its services registered, conn is a connection to it,
// and services are the services of policy that it hosts. No issuer is asked. If there is
// no guard, the handlers run, with an empty message; a call that takes more than 10
// seconds is an error too.
//
// Methods that policy makes public are not called, nor methods that a rollout does not
// enforce yet. A method that is optional is called with the wrong token only.
func AssertInstalled(t testing.TB, policy *access.Policy, services interceptor.ServiceNames, srv interface {
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
			if rule != nil && (rule.Public() || rule.Mode(nil, time.Now()) != access.Enforce) {
				continue
			}
			o := outsider{t, conn, full, shapeOf(method)}
			if rule == nil || !rule.Optional() {
				o.refused("without a token")
			}
			o.refused("with a text that is not a token", "authorization", "Bearer matrixtest")
		}
	}
}

// shapeOf returns whether a method is unary or streaming.
func shapeOf(m grpc.MethodInfo) string {
	if m.IsClientStream || m.IsServerStream {
		return "streaming"
	}
	return "unary"
}

// outsider calls one method without being a client of the matrix.
type outsider struct {
	t             testing.TB
	conn          grpc.ClientConnInterface
	method, shape string
}

// refused tests that the guard refuses a call with these metadata.
func (o outsider) refused(what string, pairs ...string) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second)
	defer cancel()
	err := o.conn.Invoke(metadata.AppendToOutgoingContext(ctx, pairs...), o.method, &emptypb.Empty{}, &emptypb.Empty{})
	if _, ours := interceptor.ReasonOf(err); !ours {
		o.t.Errorf("%s, %s, %s: not refused by the guard (%v); install all of admit.Options(), or both of admit.Interceptors()", o.method, o.shape, what, err)
	}
}
