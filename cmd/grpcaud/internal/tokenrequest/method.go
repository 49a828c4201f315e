package tokenrequest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// Method returns the full name of a method: the named one, or else one that the client
// may call. It ends in [descriptor.EveryMethod] if neither the matrix nor descriptors
// name one.
func (a *Request) Method(named string) (string, error) {
	s, ours := a.Policy.Matrix().Services[a.Target.Service]
	if !ours {
		return a.externalMethod(named)
	}
	if named == "" {
		named = a.firstMethod(s)
	}
	if with := explain.ServicesWith(s.GRPC, named, a.Descriptors.Methods); len(with) == 1 && !strings.Contains(named, "/") {
		named = with[0] + "/" + named
	}
	t, err := explain.GuardedMethodAt(a.Policy, a.Target.Service, named)
	if err != nil {
		return "", err
	}
	return t.Method, nil
}

// firstMethod returns a method that the client may call, as far as is known: the first
// in an entry for the client, or else in any entry, or else in the descriptors.
func (a *Request) firstMethod(s access.Service) string {
	var names []string
	for _, allow := range s.Allow {
		if allow.AnyClient || slices.Contains(allow.Clients, a.ClientName) {
			names = append(names, allow.Methods...)
		}
	}
	if len(s.GRPC) == 0 {
		return a.Target.Service + "/" + a.firstOperation(names, s)
	}
	names = slices.Concat(names, files.MethodNames(s), a.Descriptors.Methods[s.GRPC[0]])
	names = slices.DeleteFunc(names, func(m string) bool { return m == descriptor.EveryMethod || slices.Contains(s.Closed, m) })
	names = append(names, descriptor.EveryMethod)
	return explain.ServicesWith(s.GRPC, names[0], a.Descriptors.Methods)[0] + "/" + names[0]
}

// firstOperation returns the first of these names that is the name of an operation, or else
// the first operation that is not closed; empty if all are.
func (a *Request) firstOperation(names []string, s access.Service) string {
	for _, o := range a.Policy.Operations(a.Target.Service) {
		names = append(names, o.Method)
	}
	for _, name := range names {
		if name != descriptor.EveryMethod && !slices.Contains(s.Closed, name) {
			return name
		}
	}
	return ""
}

// externalMethod returns a method of an API of others.
func (a *Request) externalMethod(named string) (string, error) {
	grpc, method, full := strings.Cut(strings.TrimPrefix(named, "/"), "/")
	switch {
	case full:
		return "/" + grpc + "/" + method, nil
	case len(a.Target.GRPC) == 1 && named != "":
		return "/" + a.Target.GRPC[0] + "/" + named, nil
	}
	return "", fmt.Errorf("name the method of %q with its gRPC service, such as acme.parcels.v1.Parcels/Track", a.Target.Service)
}

// Misspelling says that the file does not name the method, but one like it; empty if
// there is none.
func (a *Request) Misspelling(full string) string {
	t, err := explain.GuardedMethodAt(a.Policy, a.Target.Service, full)
	if err != nil {
		return "" // an API of others
	}
	return t.Misspelling()
}
