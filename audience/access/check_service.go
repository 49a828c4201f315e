package access

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/scope"
)

// maxRollout is how far ahead the end of a rollout may be.
const maxRollout = 90 * 24 * time.Hour

func (c *checker) service(a path, name string, service Service) {
	c.name(a, name)
	c.purpose(a, service.Purpose)
	for i, issuer := range service.Issuers {
		c.issuerName(a.item("issuers", i), issuer)
	}
	if len(service.Issuers) == 0 {
		c.issuerName(a.to("issuer"), "")
	}
	for _, audience := range service.audiences(name) {
		c.audience(a, name, audience, service)
	}
	c.grpcs(a, service)
	c.http(a, service)
	c.authorities(a, service.Authorities)
	c.insecureNoAudience(a, name, service)
	for i, rollout := range service.Rollout {
		c.rollout(a.item("rollout", i), service, rollout)
	}
	c.withoutEntries(a, name, service)
	for i, allow := range service.Allow {
		c.allow(a.item("allow", i), service, allow)
	}
	c.closed(a, service)
	c.runsAs(a, name, service)
	if _, known := c.matrix.Clients[name]; service.Self && !known {
		c.problem(a.to("self"), "self needs a client of the name %q: whose tokens may lack aud?", name)
	}
}

// withoutEntries warns of a service without allow, and of methods that only a rollout is
// about: while it lasts, they are open.
func (c *checker) withoutEntries(a path, name string, service Service) {
	open := false
	for i, o := range service.Rollout {
		if !o.Until.After(c.now) {
			continue
		}
		if len(o.Methods) == 0 && len(service.Allow) == 0 {
			open = true
			c.warn(a.item("rollout", i), "%q has no allow: calls of all its methods are let through until %s, and nobody may call it afterwards", name, stamp(o.Until))
		}
		for n, method := range o.Methods {
			if !service.allows(method) {
				open = true
				c.warn(a.item("rollout", i).item("methods", n), "no entry is about %s: calls of it are let through until %s, and nobody may call it afterwards", method, stamp(o.Until))
			}
		}
	}
	if len(service.Allow) == 0 && !open {
		c.warn(a, "nobody may call %q: no allow", name)
	}
}

// allows reports whether an entry is about a method.
func (s Service) allows(method string) bool {
	return slices.ContainsFunc(s.Allow, func(a Allow) bool { return slices.Contains(a.Methods, method) || slices.Contains(a.Methods, "*") })
}

func (c *checker) grpcs(a path, service Service) {
	if len(service.GRPC) == 0 && service.HTTP == nil {
		c.problem(a.to("grpc"), "no gRPC service: list the full names, such as [acme.orders.v1.OrderStatus]; or say under http which requests call the service")
	}
	seen := map[string]bool{}
	for i, grpc := range service.GRPC {
		c.grpc(a.item("grpc", i), grpc)
		if c.public[grpc] {
			c.problem(a.item("grpc", i), "%s is public as well; it can be only one of the two", grpc)
		}
		if seen[grpc] {
			c.problem(a.item("grpc", i), "%s is listed twice", grpc)
		}
		seen[grpc] = true
	}
}

// audience checks a value by which a service finds itself in aud. Two services
// that share one accept each other's tokens.
func (c *checker) audience(a path, name, audience string, service Service) {
	if len(service.Audiences) > 0 {
		a = a.to("audience")
	}
	_, d, isDefault := provider.LookupDefaultAudience(audience)
	switch {
	case audience == "" || strings.TrimSpace(audience) != audience:
		c.problem(a, "%q begins or ends with white space, or is empty", audience)
	case len(service.Audiences) > 0 && isWildcard(audience):
		c.problem(a, "%q has a wildcard, and audiences are compared exactly: list each value", audience)
	case isDefault:
		c.warn(a, "%q is what %s puts into %s: it does not distinguish this service from another", audience, d.By, d.Into)
	}
	c.filled(a, audience)
	for _, issuer := range c.matrix.issuersOf(service) {
		if p := issuer.Provider(); p.Audiences.IDOnly && len(service.Audiences) == 1 && strings.HasPrefix(audience, p.Audiences.URIPrefix) {
			c.warn(a, "no token of %q has %q in aud: %s", issuer.URL, audience, p.Advice.AudienceForm)
		}
		key := party{issuer.URL, audience}
		if other, taken := c.audiences[key]; taken && other != name {
			c.warn(a, "%q is the audience of %q too: the two accept each other's tokens", audience, other)
		}
		c.audiences[key] = name
	}
}

// isWildcard reports whether a value looks like a pattern for others, such as "*",
// "orders*", "https://*.example.com" or "https://orders.example.com/*".
func isWildcard(value string) bool {
	return strings.HasPrefix(value, "*") || strings.HasSuffix(value, "*") || strings.Contains(value, "/*") || strings.Contains(value, "*.")
}

