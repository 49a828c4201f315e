package access

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/httproute"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// http checks what the matrix says of the HTTP requests of a service, apart from the
// patterns.
func (c *checker) http(a path, service Service) {
	if service.HTTP == nil {
		return
	}
	a = a.to("http")
	for _, name := range slices.Sorted(maps.Keys(service.HTTP.Operations)) {
		if !validName(name) {
			c.problem(a.to("operations", name), "%q is not the name of an operation, such as GetOrderStatus", name)
		}
		if len(service.HTTP.Operations[name]) == 0 {
			c.problem(a.to("operations", name), "no pattern: write one, such as GET /v1/orders/{id}")
		}
	}
	c.resource(a, service)
	if service.HTTP.Documentation != "" {
		c.webAddress(a.to("documentation"), service.HTTP.Documentation)
		if service.HTTP.Resource == "" {
			c.problem(a.to("documentation"), "documentation is a part of the metadata of a resource: write resource too")
		}
	}
}

// resource checks the identifier that the metadata of a service has.
func (c *checker) resource(a path, service Service) {
	resource := service.HTTP.Resource
	if resource == "" {
		return
	}
	a = a.to("resource")
	c.webAddress(a, resource)
	for _, other := range slices.Sorted(maps.Keys(c.matrix.Services)) {
		if h := c.matrix.Services[other].HTTP; other < a[1] && h != nil && h.Resource != "" && metadataURL(h.Resource) == metadataURL(resource) {
			c.problem(a, "%q is the resource of %q too", resource, other)
		}
	}
	if !slices.Contains(service.audiences(a[1]), resource) {
		c.warn(a, "no audience of this service is %q, which a client that reads the metadata requests", resource)
	}
}

// webAddress checks an address that clients are told (RFC 9728, section 1.2).
func (c *checker) webAddress(a path, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		c.problem(a, "%q is not an https URL, such as https://orders.example.com", withoutUser(address))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil || strings.Contains(address, "#"):
		c.problem(a, "%q must have neither query, nor fragment, nor user", withoutUser(address))
	case u.Host != strings.ToLower(u.Host):
		c.problem(a, "%q has capital letters in its host", address)
	case u.Path != "" && httproute.CheckPath(u.EscapedPath()) != nil:
		c.problem(a, "%q has a path that can be read in more than one way", address)
	}
	c.filled(a, address)
}

// maxPatterns bounds the work of comparing patterns with each other.
const maxPatterns = 4000

// operations checks the operations of all services, and returns them.
func (c *checker) operations(p *Policy) map[string][]Operation {
	all, patterns := map[string][]Operation{}, 0
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Services)) {
		service := c.matrix.Services[name]
		if service.HTTP == nil {
			continue
		}
		all[name] = operations(name, service, p.optionsOf(service), c.problem)
		patterns += len(routesOf(all[name]))
	}
	if patterns > maxPatterns {
		c.problem(path{"services"}, "%d patterns of HTTP operations, want at most %d", patterns, maxPatterns)
		return all
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c.operationsOf(name, p, all[name])
	}
	for i, entry := range c.matrix.Public {
		c.publicOperation(path{}.item("public", i), entry, all)
	}
	return all
}

// operationsOf checks the operations of one service.
func (c *checker) operationsOf(name string, p *Policy, all []Operation) {
	for _, conflict := range httproute.Conflicts(routesOf(all)) {
		a, b := operationOf(all, conflict.A), operationOf(all, conflict.B)
		c.problem(b.place, "%q of %s and %q of %s: %s", conflict.B.Route, b.Method, conflict.A.Route, a.Method, conflict.Text)
	}
	service := c.matrix.Services[name]
	for _, o := range all {
		c.operation(service, o, p.optionsOf(service))
	}
	a := path{"services", name, "http"}
	switch {
	case len(all) > 0:
	case len(service.GRPC) == 0:
		c.problem(a, "no operation: name some under operations, or list gRPC services under grpc")
	default:
		c.warn(a, "no operation, so every HTTP request is refused: name some under operations, or give the .proto options that have google.api.http")
	}
}

