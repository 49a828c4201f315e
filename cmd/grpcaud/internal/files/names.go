package files

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// CheckName returns an error if the matrix has no name of that kind.
func CheckName(what, name string, names iter.Seq[string]) error {
	all := slices.Collect(names)
	if slices.Contains(all, name) {
		return nil
	}
	hint := nearest.Hint(name, all)
	switch {
	case hint == "" && len(all) == 0:
		hint = ", which has none"
	case hint == "":
		slices.Sort(all)
		hint = "; there are " + output.Few(all)
	}
	return fmt.Errorf("no %s %q in the file%s", what, name, hint)
}

// CheckService returns an error if the name is not among these services of the matrix. It
// says so if it is the name of a gRPC service of one.
func CheckService(m access.Matrix, name string, names iter.Seq[string]) error {
	err := CheckName("service", name, names)
	if err == nil {
		return nil
	}
	var owners []string
	for _, owner := range GuardedServiceNames(m) {
		if slices.Contains(m.Services[owner].GRPC, name) {
			owners = append(owners, fmt.Sprintf("%q", owner))
		}
	}
	if len(owners) == 0 {
		return err
	}
	return fmt.Errorf("no service %q in the file: it is a gRPC service of %s", name, output.List(owners))
}

// ServiceNames returns the names of the services and of the APIs of others, sorted.
func ServiceNames(m access.Matrix) []string {
	names := slices.AppendSeq(GuardedServiceNames(m), maps.Keys(m.External))
	slices.Sort(names)
	return names
}

// GuardedServiceNames returns the names of the services, sorted.
func GuardedServiceNames(m access.Matrix) []string { return slices.Sorted(maps.Keys(m.Services)) }

// ClientNames returns the names of the clients, sorted.
func ClientNames(m access.Matrix) []string { return slices.Sorted(maps.Keys(m.Clients)) }

// IssuerNames returns the names of the issuers, sorted.
func IssuerNames(m access.Matrix) []string { return slices.Sorted(maps.Keys(m.Issuers)) }

// MethodNames returns the methods that the entries of a service name, sorted.
func MethodNames(s access.Service) []string {
	names := map[string]bool{}
	for _, allow := range s.Allow {
		for _, method := range allow.Methods {
			names[method] = true
		}
	}
	delete(names, descriptor.EveryMethod)
	return slices.Sorted(maps.Keys(names))
}