// insecureNoAudience checks what replaces the audience. Without aud, the list of clients,
// and scopes or roles, must say which service a token is for.
func (c *checker) insecureNoAudience(a path, name string, service Service) {
	prefix, roles := service.InsecureNoAudience, service.InsecureNoAudienceRoles
	if prefix == "" && len(roles) == 0 {
		return
	}
	if !slices.ContainsFunc(c.matrix.issuersOf(service), func(i Issuer) bool { return i.TokenPreset().OmitsAudience() }) {
		c.problem(a.to("insecure_no_audience"), "its issuers put aud into their tokens; this is for preset %s, and for a preset of your own with audiences: none", strings.Join(withoutAudience(), " or "))
	}
	if name, ok := strings.CutSuffix(prefix, "/"); prefix != "" && (!ok || !scope.Valid(name)) {
		c.problem(a.to("insecure_no_audience", "scope_prefix"), "%q is not the identifier of a resource server and a slash, such as orders/", prefix)
	}
	c.audienceRoles(a.to("insecure_no_audience"), name, service)
	for i, allow := range service.Allow {
		a := a.item("allow", i)
		if allow.AnyClient {
			c.problem(a.to("clients"), "any is not enough without aud: list the clients")
		}
		if len(roles) > 0 && len(allow.Roles) > 0 {
			c.onlyAudienceRoles(a, allow, roles)
			continue
		}
		if allow.NoScopes {
			c.problem(a.to("scopes"), "none is not enough without aud: list %s", insteadOfAudience(prefix, roles))
		}
		c.prefixed(a, "scopes", allow.Scopes, prefix)
		c.prefixed(a, "any_scopes", allow.AnyScopes, prefix)
	}
}

// insteadOfAudience says what an entry must list where tokens have no aud.
func insteadOfAudience(prefix string, roles []string) string {
	var ways []string
	if prefix != "" {
		ways = append(ways, "scopes that begin with "+quote.List(prefix))
	}
	if len(roles) > 0 {
		ways = append(ways, "some of the roles "+quote.List(roles...))
	}
	return strings.Join(ways, ", or ")
}

// audienceRoles checks the roles that stand for the audience of a service. If two
// services had the same role, each would accept the tokens for the other.
func (c *checker) audienceRoles(a path, name string, service Service) {
	c.exactValues(a, "roles", service.InsecureNoAudienceRoles)
	for i, role := range service.InsecureNoAudienceRoles {
		for _, other := range slices.Sorted(maps.Keys(c.matrix.Services)) {
			if other != name && slices.Contains(c.matrix.Services[other].InsecureNoAudienceRoles, role) {
				c.problem(a.item("roles", i), "%q stands for the audience of %q too: the two would accept each other's tokens", role, other)
			}
		}
		if slices.Index(service.InsecureNoAudienceRoles, role) < i {
			c.problem(a.item("roles", i), "%q is listed twice", role)
		}
	}
}

// onlyAudienceRoles demands that an entry lists no roles but those that stand for the
// audience.
func (c *checker) onlyAudienceRoles(a path, allow Allow, roles []string) {
	for i, role := range allow.Roles {
		if !slices.Contains(roles, role) {
			c.problem(a.item("roles", i), "%q does not stand for the audience: list some of the roles %s", role, quote.List(roles...))
		}
	}
}

// withoutAudience are the presets of issuers whose tokens may lack aud.
func withoutAudience() []string {
	var names []string
	for _, p := range provider.All() {
		if p.Token.NoAudience {
			names = append(names, p.Preset)
		}
	}
	return names
}

func (c *checker) prefixed(a path, list string, scopes []string, prefix string) {
	for i, scope := range scopes {
		if prefix == "" {
			c.problem(a.item(list, i), "%q does not stand for the audience: this service has no scope_prefix", scope)
		} else if !strings.HasPrefix(scope, prefix) {
			c.problem(a.item(list, i), "%q does not begin with %q, which stands for the audience", scope, prefix)
		}
	}
}

// closed checks the methods that nobody may call: no rule and no rollout may name
// them.
func (c *checker) closed(a path, service Service) {
	for i, method := range service.Closed {
		a := a.item("closed", i)
		c.method(a, service, method)
		if method == "*" {
			c.problem(a, "list the methods by name; a service without allow is closed as a whole")
			continue
		}
		if slices.Index(service.Closed, method) < i {
			c.problem(a, "%s is listed twice", method)
		}
		for n, allow := range service.Allow {
			if slices.Contains(allow.Methods, method) {
				c.problem(a, "%s is closed, but allow[%d] names it; it can be only one of the two", method, n)
			}
		}
		for n, rollout := range service.Rollout {
			if slices.Contains(rollout.Methods, method) {
				c.problem(a, "%s is closed, but rollout[%d] names it; it can be only one of the two", method, n)
			}
		}
	}
}

func (c *checker) rollout(a path, service Service, rollout Rollout) {
	if rollout.Mode != Observe && rollout.Mode != Warn {
		c.problem(a.to("mode"), "want observe or warn: the rules are enforced where no rollout applies")
	}
	switch ahead := rollout.Until.Sub(c.now); {
	case rollout.Until.IsZero():
		c.problem(a.to("until"), "no until: write the last day of the rollout")
	case ahead > maxRollout:
		c.problem(a.to("until"), "%s is more than %d days ahead", stamp(rollout.Until), maxRollout/(24*time.Hour))
	case ahead <= 0:
		c.warn(a, "the rollout ended at %s: the rules are enforced", stamp(rollout.Until))
	}
	for i, method := range rollout.Methods {
		c.method(a.item("methods", i), service, method)
		if method == "*" {
			c.problem(a.item("methods", i), "leave methods out for all of them")
		}
	}
	c.clients(a, rollout.Clients)
}
