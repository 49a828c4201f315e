package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/nearest"
)

func (c *checker) algorithm(a path, name string) {
	if !slices.Contains(algorithms, name) {
		c.problem(a, "%q is not an asymmetric signature algorithm%s; there are %s", name, nearest.Hint(name, algorithms), strings.Join(algorithms, ", "))
	}
}

// ask checks how the clients of an issuer ask for an audience.
func (c *checker) ask(a path, issuer Issuer) {
	ask := issuer.Ask
	several := 0
	for _, used := range []bool{ask.Parameter != "", ask.Scope != "", len(ask.TokenURLs) > 0} {
		if used {
			several++
		}
	}
	if several > 1 {
		c.problem(a.to("ask"), "more than one way to ask for an audience; write one")
	}
	if !slices.Contains([]string{"", "audience", "resource", "nothing"}, ask.Parameter) {
		c.problem(a.to("ask"), "want audience, resource or nothing, got %q", ask.Parameter)
	}
	if ask.Scope != "" && !strings.Contains(ask.Scope, "{audience}") {
		c.problem(a.to("ask", "scope"), "%q has no {audience} in it", ask.Scope)
	}
	for _, service := range slices.Sorted(maps.Keys(ask.TokenURLs)) {
		c.callee(a.to("ask", "token_urls", service), service)
		if ask.TokenURLs[service] == "" {
			c.problem(a.to("ask", "token_urls", service), "no URL")
		}
	}
	if _, ok := ask.Parameters[""]; ok {
		c.problem(a.to("parameters"), "a parameter without a name")
	}
}

// callee checks the name of a service or an external API that is called.
func (c *checker) callee(a path, name string) {
	_, service := c.matrix.Services[name]
	_, external := c.matrix.External[name]
	if !service && !external {
		c.problem(a, "unknown service %q%s", name, c.hint(name, slices.Values(c.matrix.callees())))
	}
}

func (c *checker) external(a path, name string, e External) {
	c.name(a, name)
	c.purpose(a, e.Purpose)
	if _, taken := c.matrix.Services[name]; taken {
		c.problem(a, "%q is a service as well; it can be only one of the two", name)
	}
	if strings.TrimSpace(e.Audience) != e.Audience {
		c.problem(a.to("audience"), "%q begins or ends with white space", e.Audience)
	}
	c.filled(a.to("audience"), e.Audience)
	if e.Issuer != "" {
		c.issuerName(a.to("issuer"), e.Issuer)
	}
	for i, grpc := range e.GRPC {
		c.grpc(a.item("grpc", i), grpc)
	}
	c.authorities(a, e.Authorities)
	c.tokenValues(a, "scopes", "a scope", e.Scopes)
	if len(e.Clients) == 0 {
		c.problem(a.to("clients"), "no clients: list the clients that call it")
	}
	c.clients(a, e.Clients)
	for i, name := range e.Clients {
		c.used[name] = true
		client, known := c.matrix.Clients[name]
		if known && e.Issuer != "" && c.matrix.issuer(client.Issuer).URL != c.matrix.issuer(e.Issuer).URL {
			c.problem(a.item("clients", i), "client %q is registered at another issuer than %q", name, e.Issuer)
		}
	}
}

func (c *checker) authorities(a path, list []string) {
	for i, authority := range list {
		if !isHost(authority) {
			c.problem(a.item("authorities", i), "%q is not a host, or a host and a port, such as orders.example.com", authority)
		}
	}
}
