package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

// ErrAmbiguousPath means that two routers could read the path or the host of a request
// differently.
var ErrAmbiguousPath = httproute.ErrAmbiguous

// ErrNoOperation means that a request calls no operation of the guarded services.
var ErrNoOperation = httproute.ErrNoRoute

// Operation is what HTTP requests of one or more patterns call.
type Operation struct {
	// Name is the full name: that of the service in the matrix, and the short one, such
	// as "order-status/GetOrderStatus". [Guard.Rule] takes it.
	Name string

	// Service is the name of the service in the matrix.
	Service string

	// Method is the short name.
	Method string

	// GRPC is the gRPC service whose .proto file has the operation; empty if only the
	// matrix has it.
	GRPC string

	// Patterns are the methods and paths of its requests, as they were written.
	Patterns []string

	entries []httproute.Entry
	place   path // where it was written first
}

// Operations returns the HTTP operations of the service of that name, sorted by name; nil
// if it has none.
func (p *Policy) Operations(service string) []Operation {
	return slices.Clone(p.operations[service])
}

// operationName returns the full name of an operation.
func operationName(service, method string) string { return service + "/" + method }

// operations returns the operations of a service that the matrix and the options define.
// Report is called for each mistake.
func operations(name string, s Service, options []MethodOptions, report func(path, string, ...any)) []Operation {
	if s.HTTP == nil {
		return nil
	}
	a, all := path{"services", name, "http", "operations"}, map[string]Operation{}
	for _, method := range slices.Sorted(maps.Keys(s.HTTP.Operations)) {
		o := Operation{Name: operationName(name, method), Service: name, Method: method, place: a.to(method)}
		for i, text := range s.HTTP.Operations[method] {
			route, err := httproute.ParsePattern(text)
			if err != nil {
				report(a.item(method, i), "%.128q is not a pattern: %v", text, err)
				continue
			}
			o.add(route)
		}
		all[method] = o
	}
	for i, option := range options {
		if len(option.HTTP) > 0 {
			all[option.Method] = annotated(all[option.Method], name, option, i, report)
		}
	}
	sorted := slices.SortedFunc(maps.Values(all), func(a, b Operation) int { return strings.Compare(a.Name, b.Name) })
	return slices.DeleteFunc(sorted, func(o Operation) bool { return len(o.entries) == 0 })
}

// annotated returns the operation that the options of a method define, which must agree
// with what the matrix, or another gRPC service, says of its name.
func annotated(known Operation, service string, option MethodOptions, index int, report func(path, string, ...any)) Operation {
	o := Operation{Name: operationName(service, option.Method), Service: service, Method: option.Method, GRPC: option.GRPC, place: path{option.Place}}
	for _, text := range option.HTTP {
		method, template, _ := strings.Cut(text, " ")
		route, err := httproute.ParseTemplate(method, template)
		if err != nil {
			report(o.place, "%s/%s cannot be guarded over HTTP: %.128q: %v", option.GRPC, option.Method, text, err)
			continue
		}
		o.add(route)
	}
	for i := range o.entries {
		o.entries[i].Group, o.entries[i].Index = option.GRPC, index
	}
	switch {
	case known.GRPC != "":
		report(o.place, "%s is an operation of %s too: an operation of a service needs a name of its own", option.Method, known.GRPC)
	case known.Name != "" && !known.sameRequests(o):
		report(known.place, "%s is %s here, and %s at %s", option.Method, strings.Join(known.Patterns, ", "), strings.Join(o.Patterns, ", "), option.Place)
	}
	return o
}

func (o *Operation) add(route *httproute.Route) {
	o.Patterns = append(o.Patterns, route.String())
	o.entries = append(o.entries, httproute.Entry{Route: route, Operation: o.Name})
}

// sameRequests reports whether o and other have the same routes.
func (o *Operation) sameRequests(other Operation) bool {
	has := func(all []httproute.Entry, one httproute.Entry) bool {
		return slices.ContainsFunc(all, func(e httproute.Entry) bool { return e.Route.Same(one.Route) })
	}
	for _, e := range o.entries {
		if !has(other.entries, e) {
			return false
		}
	}
	for _, e := range other.entries {
		if !has(o.entries, e) {
			return false
		}
	}
	return true
}

// Overlaps reports whether some request matches both o and other.
func (o *Operation) Overlaps(other *Operation) bool {
	return slices.ContainsFunc(o.entries, func(e httproute.Entry) bool {
		return slices.ContainsFunc(other.entries, func(f httproute.Entry) bool { return e.Route.Overlaps(f.Route) })
	})
}

// routesOf returns the routes of operations.
func routesOf(operations []Operation) []httproute.Entry {
	var all []httproute.Entry
	for _, o := range operations {
		all = append(all, o.entries...)
	}
	return all
}
