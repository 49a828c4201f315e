package interceptor

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
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
//     the policy was made without, or with others. The descriptor is looked up by
//     the name of the service in [protoregistry.GlobalFiles]; a service that is
//     not there, as it is made at run time or written by hand, has none.
//
// To check the same srv again uses up no hand-out; it counts as it is then.
// [Server.Swap] holds later policies to each srv that was checked, and s keeps it
// in memory. CheckCoverage is safe for concurrent use.
func (s *Server) CheckCoverage(srv interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
},
) error {
	if v := reflect.ValueOf(srv); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("interceptor: no gRPC server to check")
	}
	s.swapping.Lock()
	defer s.swapping.Unlock()
	at := slices.IndexFunc(s.checked, func(c *checkedServer) bool { return same(c.server, srv) })
	if at < 0 {
		if err := s.unguarded(); err != nil {
			return err
		}
		at = len(s.checked)
		s.checked = append(s.checked, &checkedServer{server: srv})
	}
	c := s.checked[at]
	c.look(srv.GetServiceInfo())
	return c.check(s.guard.Load(), s.given)
}

// unguarded returns an error if nothing can guard one more gRPC server: no
// hand-out is left. It is called while swapping is held.
func (s *Server) unguarded() error {
	const line = "make it with grpc.NewServer(admit.Options()...)"
	switch {
	case s.taken > len(s.checked):
		return nil
	case s.taken == 0:
		return fmt.Errorf("interceptor: nothing guards this gRPC server, since the interceptors were never taken: %s", line)
	default:
		return fmt.Errorf("interceptor: nothing guards this gRPC server, since the interceptors were taken %d times, for the %d that were checked before: %s of its own", s.taken, len(s.checked), line)
	}
}

// checkedServer is a gRPC server that [Server.CheckCoverage] was told of.
type checkedServer struct {
	server     any
	methods    []string               // their full names
	options    []access.MethodOptions // what its .proto files say
	unreadable error                  // why they cannot be read
}

// look notes what is registered.
func (c *checkedServer) look(registered map[string]grpc.ServiceInfo) {
	c.methods = nil
	for service, info := range registered {
		for _, method := range info.Methods {
			c.methods = append(c.methods, "/"+service+"/"+method.Name)
		}
	}
	c.options, c.unreadable = linkedOptions(slices.Sorted(maps.Keys(registered)))
}

// check returns why a policy does not fit the gRPC server: guard is its part for
// this server, given are the options that it was made with.
func (c *checkedServer) check(guard *access.Guard, given []access.MethodOptions) error {
	return errors.Join(guard.CheckCoverage(c.methods), c.unreadable, forgotten(c.options, given))
}

// same reports whether both are one gRPC server. What cannot be compared is not.
func same(a, b any) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
