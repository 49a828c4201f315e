package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/internal/httproute"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// addOperations adds the operations of the guarded services, which one server must be
// able to tell apart.
func (g *Guard) addOperations(p *Policy) error {
	names := slices.Sorted(maps.Keys(g.hosted))
	for _, name := range names {
		service := p.matrix.Services[name]
		for _, o := range p.operations[name] {
			g.operations = append(g.operations, o)
			g.addOperation(p, service, o)
		}
	}
	var errs []error
	for _, c := range httproute.Conflicts(routesOf(g.operations)) {
		errs = append(errs, fmt.Errorf("access: one server cannot guard %q of %s and %q of %s: %s", c.A.Route, c.A.Operation, c.B.Route, c.B.Operation, c.Text))
	}
	g.routes = httproute.NewTable(routesOf(g.operations))
	return errors.Join(errs...)
}

// addOperation adds the rule of an operation: that of the methods with its name.
func (g *Guard) addOperation(p *Policy, service Service, o Operation) {
	if p.matrix.publicly(service, o) {
		g.methods[o.Name] = &Rule{public: true}
		for _, grpc := range service.GRPC {
			if slices.Contains(p.matrix.Public, o.Name) && (o.GRPC == "" || o.GRPC == grpc) {
				g.methods["/"+grpc+"/"+o.Method] = &Rule{public: true}
			}
		}
		return
	}
	rule := p.rule(o.Service, o.Method, g.hosted[o.Service])
	for _, option := range o.options(p.optionsOf(service)) {
		rule = rule.withOptions(p, option)
	}
	g.methods[o.Name], g.closed[o.Name] = rule, slices.Contains(service.Closed, o.Method)
}

// GRPC returns the full names of the gRPC services of the guarded services, sorted.
func (g *Guard) GRPC() []string { return slices.Sorted(maps.Keys(g.owner)) }

// Operations returns the HTTP operations of the guarded services, sorted by name.
func (g *Guard) Operations() []Operation { return slices.Clone(g.operations) }

// Operation returns the full name of the operation that an HTTP request calls
// ([Operation.Name]), by its method, its host, with or without a port, and its path. The
// path is escaped, as it was received, and without query. Paths are compared as
// [net/http.ServeMux] compares them, and a pattern for GET is one for HEAD too.
//
// The error wraps [ErrAmbiguousPath] if two routers could read the request differently: an
// empty segment before the last, a segment of dots, an escape of a slash, backslash, dot or
// semicolon, one that is invalid or escaped itself, or a host in capital letters where
// patterns name hosts. It wraps [ErrNoOperation] if no operation matches. The request must
// be refused then.
func (g *Guard) Operation(method, host, path string) (string, error) {
	return g.routes.Match(method, host, path)
}

// CheckOperations compares the guard with the operations that a server has routes for, by
// their full names. Its error joins one for each that the matrix does not have, one for
// each of the matrix without a route, and one for each that has no rule and is not closed.
func (g *Guard) CheckOperations(routed []string) error {
	var errs []error
	names := make([]string, len(g.operations))
	for i, o := range g.operations {
		names[i] = o.Name
		if !slices.Contains(routed, o.Name) && !g.closed[o.Name] {
			errs = append(errs, fmt.Errorf("access: the matrix has the operation %s (%q), for which the server has no route%s", o.Name, o.Patterns, nearest.Hint(o.Name, routed)))
		}
		if g.methods[o.Name] == nil && !g.closed[o.Name] {
			errs = append(errs, fmt.Errorf("access: operation %s has no rule: name it under methods of an entry, or under closed if nobody may call it; public opens it to everybody", o.Name))
		}
	}
	for _, name := range slices.Sorted(slices.Values(routed)) {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("access: the server has a route for %q, which is no operation of the matrix%s", name, nearest.Hint(name, names)))
		}
	}
	return errors.Join(errs...)
}
