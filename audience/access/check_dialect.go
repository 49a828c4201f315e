package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/scope"
)

// otherTypes are types of tokens that are not access tokens (OpenID Connect
// Back-Channel Logout, section 2.4; RFC 8417, 9101, 9449 and 9701; RFC 7523bis; OpenID
// Federation).
var otherTypes = []string{
	"logout+jwt", "secevent+jwt", "dpop+jwt", "token-introspection+jwt", "oauth-authz-req+jwt",
	"client-authentication+jwt", "authorization-grant+jwt", "entity-statement+jwt",
}

// preset checks which tokens an issuer writes.
func (c *checker) preset(a path, issuer Issuer) {
	switch _, known := provider.Lookup(issuer.Preset); {
	case issuer.Dialect.IsZero() && !known:
		c.problem(a, "unknown preset %q%s; there are %s", issuer.Preset, nearest.Hint(issuer.Preset, provider.Presets()), strings.Join(provider.Presets(), ", "))
	case issuer.Dialect.IsZero():
	case issuer.Preset != "":
		c.problem(a, "both the name %q and a mapping; write one", issuer.Preset)
	default:
		c.dialect(a, issuer)
	}
}

// dialect checks a preset that is written out. An incomplete or contradictory one is a
// mistake.
func (c *checker) dialect(a path, issuer Issuer) {
	d := issuer.Dialect
	c.types(a, d)
	c.named(a, d)
	c.places(a, "scopes", d.Scopes)
	if d.ScopeLists && len(d.Scopes) == 0 {
		c.problem(a.to("scope_lists"), "scope_lists without scopes: which claims hold them?")
	}
	for i, role := range d.Roles {
		c.rolePlace(a.item("roles", i), role)
	}
	switch {
	case d.RoleScope == "":
	case len(d.Roles) == 0:
		c.problem(a.to("role_scope"), "role_scope without roles: which claims hold them?")
	case !scope.Valid(d.RoleScope):
		c.problem(a.to("role_scope"), "%q is not a scope", d.RoleScope)
	}
	if !slices.Contains([]Audiences{"", AnyAudience, GrantedAudiences, NoAudience}, d.Audiences) {
		c.problem(a.to("audiences"), "want any, granted or none, got %q", d.Audiences)
	}
	if d.MaxLifetime < 0 {
		c.problem(a.to("max_lifetime"), "want more than 0, got %v", d.MaxLifetime)
	}
	c.marks(a, d)
	c.serviceMarks(a, d)
	c.requests(a, d)
}

