package access

import (
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/internal/scope"
)

// judged are the claims that have a check of their own.
var judged = []string{"iss", "aud", "azp", "client_id", "exp", "nbf", "iat", "scope", "acr", "auth_time", "cnf", "act"}

func (c *checker) allow(a at, service Service, allow Allow) {
	c.whose(a, service, allow)
	c.wide(a, service, allow)
	if len(allow.Methods) == 0 {
		c.problem(a.to("methods"), "no methods: list their names, or write [\"*\"]")
	}
	for i, method := range allow.Methods {
		c.method(a.item("methods", i), service, method)
	}
	c.scopes(a, allow)
	c.words(a, "roles", allow.Roles)
	for _, name := range slices.Sorted(maps.Keys(allow.Claims)) {
		c.claim(a.to("claims"), name, allow.Claims[name])
	}
	c.login(a, allow)
}

// wide tells of what admits more than it names.
func (c *checker) wide(a at, service Service, allow Allow) {
	if allow.AnyClient {
		c.inform(a.to("clients"), "any client that gets a token for the service may call")
	}
	switch every := slices.Contains(allow.Methods, "*"); {
	case every && len(service.Closed) > 0:
		c.inform(a.to("methods"), "every method that is not closed may be called, also those to come")
	case every:
		c.inform(a.to("methods"), "every method may be called, also those to come")
	}
	if allow.NoScopes {
		c.inform(a.to("scopes"), "no scope is demanded")
	}
}

// whose checks from whom calls may come.
func (c *checker) whose(a at, service Service, allow Allow) {
	switch {
	case allow.AnyClient && len(allow.Clients) > 0:
		c.problem(a.to("clients"), "both any and a list")
	case !allow.AnyClient && len(allow.Clients) == 0:
		c.problem(a.to("clients"), "no clients: list their names, or write any")
	}
	for _, issuer := range c.matrix.issuersOf(service) {
		c.dialect(a, allow, issuer)
	}
	c.clients(a, allow.Clients)
	for _, client := range allow.Clients {
		c.used[client] = true
	}
	if !slices.Contains([]CallerKind{"", UsersOnly, ServicesOnly}, allow.Callers) {
		c.problem(a.to("callers"), "want users or services, got %q", allow.Callers)
	}
}

// dialect checks that what is demanded can be told from the tokens of issuer.
func (c *checker) dialect(a at, allow Allow, issuer Issuer) {
	preset := issuer.preset()
	if allow.AnyClient && len(allow.Roles) == 0 && preset.MintsAnyAudience() {
		c.problem(a.to("clients"), "any client of %q can get a token for any audience: list clients or roles", issuer.URL)
	}
	if allow.Callers != "" && !preset.TellsServices() {
		c.problem(a.to("callers"), "tokens of preset %s do not tell services from users", preset.Name)
	}
	if len(allow.Roles) > 0 && !preset.HasRoles() {
		c.warn(a.to("roles"), "tokens of preset %s have no roles", preset.Name)
	}
}

func (c *checker) scopes(a at, allow Allow) {
	switch some := len(allow.Scopes)+len(allow.AnyScopes) > 0; {
	case allow.NoScopes && some:
		c.problem(a.to("scopes"), "both none and a list")
	case !allow.NoScopes && !some:
		c.problem(a.to("scopes"), "no scopes: list them, or write none")
	}
	if slices.Contains(allow.Scopes, "none") {
		c.problem(a.to("scopes"), "a list with none in it; if no scope is demanded, write scopes: none, without a list")
	}
	c.tokens(a, "scopes", "a scope", allow.Scopes)
	c.tokens(a, "any_scopes", "a scope", allow.AnyScopes)
}

// tokens checks values that are listed with spaces between them on the wire.
func (c *checker) tokens(a at, list, what string, values []string) {
	for i, value := range values {
		if !scope.Valid(value) {
			c.problem(a.item(list, i), "%q is not %s: visible ASCII characters without space, quote and backslash", value, what)
		}
	}
}

func (c *checker) claim(a at, name string, values []string) {
	c.words(a, name, values)
	switch {
	case name == "" || slices.Contains(judged, name):
		c.problem(a.to(name), "claim %q cannot be demanded here: it is empty, or has a check of its own", name)
	case len(values) == 0:
		c.problem(a.to(name), "no values: list those that will do")
	}
}

func (c *checker) login(a at, allow Allow) {
	c.tokens(a, "acr", "an acr value", allow.ACR)
	if allow.MaxAuthAge < 0 {
		c.problem(a.to("max_auth_age"), "want more than 0, got %v", allow.MaxAuthAge)
	}
	if allow.Callers == ServicesOnly && (len(allow.ACR) > 0 || allow.MaxAuthAge > 0) {
		c.problem(a.to("callers"), "services do not log in: acr and max_auth_age are for users")
	}
}

func (c *checker) method(a at, service Service, method string) {
	if method != "*" && !validName(method) {
		c.problem(a, "%q is not the name of a method, such as GetOrderStatus", method)
	}
	for _, grpc := range service.GRPC {
		if c.public[grpc+"/"+method] {
			c.problem(a, "%s/%s is public as well; it can be only one of the two", grpc, method)
		}
	}
}
