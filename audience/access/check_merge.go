package access

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/quote"
)

// options checks the options of .proto files by themselves and against the matrix
// as it was written.
func (c *checker) options(written Matrix, options []MethodOptions) {
	owners, seen := written.owners(), map[string]string{}
	for _, o := range options {
		a, method := path{o.Place}, o.GRPC+"/"+o.Method
		if other, twice := seen[method]; twice {
			c.problem(a, "%s has options at %s already", method, other)
			continue
		}
		seen[method] = o.Place
		c.grpc(a, o.GRPC)
		if !validName(o.Method) {
			c.problem(a, "%q is not the name of a method, such as GetOrderStatus", o.Method)
		}
		if o.OnlyHTTP() {
			continue
		}
		c.publicOptions(a, written, o)
		service, taken := written.Services[o.GRPC]
		declared, ok := c.matrix.Services[o.GRPC]
		switch {
		case owners[o.GRPC] != nil:
			c.demands(a, o.Demands)
		case taken:
			c.problem(path{"services", o.GRPC, "grpc"}, "%s is not among %s, but has options at %s: give this service another name", o.GRPC, quote.List(service.GRPC...), o.Place)
		case ok:
			c.unknownClientHint = "; if another matrix guards the service, pass the names of your own services to FromFiles"
			c.optionRules(a, declared, o, seen[o.GRPC] == "")
			c.unknownClientHint = ""
			seen[o.GRPC] = o.Place
		}
		for _, name := range owners[o.GRPC] {
			c.addedDemands(path{"services", name}, name, written.Services[name], o)
		}
	}
}

// publicOptions compares what the matrix and the options make public.
func (c *checker) publicOptions(a path, written Matrix, o MethodOptions) {
	entry := written.publicEntry(o)
	switch {
	case o.Public && o.demandsAnything():
		c.problem(a, "%s/%s is public and has demands: it can be only one of the two", o.GRPC, o.Method)
	case entry >= 0 && o.demandsAnything():
		c.problem(path{}.item("public", entry), "%s/%s is public here, but has demands at %s", o.GRPC, o.Method, o.Place)
	case entry < 0 && o.Public:
		c.warn(a, "%s/%s stays guarded: it is public only if the matrix lists it under public too", o.GRPC, o.Method)
	}
}

// optionRules checks one rule of a service that only options define, and, with the
// first rule, the service.
func (c *checker) optionRules(a path, service Service, o MethodOptions, first bool) {
	if first {
		if len(service.Issuers) == 0 {
			c.issuerName(a, "")
		}
		if len(service.Allow) == 0 {
			c.warn(a, "nobody may call %q: its options name no clients", o.GRPC)
		}
	}
	switch {
	case o.Audience == "":
		c.problem(a, "no audience: no service of the matrix has %s under grpc, so its .proto file must name one", o.GRPC)
	case first:
		c.audience(a, o.GRPC, o.Audience, service)
	default:
		c.sameAudience(a, service, o)
	}
	if o.demandsAnything() {
		allow := o.Demands
		allow.Methods = []string{o.Method}
		c.allow(a, service, allow)
	}
}

// demands checks the values of added demands.
func (c *checker) demands(a path, d Allow) {
	if d.AnyClient && len(d.Clients) > 0 {
		c.problem(a.to("clients"), "both any and a list")
	}
	if d.NoScopes && len(d.Scopes)+len(d.AnyScopes) > 0 {
		c.problem(a.to("scopes"), "both none and a list")
	}
	c.clients(a, d.Clients)
	c.tokenValues(a, "scopes", "a scope", d.Scopes)
	c.tokenValues(a, "any_scopes", "a scope", d.AnyScopes)
	c.exactValues(a, "roles", d.Roles)
	c.login(a, d)
}

// addedDemands checks options against the service of the matrix that they add
// demands to.
func (c *checker) addedDemands(a path, name string, service Service, o MethodOptions) {
	service.Audiences = service.audiences(name)
	c.sameAudience(a.to("audience"), service, o)
	if slices.Contains(service.Closed, o.Method) {
		c.warn(path{o.Place}, "%s/%s stays closed: services.%s.closed lists it", o.GRPC, o.Method, name)
		return
	}
	if len(service.Allow) == 0 {
		c.warn(path{"services", name}, "the options of %s only add to an entry under allow, and there is none", o.GRPC)
	}
	covered, open, optional := false, false, false
	for _, allow := range service.Allow {
		if !slices.Contains(allow.Methods, o.Method) && !slices.Contains(allow.Methods, "*") {
			continue
		}
		covered = true
		open = open || compatible(allow.Clients, o.Demands.Clients) && compatible(allow.ACR, o.Demands.ACR)
		optional = optional || allow.Optional
	}
	switch {
	case covered && !open:
		c.problem(a.to("allow"), "nobody may call %s: no entry admits a client that %s admits too, which wants %s", o.Method, o.Place, o.wants())
	case optional && o.demandsAnything() && !o.Demands.Optional:
		c.warn(a.to("allow"), "%s requires a token: it is optional here, but not at %s", o.Method, o.Place)
	case o.Demands.Optional && !optional:
		c.warn(path{o.Place}, "%s/%s requires a token: it is optional only if the matrix says so too", o.GRPC, o.Method)
	}
}

// sameAudience checks that the options name an audience of the service; a is the
// place in the matrix.
func (c *checker) sameAudience(a path, service Service, o MethodOptions) {
	if o.Audience != "" && !slices.Contains(service.Audiences, o.Audience) {
		c.problem(a, "the audience is %s here, and %q at %s", quote.List(service.Audiences...), o.Audience, o.Place)
	}
}

// wants describes which clients and logins the options admit.
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

// compatible reports whether a value can satisfy both lists; an empty list demands
// nothing.
func compatible(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