// types checks the typ headers.
func (c *checker) types(a path, d Dialect) {
	if len(d.Types) == 0 {
		c.problem(a.to("types"), "no types: list the typ headers of access tokens, such as [at+jwt], and none for tokens without one")
	}
	seen := map[string]bool{}
	for i, typ := range d.Types {
		a, typ := a.item("types", i), typeOf(typ)
		switch {
		case typ == "" && d.Types[i] != noType || strings.ContainsFunc(typ, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
			c.problem(a, "%q is not a typ header, such as at+jwt; none is a token without one", d.Types[i])
		case strings.Contains(typ, "*"):
			c.problem(a, "%q is taken literally: types are compared whole, so list each", d.Types[i])
		case slices.Contains(otherTypes, typ):
			c.problem(a, "%s is the type of tokens that are no access tokens", typ)
		case seen[typ]:
			c.problem(a, "%q is listed twice", d.Types[i])
		}
		seen[typ] = true
	}
}

// named checks what names the client and the subject.
func (c *checker) named(a path, d Dialect) {
	c.places(a, "client", d.Client)
	for i, claim := range d.Client {
		c.nobody(a.item("client", i), claim)
	}
	names := len(d.Client) > 0 || d.SoleAudienceIsClient
	switch {
	case !names && len(d.CallerClaims) == 0:
		c.problem(a.to("client"), "no client: name the claims that may hold the client's id, or caller_claims that say who calls")
	case !names && d.ClientOptional:
		c.problem(a.to("client_optional"), "client_optional without client: which claims hold the client's id?")
	}
	if d.Subject != "" {
		c.place(a.to("subject"), d.Subject)
		c.nobody(a.to("subject"), d.Subject)
	}
	if i := slices.Index(d.Client, d.subject()); i >= 0 && !d.AllServices {
		c.problem(a.item("client", i), "%s says which user, so that a user could pass for a client: it can name the client only with services: all", d.subject())
	}
	if d.SubjectOptional && slices.Contains(d.Required, d.subject()) {
		c.problem(a.to("subject_optional"), "%s is required as well; it can be only one of the two", d.subject())
	}
	for _, claim := range slices.Sorted(maps.Keys(d.NotClient)) {
		c.notClient(a.to("not_client", claim), d, claim)
	}
	for i, caller := range d.CallerClaims {
		c.callerClaim(a.item("caller_claims", i), d, caller)
	}
}

// nobody refuses a claim that names neither a client nor a user: it says for whom the
// token is, from whom, or when.
func (c *checker) nobody(a path, place string) {
	switch steps := provider.Path(place); {
	case place == "aud":
		c.problem(a, "aud says for whom a token is, and not from whom; if its only value is the client, write sole_audience_is_client")
	case len(steps) > 0 && slices.Contains(judgedClaims, steps[0]):
		c.problem(a, "%s does not say who calls: each token is judged by it otherwise", steps[0])
	}
}

// subject is the claim that says which user.
func (d Dialect) subject() string {
	if d.Subject == "" {
		return "sub"
	}
	return d.Subject
}

func (c *checker) notClient(a path, d Dialect, claim string) {
	switch pattern := d.NotClient[claim]; {
	case claim != "azp" && claim != "client_id":
		c.problem(a, "want azp or client_id: no other claim is compared with the client's id")
	case slices.Contains(d.Client, claim):
		c.problem(a, "%s is listed under client as well; it can be only one of the two", claim)
	case !strings.HasPrefix(pattern, "*") || strings.Contains(pattern[1:], "*"):
		c.problem(a, `want "*", or what it ends with after a star, such as "*.example.com", got %q`, pattern)
	}
}

func (c *checker) callerClaim(a path, d Dialect, caller CallerClaim) {
	switch {
	case caller.Claim == "" || strings.HasPrefix(caller.Claim, "/") || slices.Contains(claimsWithCheck, caller.Claim):
		c.problem(a, "%q cannot be demanded under claims of a rule: it is empty, inside an object, or has a check of its own", caller.Claim)
	case slices.ContainsFunc(d.CallerClaims[:slices.Index(d.CallerClaims, caller)], func(c CallerClaim) bool { return c.Claim == caller.Claim }):
		c.problem(a, "%q is listed twice", caller.Claim)
	case caller.VerifiedBy == caller.Claim:
		c.problem(a, "%q is verified by itself", caller.Claim)
	case caller.Claim == "email" && caller.VerifiedBy == "":
		c.warn(a, "at many issuers users write an email of their own choice: unless yours verifies each, write {claim: email, verified_by: email_verified}")
	}
}

// places checks a list of places of one kind.
func (c *checker) places(a path, list string, places []string) {
	for i, place := range places {
		c.place(a.item(list, i), place)
		if slices.Index(places, place) < i {
			c.problem(a.item(list, i), "%q is listed twice", place)
		}
	}
}

// place checks where a value stands: a claim, or a pointer through objects.
func (c *checker) place(a path, place string) {
	steps := provider.Path(place)
	number := func(step string) bool { return step != "" && strings.Trim(step, "0123456789") == "" }
	switch {
	case slices.Contains(steps, "") || len(steps) == 0 || strings.TrimSpace(place) != place:
		c.problem(a, "%q is neither the name of a claim nor a path such as /realm_access/roles", place)
	case strings.HasPrefix(place, "$.") || strings.Contains(place, "["):
		c.problem(a, "%q is not how a path is written: want one such as /realm_access/roles", place)
	case len(steps) > 1 && slices.ContainsFunc(steps, number), slices.Contains(steps, "-"):
		c.problem(a, "%q leads through an array: a path leads through objects only", place)
	case provider.PlaceOf(steps) != place: // one spelling, so that places can be compared
		c.problem(a, "%q is another spelling: write %s", place, provider.PlaceOf(steps))
	case slices.Contains(steps, provider.Each):
		c.problem(a, `%q has a "*", which only a path to roles may have`, place)
	case len(steps) == 1 && strings.Contains(place, ".") && !strings.Contains(place, ":"):
		c.info(a, "%s is one claim of that name: what is inside of an object has a path such as /realm_access/roles", place)
	}
}

// rolePlace checks a claim that holds roles. One step of its path may be a star.
func (c *checker) rolePlace(a path, role RolePlace) {
	steps := provider.Path(role.Claim)
	each := slices.Index(steps, provider.Each)
	switch {
	case each == 0:
		c.problem(a, `%q begins with a "*": name the claim`, role.Claim)
	case each > 0:
		c.place(a, provider.PlaceOf(slices.Delete(steps, each, each+1)))
	default:
		c.place(a, role.Claim)
	}
	if !slices.Contains([]string{"", "names", "objects"}, role.As) {
		c.problem(a.to("as"), "want names or objects, got %q", role.As)
	}
}

// requests checks how an audience is requested.
func (c *checker) requests(a path, d Dialect) {
	c.askWords(a.to("ask"), d.Ask)
	c.askWords(a.to("exchange"), d.Exchange)
	exchange := d.Exchange.data() != provider.Ask{}
	switch {
	case d.OnBehalfOf && (exchange || d.ExchangeAudience):
		c.problem(a.to("on_behalf_of"), "both on_behalf_of and how tokens are exchanged; write one")
	case d.ExchangeAudience && exchange:
		c.problem(a.to("exchange_audience"), "both exchange and exchange_audience; write one")
	case d.ExchangeAudience && d.Ask.Scope == "" && d.Ask.Parameter != "resource":
		c.problem(a.to("exchange_audience"), "it adds the parameter audience to a scope or to resource: ask for one of them")
	}
}

// askWords checks one way to request an audience.
func (c *checker) askWords(a path, ask Ask) {
	switch {
	case len(ask.TokenURLs)+len(ask.Parameters) > 0:
		c.problem(a, "token_urls and parameters belong to the issuer, beside preset")
	case ask.Parameter != "" && ask.Scope != "":
		c.problem(a, "both a parameter and a scope; write one")
	case !slices.Contains([]string{"", "audience", "resource", "nothing"}, ask.Parameter):
		c.problem(a, "want audience, resource or nothing, got %q", ask.Parameter)
	case ask.Scope != "" && strings.Count(ask.Scope, "{audience}") != 1:
		c.problem(a.to("scope"), "%q must have {audience} once, where the audience goes", ask.Scope)
	}
}
