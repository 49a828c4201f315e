package access

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/quote"
)

// options checks what .proto files say, by themselves and beside the matrix
// that was written.
func (c *checker) options(written Matrix, options []MethodOptions) {
	owners, seen := written.owners(), map[string]string{}
	for _, o := range options {
		a, method := at{o.Place}, o.GRPC+"/"+o.Method
		if other, twice := seen[method]; twice {
			c.problem(a, "%s has options at %s already", method, other)
			continue
		}
		seen[method] = o.Place
		c.grpc(a, o.GRPC)
		if !validName(o.Method) {
			c.problem(a, "%q is not the name of a method, such as GetOrderStatus", o.Method)
		}
		c.opened(a, written, o)
		service, taken := written.Services[o.GRPC]
		declared, ok := c.matrix.Services[o.GRPC]
		switch {
		case owners[o.GRPC] != nil:
			c.demands(a, o.Demands)
		case taken:
			c.problem(at{"services", o.GRPC, "grpc"}, "%s is not among %s, but has options at %s: give this service another name", o.GRPC, quote.List(service.GRPC...), o.Place)
		case ok:
			c.stray = "; if the service is not of this matrix, name yours in FromFiles"
			c.declaration(a, declared, o, seen[o.GRPC] == "")
			c.stray = ""
			seen[o.GRPC] = o.Place
		}
		for _, name := range owners[o.GRPC] {
			c.beside(at{"services", name}, name, written.Services[name], o)
		}
	}
}

// opened compares what the matrix and the options open.
func (c *checker) opened(a at, written Matrix, o MethodOptions) {
	entry := written.publicEntry(o)
	switch {
	case o.Public && o.demands():
		c.problem(a, "%s/%s is public and demands something: it can be only one of the two", o.GRPC, o.Method)
	case entry >= 0 && o.demands():
		c.problem(at{}.item("public", entry), "%s/%s is public here, but %s demands something of it", o.GRPC, o.Method, o.Place)
	case entry < 0 && o.Public:
		c.warn(a, "%s/%s stays guarded: it is public only if the matrix says so too", o.GRPC, o.Method)
	}
}

// declaration checks an entry of a service that only options speak of, and with
// the first of them the service.
func (c *checker) declaration(a at, service Service, o MethodOptions, first bool) {
	if first {
		c.issuerName(a, "")
		if len(service.Allow) == 0 {
			c.warn(a, "nobody may call %q: its options admit nobody", o.GRPC)
		}
	}
	switch {
	case o.Audience == "":
		c.problem(a, "no audience: no service of the matrix consists of %s, so its .proto must name one", o.GRPC)
	case first:
		c.audience(a, o.GRPC, o.Audience, service)
	default:
		c.sameAudience(a, service, o)
	}
	if o.demands() {
		allow := o.Demands
		allow.Methods = []string{o.Method}
		c.allow(a, service, allow)
	}
}

// demands checks the values of what is demanded besides.
func (c *checker) demands(a at, d Allow) {
	if d.AnyClient && len(d.Clients) > 0 {
		c.problem(a.to("clients"), "both any and a list")
	}
	if d.NoScopes && len(d.Scopes)+len(d.AnyScopes) > 0 {
		c.problem(a.to("scopes"), "both none and a list")
	}
	c.clients(a, d.Clients)
	c.tokens(a, "scopes", "a scope", d.Scopes)
	c.tokens(a, "any_scopes", "a scope", d.AnyScopes)
	c.words(a, "roles", d.Roles)
	c.login(a, d)
}

// beside checks options against the service of the matrix that they add to.
func (c *checker) beside(a at, name string, service Service, o MethodOptions) {
	service.Audiences = service.audiences(name)
	c.sameAudience(a.to("audience"), service, o)
	if slices.Contains(service.Closed, o.Method) {
		c.warn(at{o.Place}, "%s/%s stays closed: nobody may call it, says services.%s.closed", o.GRPC, o.Method, name)
		return
	}
	if len(service.Allow) == 0 {
		c.warn(at{"services", name}, "the options of %s only add to an entry under allow, and there is none", o.GRPC)
	}
	covered, open, optional := false, false, false
	for _, allow := range service.Allow {
		if !slices.Contains(allow.Methods, o.Method) && !slices.Contains(allow.Methods, "*") {
			continue
		}
		covered = true
		open = open || meet(allow.Clients, o.Demands.Clients) && meet(allow.ACR, o.Demands.ACR)
		optional = optional || allow.Optional
	}
	switch {
	case covered && !open:
		c.problem(a.to("allow"), "nobody may call %s: no entry leaves anybody whom %s admits, which wants %s", o.Method, o.Place, o.wants())
	case optional && o.demands() && !o.Demands.Optional:
		c.warn(a.to("allow"), "%s needs a token: it is optional here, but not at %s", o.Method, o.Place)
	case o.Demands.Optional && !optional:
		c.warn(at{o.Place}, "%s/%s needs a token: it is optional only if the matrix says so too", o.GRPC, o.Method)
	}
}

// sameAudience checks that both mean the same audience; a is the matrix's place.
func (c *checker) sameAudience(a at, service Service, o MethodOptions) {
	if o.Audience != "" && !slices.Contains(service.Audiences, o.Audience) {
		c.problem(a, "the audience is %s here, and %q at %s", quote.List(service.Audiences...), o.Audience, o.Place)
	}
}

// wants tells whom the options admit.
func (o MethodOptions) wants() string {
	var wants []string
	if len(o.Demands.Clients) > 0 {
		wants = append(wants, "client "+quote.List(o.Demands.Clients...))
	}
	if len(o.Demands.ACR) > 0 {
		wants = append(wants, "acr "+quote.List(o.Demands.ACR...))
	}
	return strings.Join(wants, " and ")
}

// meet reports whether both can be satisfied; an empty list demands nothing.
func meet(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
