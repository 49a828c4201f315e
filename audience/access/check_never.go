package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/quote"
)

// never checks that a statement is about something.
func (c *checker) never(a path, n Never) {
	switch {
	case n.FromAny && len(n.From) > 0:
		c.problem(a.to("from"), "both any and a list")
	case n.FromAny && len(c.matrix.Clients) == 0:
		c.problem(a.to("from"), "any client, and the matrix has none")
	case !n.FromAny && len(n.From) == 0:
		c.problem(a.to("from"), "no clients: name the clients that must not get there, or write any")
	}
	c.clientList(a, "from", n.From)
	_, guarded := c.matrix.Services[n.To]
	_, external := c.matrix.External[n.To]
	if !guarded && !external {
		c.problem(a.to("to"), "unknown service %q%s", n.To, c.calleeHint(n.To))
	}
	if _, ok := c.matrix.Services[n.Through]; n.Through != "" && !ok {
		c.problem(a.to("through"), "unknown service %q%s", n.Through, c.matrix.serviceHint(n.Through, slices.Sorted(maps.Keys(c.matrix.Services))))
	}
	if n.Through != "" && n.Through == n.To {
		c.problem(a.to("through"), "%q is where the way ends: name a service on the way, or leave through out", n.To)
	}
	if len(n.Methods) > 0 && len(n.Except) > 0 {
		c.problem(a.to("except"), "both methods and except; write one")
	}
	c.neverMethods(a, "methods", n, n.Methods)
	c.neverMethods(a, "except", n, n.Except)
}

// calleeHint says which service was meant.
func (c *checker) calleeHint(name string) string {
	if service, method, ok := cutLast(name); ok && method != "" {
		if _, known := c.matrix.Services[service]; known {
			return fmt.Sprintf(": write to: %s, and methods: [%s]", service, method)
		}
	}
	return c.matrix.serviceHint(name, c.matrix.callees())
}

// neverMethods checks a list of methods. The matrix has all operations of a service without
// gRPC. Otherwise a name that it does not have may be a mistake; the server that has the
// service knows its methods.
func (c *checker) neverMethods(a path, list string, n Never, methods []string) {
	named, service := c.matrix.methodNames(n.To), c.matrix.Services[n.To]
	for i, method := range methods {
		at := a.item(list, i)
		switch {
		case method == "*":
			c.problem(at, "leave methods out for all of them")
		case !validName(method):
			c.problem(at, "%q is not the name of a method, such as GetOrderStatus", method)
		case slices.Index(methods, method) < i:
			c.problem(at, "%s is listed twice", method)
		case slices.Contains(named, method):
		case service.HTTP != nil && len(service.GRPC) == 0:
			c.problem(at, "%q is no operation of %q%s", method, n.To, c.hint(method, slices.Values(named)))
		default:
			c.warn(at, "nothing in the matrix names a method %s of %q%s", method, n.To, c.hint(method, slices.Values(named)))
		}
	}
}

// methodNames returns the methods and operations that the matrix names of a service.
func (m Matrix) methodNames(name string) []string {
	s := m.Services[name]
	all := slices.Clone(s.Closed)
	for _, allow := range s.Allow {
		all = append(all, allow.Methods...)
	}
	if s.HTTP != nil {
		all = slices.AppendSeq(all, maps.Keys(s.HTTP.Operations))
	}
	for _, entry := range m.Public {
		if of, method, ok := cutLast(entry); ok && (of == name || slices.Contains(s.GRPC, of)) {
			all = append(all, method)
		}
	}
	return slices.DeleteFunc(sorted(all), func(method string) bool { return method == "*" })
}

// maxNever limits the statements, of which each is compared with each.
const maxNever = 2000

// exclusions reports statements of which one excepts what another is about: a reader of the
// first would think that it is permitted.
func (c *checker) exclusions() {
	if len(c.matrix.Never) > maxNever {
		c.problem(path{"never"}, "%d statements, want at most %d: name several clients in one", len(c.matrix.Never), maxNever)
		return
	}
	for i, n := range c.matrix.Never {
		for j, other := range c.matrix.Never {
			weaker := other.WithoutUser && !n.WithoutUser || other.Through != "" && other.Through != n.Through
			if i == j || weaker || n.To != other.To || len(n.Except) == 0 {
				continue
			}
			if both := other.concerns(methodSet{list: n.Except}); !both.empty() && n.sharesFrom(other) {
				c.problem(path{}.item("never", i).to("except"), "%s, but never[%d] forbids that: the two exclude each other", strings.Join(both.list, " and "), j)
			}
		}
	}
}

// runsAs checks which clients a service calls as.
func (c *checker) runsAs(a path, name string, service Service) {
	c.clientList(a, "runs_as", service.RunsAs)
	if !service.CallsNobody {
		return
	}
	if len(service.RunsAs) > 0 {
		c.problem(a.to("runs_as"), "both none and a list")
	}
	service.CallsNobody, service.RunsAs = false, nil
	for _, client := range c.matrix.runsAs(name, service, c.matrix.clientsByID()) {
		if entry := c.firstEntry(client); entry != "" {
			c.problem(a.to("runs_as"), "none, but client %s has the name of the service, and %s admits it: leave runs_as out, or give the client another name", quote.List(client), entry)
		}
	}
}

// firstEntry names an entry that names a client; empty if there is none.
func (c *checker) firstEntry(client string) string {
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Services)) {
		for i, allow := range c.matrix.Services[name].Allow {
			if slices.Contains(allow.Clients, client) {
				return fmt.Sprintf("services.%s.allow[%d]", name, i)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.matrix.External)) {
		if slices.Contains(c.matrix.External[name].Clients, client) {
			return "external." + name
		}
	}
	return ""
}
