package httpguard

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/httproute"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// routing says which operation a request calls, by one policy. It is immutable.
type routing struct {
	policy     *access.Guard
	operations map[string]*operation // by full name
	published  []published
}

// operation is an operation of the policy with its handler.
type operation struct {
	name    string // the full one
	service string
	pattern string // the first
	public  bool
	handler http.Handler
}

// routing returns the routing by the policy in force.
func (g *guard) routing() *routing {
	policy := g.core.Admission.Guard()
	if routes := g.routes.Load(); routes != nil && routes.policy == policy {
		return routes
	}
	routes, _ := g.newRouting(policy) // check has found no mistake
	g.routes.Store(routes)
	return routes
}

// check returns why a policy does not cover the handlers.
func (g *guard) check(policy *access.Guard) error {
	_, err := g.newRouting(policy)
	return err
}

func (g *guard) newRouting(policy *access.Guard) (*routing, error) {
	routes := &routing{policy: policy, operations: map[string]*operation{}}
	all := policy.Operations()
	if len(all) == 0 {
		return routes, errors.New("the policy has no HTTP operation for the services of this server: write them under http, operations, of the service")
	}
	routes.published = publishedBy(policy, all)
	routed, errs := g.routed(all)
	for _, o := range all {
		rule := policy.Rule(o.Name)
		op := &operation{name: o.Name, service: o.Service, pattern: o.Patterns[0], public: rule != nil && rule.Public()}
		var err error
		op.handler, err = g.handlerOf(o, routed[o.Name])
		routes.operations[o.Name], errs = op, append(errs, err)
	}
	var names []string
	for name := range routed {
		names = append(names, name)
	}
	errs = append(errs, policy.CheckOperations(names), g.checkUpgrades(all))
	return routes, errors.Join(errs...)
}

// routed returns the handlers by the full names of their operations. An operation that the
// policy does not have keeps the name that the program wrote.
func (g *guard) routed(all []access.Operation) (map[string]http.Handler, []error) {
	var errs []error
	routed := map[string]http.Handler{}
	if g.next != nil {
		for _, o := range all {
			routed[o.Name] = g.next
		}
	}
	for written, handler := range g.handlers {
		name, err := fullName(written, all)
		if _, twice := routed[name]; twice {
			err = fmt.Errorf("operation %s has two handlers", name)
		}
		if err != nil {
			errs = append(errs, err)
		}
		routed[name] = handler
	}
	return routed, errs
}

// fullName returns the full name of an operation that the program named; the same name if
// there is none. It is an error if several services have the operation.
func fullName(written string, all []access.Operation) (string, error) {
	var names []string
	for _, o := range all {
		if o.Name == written || o.Method == written {
			names = append(names, o.Name)
		}
	}
	switch len(names) {
	case 0:
		return written, nil
	case 1:
		return names[0], nil
	default:
		return written, fmt.Errorf("operation %q is one of several services: name one of %q", written, names)
	}
}

// handlerOf returns the handler of an operation, to which it gives the wildcards of the
// patterns. Templates of .proto files have none: their handler is a gateway that reads them
// itself.
func (g *guard) handlerOf(o access.Operation, handler http.Handler) (http.Handler, error) {
	if handler == nil || g.next != nil || o.GRPC != "" {
		return handler, nil
	}
	var each []*http.ServeMux
	for _, pattern := range o.Patterns {
		mux, err := muxOf(pattern, handler)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.Name, err)
		}
		each = append(each, mux)
	}
	if len(each) == 1 {
		return each[0], nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := slices.IndexFunc(each, func(mux *http.ServeMux) bool {
			_, pattern := mux.Handler(r)
			return pattern != ""
		})
		each[max(at, 0)].ServeHTTP(w, r)
	}), nil
}

// muxOf returns a mux of one pattern. A pattern that net/http does not take is an error,
// for it may come from a file that has changed under a running server.
func muxOf(pattern string, handler http.Handler) (mux *http.ServeMux, err error) {
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("net/http: %v", why)
		}
	}()
	mux = http.NewServeMux()
	mux.Handle(pattern, handler)
	return mux, nil
}

// match returns the operation of a request. If there is none, the error says why, and the
// operation is an unknown one.
func (routes *routing) match(r *http.Request) (*operation, error) {
	if err := overhttp.CheckTarget(r); err != nil {
		return &operation{}, err
	}
	path := r.URL.EscapedPath()
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	if sent != "" && sent != path { // a handler around this one has changed the path
		if err := httproute.CheckPath(sent); err != nil {
			return &operation{}, fmt.Errorf("the path %.100q: %w", sent, err)
		}
	}
	name, err := routes.policy.Operation(r.Method, r.Host, path)
	if err != nil {
		return &operation{}, fmt.Errorf("the path %.100q: %w", path, err)
	}
	return routes.operations[name], nil
}
