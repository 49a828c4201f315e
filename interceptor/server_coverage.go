package interceptor

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// CheckCoverage compares srv, a gRPC server with all its services registered,
// with the policy in force. Call it once for each gRPC server, before it serves.
// srv is a *grpc.Server, an *xds.GRPCServer, or anything else that lists its
// services. These are errors, which are joined and say what to do:
//
//   - The interceptors were not handed out for srv. Each [Server.Options],
//     [Server.Interceptors] and [Server.AuthFunc] is one hand-out, and the check of
//     each further gRPC server uses one up. The check cannot see whether srv was
//     made with what was handed out.
//   - A method has no rule, or a rule has no method.
//   - The .proto file of a service of srv has options of package grpcaud.v1 that
//     differ from those of the policy. The descriptor is looked up by the name of
//     the service in [protoregistry.GlobalFiles]. A service that is not there, since
//     it is made at run time or written by hand, has no options.
//
// A second check of the same srv uses up no hand-out, and replaces the first one.
// [Server.Swap] also checks later policies against each srv that was checked, so s
// keeps srv in memory. CheckCoverage is safe for concurrent use.
func (s *Server) CheckCoverage(srv interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
},
) error {
	if v := reflect.ValueOf(srv); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("interceptor: no gRPC server to check")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.checked, func(c *checkedServer) bool { return same(c.server, srv) })
	if at < 0 {
		if err := s.unguardedLocked(); err != nil {
			return err
		}
		at = len(s.checked)
		s.checked = append(s.checked, &checkedServer{server: srv})
	}
	if err := s.admission.CheckCoverage(s.checked[at], surfaceOf(srv.GetServiceInfo())); err != nil {
		return fmt.Errorf("interceptor: %w", err)
	}
	return nil
}

// unguardedLocked returns an error if no hand-out is left that could guard one more
// gRPC server.
func (s *Server) unguardedLocked() error {
	const line = "make it with grpc.NewServer(admit.Options()...)"
	switch {
	case s.handOuts > len(s.checked):
		return nil
	case s.handOuts == 0:
		return fmt.Errorf("interceptor: nothing guards this gRPC server, since the interceptors were never taken: %s", line)
	default:
		return fmt.Errorf("interceptor: nothing guards this gRPC server, since the interceptors were taken %d times, for the %d that were checked before: %s of its own", s.handOuts, len(s.checked), line)
	}
}

// checkedServer is a gRPC server that was given to [Server.CheckCoverage].
type checkedServer struct{ server any }

// surfaceOf returns the services and methods that clients can call.
func surfaceOf(registered map[string]grpc.ServiceInfo) admission.Surface {
	var s admission.Surface
	for service, info := range registered {
		for _, method := range info.Methods {
			s.Methods = append(s.Methods, "/"+service+"/"+method.Name)
		}
	}
	s.Options, s.OptionsError = linkedOptions(slices.Sorted(maps.Keys(registered)))
	return s
}

// same reports whether a and b are the same gRPC server. Values that cannot be
// compared are not.
func same(a, b any) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