// operationOf returns the operation that has a route.
func operationOf(all []Operation, e httproute.Entry) Operation {
	return all[slices.IndexFunc(all, func(o Operation) bool { return o.Name == e.Operation })]
}

// operation checks one operation: its patterns are different, it has a rule, and the
// options of at most one gRPC service add demands to that.
func (c *checker) operation(service Service, o Operation, options []MethodOptions) {
	for i, e := range o.entries {
		if slices.ContainsFunc(o.entries[:i], func(f httproute.Entry) bool { return f.Route.Same(e.Route) }) {
			c.problem(o.place, "%q matches the same requests as another pattern of this operation", e.Route)
		}
	}
	if demanding := o.options(options); len(demanding) > 1 {
		c.problem(o.place, "%s is a method of %s and of %s, with demands at %s and %s: give the operation another name", o.Method, demanding[0].GRPC, demanding[1].GRPC, demanding[0].Place, demanding[1].Place)
	}
	named := slices.Contains(service.Closed, o.Method) || c.matrix.publicly(service, o) ||
		slices.ContainsFunc(service.Allow, func(a Allow) bool {
			return slices.Contains(a.Methods, o.Method) || slices.Contains(a.Methods, "*")
		}) ||
		slices.ContainsFunc(service.Rollout, func(r Rollout) bool { return slices.Contains(r.Methods, o.Method) && r.Until.After(c.now) })
	if !named && len(service.Allow) > 0 {
		c.problem(o.place, "operation %s has no rule: name it under methods of an entry, or under closed if nobody may call it", o.Method)
	}
}

// options returns the options that add demands to the rule of o: those of its method.
func (o *Operation) options(all []MethodOptions) []MethodOptions {
	var mine []MethodOptions
	for _, option := range all {
		if option.Method == o.Method && (o.GRPC == "" || o.GRPC == option.GRPC) && option.demandsAnything() {
			mine = append(mine, option)
		}
	}
	return mine
}

// publicly reports whether the matrix opens an operation: by its own name, or as the
// method of that name of its gRPC service, or of every gRPC service of the service.
func (m Matrix) publicly(service Service, o Operation) bool {
	if slices.Contains(m.Public, o.Name) {
		return true
	}
	grpc := service.GRPC
	if o.GRPC != "" {
		grpc = []string{o.GRPC}
	}
	return len(grpc) > 0 && !slices.ContainsFunc(grpc, func(g string) bool { return !slices.Contains(m.Public, g+"/"+o.Method) })
}

// opensOperation returns the service and the method of an entry of Public that names an
// operation of a service of the matrix.
func (m Matrix) opensOperation(entry string) (service, method string, ok bool) {
	service, method, ok = strings.Cut(entry, "/")
	return service, method, ok && m.Services[service].HTTP != nil
}

// publicOperation checks an entry of Public that names a service with operations.
func (c *checker) publicOperation(a path, entry string, known map[string][]Operation) {
	service, method, ok := c.matrix.opensOperation(entry)
	others := slices.DeleteFunc(slices.Clone(c.matrix.owners()[service]), func(name string) bool { return name == service })
	switch {
	case !ok && c.matrix.Services[entry].HTTP != nil && c.matrix.owners()[entry] == nil:
		c.problem(a, "%q is guarded; it can be only one of the two: list the operations that are public, such as %s/Version", entry, entry)
	case !ok || slices.Contains(c.matrix.Services[service].GRPC, service):
	case len(others) == 0 && strings.Contains(service, "."):
		c.problem(a, "%q is a service here, and may be a gRPC service: give the service another name", service)
	case len(others) > 0:
		c.problem(a, "%q is a service here, and a gRPC service of %q: give the service another name", service, others[0])
	case !slices.ContainsFunc(known[service], func(o Operation) bool { return o.Method == method }):
		var names []string
		for _, o := range known[service] {
			names = append(names, o.Method)
		}
		c.problem(a, "%q is no operation of %q%s", method, service, nearest.Hint(method, names))
	}
}
