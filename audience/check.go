package audience

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/internal/nearest"
)

// checker finds what is wrong with a matrix.
type checker struct {
	matrix   Matrix
	problems []*Problem
	warnings []*Problem
	used     map[string]bool  // the clients that a rule names
	parties  map[party]string // the clients by what tokens call them
}

// at is the path of a place in the matrix.
type at []string

func (a at) to(steps ...string) at { return append(slices.Clip(a), steps...) }

func (a at) item(list string, i int) at { return a.to(list, strconv.Itoa(i)) }

func (c *checker) problem(a at, format string, args ...any) {
	c.problems = append(c.problems, &Problem{Path: a, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) warn(a at, format string, args ...any) {
	c.warnings = append(c.warnings, &Problem{Path: a, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) check() {
	c.used, c.parties = map[string]bool{}, map[party]string{}
	m := c.matrix
	if len(m.Issuers) == 0 {
		c.problem(at{"issuers"}, "no issuer: name the authorization server whose tokens are accepted")
	}
	if len(m.Services) == 0 {
		c.problem(at{"services"}, "no service: name what is to be guarded")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		c.issuer(at{"issuers", name}, m.Issuers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		c.client(at{"clients", name}, m.Clients[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		c.service(at{"services", name}, name, m.Services[name])
	}
	for i, entry := range m.Public {
		c.public(at{}.item("public", i), entry)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		if !c.used[name] {
			c.warn(at{"clients", name}, "no rule names client %q", name)
		}
	}
}

func (c *checker) issuer(a at, issuer Issuer) {
	c.url(a.to("url"), issuer.URL, issuer)
	for key, address := range map[string]string{"discovery": issuer.Discovery, "jwks": issuer.JWKS} {
		if address != "" {
			c.url(a.to(key), address, issuer)
		}
	}
	if _, ok := PresetNamed(issuer.Preset); !ok {
		c.problem(a.to("preset"), "unknown preset %q%s; there are %s", issuer.Preset, nearest.Hint(issuer.Preset, Presets()), strings.Join(Presets(), ", "))
	}
	for _, other := range slices.Sorted(maps.Keys(c.matrix.Issuers)) {
		if other < a[1] && c.matrix.Issuers[other].URL == issuer.URL {
			c.problem(a.to("url"), "%q has the same url: tokens could not tell the two apart", other)
		}
	}
}

// url checks an address of an issuer: https, without query, fragment and user
// (RFC 8414, section 2).
func (c *checker) url(a at, address string, issuer Issuer) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		c.problem(a, "no url: write what its tokens have in iss")
	case err != nil || u.Host == "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		c.problem(a, "%q is not an absolute URL, such as https://idp.example.com", address)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		c.problem(a, "%q must have neither query, nor fragment, nor user", u.Redacted())
	case u.Scheme == "http" && issuer.InsecureLoopback && loopback(u.Hostname()):
	case u.Scheme != "https":
		c.problem(a, "%q is not https; plain http is accepted on a loopback address only, with insecure: loopback", address)
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *checker) client(a at, client Client) {
	c.name(a, a[1])
	c.issuerName(a.to("issuer"), client.Issuer)
	if client.ID != "" && strings.TrimSpace(client.ID) != client.ID {
		c.problem(a.to("id"), "%q begins or ends with white space", client.ID)
	}
	if client.Secret.File != "" && client.Secret.Env != "" {
		c.problem(a.to("secret"), "both a file and an environment variable; write one")
	}
	party := (&Policy{matrix: c.matrix}).party(a[1])
	if other, taken := c.parties[party]; taken {
		c.problem(a, "%q is the same client of the same issuer", other)
	}
	c.parties[party] = a[1]
}

func (c *checker) service(a at, name string, service Service) {
	c.name(a, name)
	for i, issuer := range service.Issuers {
		c.issuerName(a.item("issuers", i), issuer)
	}
	if len(service.Issuers) == 0 {
		c.issuerName(a.to("issuer"), "")
	}
	for _, audience := range service.Audiences {
		c.audience(a.to("audience"), audience)
	}
	if len(service.GRPC) == 0 {
		c.problem(a.to("grpc"), "no gRPC service: list the full names, such as [acme.orders.v1.OrderStatus]")
	}
	for i, grpc := range service.GRPC {
		c.grpc(a.item("grpc", i), grpc)
		if slices.Contains(c.matrix.Public, grpc) {
			c.problem(a.item("grpc", i), "%s is public as well; it can be only one of the two", grpc)
		}
		if slices.Contains(service.GRPC[:i], grpc) {
			c.problem(a.item("grpc", i), "%s stands here twice", grpc)
		}
	}
	if len(service.Allow) == 0 {
		c.warn(a, "nobody may call %q: no allow", name)
	}
	for i, allow := range service.Allow {
		c.allow(a.item("allow", i), service, allow)
	}
	if _, known := c.matrix.Clients[name]; service.Self && !known {
		c.problem(a.to("self"), "self needs a client of the name %q: whose tokens may lack aud?", name)
	}
}

func (c *checker) audience(a at, audience string) {
	switch {
	case audience == "" || strings.TrimSpace(audience) != audience:
		c.problem(a, "%q begins or ends with white space, or is empty", audience)
	case audience == "account":
		c.warn(a, "\"account\" is what Keycloak puts into every token: it does not tell this service from another")
	}
}

func (c *checker) allow(a at, service Service, allow Allow) {
	switch {
	case allow.AnyClient && len(allow.Clients) > 0:
		c.problem(a.to("clients"), "both any and a list")
	case !allow.AnyClient && len(allow.Clients) == 0:
		c.problem(a.to("clients"), "no clients: list their names, or write any")
	}
	for i, client := range allow.Clients {
		c.used[client] = true
		if _, ok := c.matrix.Clients[client]; !ok {
			c.problem(a.item("clients", i), "unknown client %q%s", client, nearest.Hint(client, slices.Collect(maps.Keys(c.matrix.Clients))))
		}
	}
	if len(allow.Methods) == 0 {
		c.problem(a.to("methods"), "no methods: list their names, or write [\"*\"]")
	}
	for i, method := range allow.Methods {
		c.method(a.item("methods", i), service, method)
	}
	switch {
	case allow.NoScopes && len(allow.Scopes) > 0:
		c.problem(a.to("scopes"), "both none and a list")
	case !allow.NoScopes && len(allow.Scopes) == 0:
		c.problem(a.to("scopes"), "no scopes: list them, or write none")
	}
	for i, scope := range allow.Scopes {
		if !validScope(scope) {
			c.problem(a.item("scopes", i), "%q is not a scope: visible ASCII characters without space, quote and backslash", scope)
		}
	}
}

func (c *checker) method(a at, service Service, method string) {
	if method != "*" && !validName(method) {
		c.problem(a, "%q is not the name of a method, such as GetOrderStatus", method)
	}
	for _, grpc := range service.GRPC {
		if slices.Contains(c.matrix.Public, grpc+"/"+method) {
			c.problem(a, "%s/%s is public as well; it can be only one of the two", grpc, method)
		}
	}
}

func (c *checker) public(a at, entry string) {
	service, method, found := strings.Cut(entry, "/")
	c.grpc(a, service)
	if found && !validName(method) {
		c.problem(a, "%q is not a method, such as grpc.health.v1.Health/Check", entry)
	}
}

func (c *checker) grpc(a at, service string) {
	for part := range strings.SplitSeq(service, ".") {
		if !validName(part) {
			c.problem(a, "%q is not the full name of a gRPC service, such as acme.orders.v1.OrderStatus", service)
			return
		}
	}
}

func (c *checker) issuerName(a at, name string) {
	known := slices.Sorted(maps.Keys(c.matrix.Issuers))
	if name == "" && len(known) > 1 {
		c.problem(a, "no issuer: name one of %s", strings.Join(known, ", "))
	}
	if _, ok := c.matrix.Issuers[name]; name != "" && !ok {
		c.problem(a, "unknown issuer %q%s", name, nearest.Hint(name, known))
	}
}

func (c *checker) name(a at, name string) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		c.problem(a, "%q is not a name: it is empty or has white space", name)
	}
}

// validName reports whether s is an identifier of the protobuf language.
func validName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
