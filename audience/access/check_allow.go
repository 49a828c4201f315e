package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/scope"
)

// claimsWithCheck are the claims that a rule has a check of its own for.
var claimsWithCheck = []string{"iss", "aud", "azp", "client_id", "exp", "nbf", "iat", "scope", "acr", "auth_time", "cnf", "act"}

func (c *checker) allow(a path, service Service, allow Allow) {
	c.purpose(a, allow.Purpose)
	c.allowedCallers(a, service, allow)
	c.warnBroad(a, service, allow)
	if len(allow.Methods) == 0 {
		c.problem(a.to("methods"), "no methods: list their names, or write [\"*\"]")
	}
	for i, method := range allow.Methods {
		c.method(a.item("methods", i), service, method)
	}
	c.scopes(a, allow)
	c.exactValues(a, "roles", allow.Roles)
	for _, name := range slices.Sorted(maps.Keys(allow.Claims)) {
		c.claim(a.to("claims"), name, allow.Claims[name])
	}
	c.login(a, allow)
	c.online(a, service, allow)
}

// warnBroad reports what admits more than it names.
func (c *checker) warnBroad(a path, service Service, allow Allow) {
	if allow.AnyClient {
		c.info(a.to("clients"), "any client that gets a token for the service may call")
	}
	switch every := slices.Contains(allow.Methods, "*"); {
	case every && len(service.Closed) > 0:
		c.info(a.to("methods"), "every method that is not closed may be called, future methods too")
	case every:
		c.info(a.to("methods"), "every method may be called, future methods too")
	}
	if allow.NoScopes {
		c.info(a.to("scopes"), "no scope is demanded")
	}
}

// allowedCallers checks who may call.
func (c *checker) allowedCallers(a path, service Service, allow Allow) {
	switch {
	case allow.AnyClient && len(allow.Clients) > 0:
		c.problem(a.to("clients"), "both any and a list")
	case !allow.AnyClient && len(allow.Clients) == 0:
		c.problem(a.to("clients"), "no clients: list their names, or write any")
	}
	for _, issuer := range c.matrix.issuersOf(service) {
		c.presetSupports(a, allow, issuer)
	}
	c.clients(a, allow.Clients)
	for _, client := range allow.Clients {
		c.used[client] = true
	}
	if !slices.Contains([]CallerKind{"", UsersOnly, ServicesOnly}, allow.Callers) {
		c.problem(a.to("callers"), "want users or services, got %q", allow.Callers)
	}
}

// presetSupports checks that the tokens of issuer can show what is demanded.
func (c *checker) presetSupports(a path, allow Allow, issuer Issuer) {
	p, preset := issuer.Provider(), issuer.TokenPreset()
	named := slices.ContainsFunc(slices.Collect(maps.Keys(allow.Claims)), preset.NamesCaller)
	if allow.AnyClient && len(allow.Roles) == 0 && !named && preset.MintsAnyAudience() {
		c.problem(a.to("clients"), "any client of %q can get a token for any audience: list clients%s", issuer.URL, insteadOfClients(preset))
	}
	if len(p.Token.Clients) == 0 && !p.Token.SoleAudienceIsClient {
		c.namedByClaims(a, allow, issuer)
	}
	switch custom := !issuer.Dialect.IsZero(); {
	case allow.Callers == "" || preset.DistinguishesServices():
	case custom:
		c.problem(a.to("callers"), "the preset of %q does not say for certain how a service is told from a user: add services to it, or leave callers out", issuer.URL)
	default:
		c.problem(a.to("callers"), "tokens of preset %s do not distinguish services from users", preset.Name)
	}
	if len(allow.Roles) > 0 && !preset.HasRoles() {
		c.warn(a.to("roles"), "tokens of preset %s have no roles", preset.Name)
	}
}

// insteadOfClients says what may stand for a list of clients in an entry.
func insteadOfClients(p claims.Preset) string {
	text := " or roles"
	if names := p.CallerClaims(); len(names) > 0 {
		text += ", or demand values of " + strings.Join(names, " or ") + " under claims"
	}
	return text
}

// namedByClaims refuses clients of an issuer whose tokens name no client, but say otherwise
// who calls.
func (c *checker) namedByClaims(a path, allow Allow, issuer Issuer) {
	names := strings.Join(issuer.TokenPreset().CallerClaims(), " or ")
	if names == "" {
		return // a preset that is half said, which is a problem by itself
	}
	for i, name := range allow.Clients {
		if client, known := c.matrix.Clients[name]; known && c.matrix.issuer(client.Issuer).URL == issuer.URL {
			c.problem(a.item("clients", i), "tokens of %q name no client: write clients: any, and demand values of %s under claims", issuer.URL, names)
		}
	}
}

func (c *checker) scopes(a path, allow Allow) {
	switch some := len(allow.Scopes)+len(allow.AnyScopes) > 0; {
	case allow.NoScopes && some:
		c.problem(a.to("scopes"), "both none and a list")
	case !allow.NoScopes && !some:
		c.problem(a.to("scopes"), "no scopes: list them, or write none")
	}
	if slices.Contains(allow.Scopes, "none") {
		c.problem(a.to("scopes"), "a list with none in it; if no scope is demanded, write scopes: none, without a list")
	}
	c.tokenValues(a, "scopes", "a scope", allow.Scopes)
	c.tokenValues(a, "any_scopes", "a scope", allow.AnyScopes)
}

// tokenValues checks values that are separated by spaces on the wire.
func (c *checker) tokenValues(a path, list, what string, values []string) {
	for i, value := range values {
		if !scope.Valid(value) {
			c.problem(a.item(list, i), "%q is not %s: visible ASCII characters without space, quote and backslash", value, what)
		}
	}
}

func (c *checker) claim(a path, name string, values []string) {
	c.exactValues(a, name, values)
	switch {
	case name == "" || slices.Contains(claimsWithCheck, name):
		c.problem(a.to(name), "claim %q cannot be demanded here: it is empty, or has a check of its own", name)
	case len(values) == 0:
		c.problem(a.to(name), "no values: list the accepted ones")
	}
}

// demandsLogin reports whether a demands something of the user's login.
func (a Allow) demandsLogin() bool { return len(a.ACR) > 0 || a.MaxAuthAge > 0 }

func (c *checker) login(a path, allow Allow) {
	c.tokenValues(a, "acr", "an acr value", allow.ACR)
	if allow.MaxAuthAge < 0 {
		c.problem(a.to("max_auth_age"), "want more than 0, got %v", allow.MaxAuthAge)
	}
	if allow.Callers == ServicesOnly && allow.demandsLogin() {
		c.problem(a.to("callers"), "services do not log in: acr and max_auth_age are for users")
	}
}

func (c *checker) method(a path, service Service, method string) {
	if method != "*" && !validName(method) {
		c.problem(a, "%q is not the name of a method, such as GetOrderStatus", method)
	}
	names := service.GRPC
	if service.HTTP != nil && len(a) > 1 {
		names = append(slices.Clone(names), a[1]) // the service of an operation
	}
	for _, name := range names {
		if c.public[name+"/"+method] {
			c.problem(a, "%s/%s is public as well; it can be only one of the two", name, method)
		}
	}
	if len(service.GRPC) > 0 || service.HTTP == nil || method == "*" {
		return
	}
	if _, ok := service.HTTP.Operations[method]; !ok {
		c.problem(a, "%q is no operation of this service%s", method, c.hint(method, maps.Keys(service.HTTP.Operations)))
	}
}
