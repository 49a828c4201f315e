package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// judgedClaims are the claims that each token is judged by, whatever the preset.
var judgedClaims = []string{"iss", "aud", "exp", "nbf", "iat", "cnf"}

// genericTypes are types that ID tokens have too.
var genericTypes = []string{"", "jwt", "jose"}

// idTokenHas are claims that ID tokens have as well (OpenID Connect Core, section 2), so
// that they tell no access token.
var idTokenHas = append([]string{"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "sid", "auth_time", "acr", "amr", "azp"}, provider.IDTokenClaims...)

// otherKinds are what claims such as typ say in tokens that are no access tokens.
var otherKinds = []string{"id", "id_token", "refresh", "refresh_token", "offline", "logout", "logout_token"}

// marks checks the claims that tell access tokens from others.
func (c *checker) marks(a path, d Dialect) {
	c.places(a, "required", d.Required)
	c.places(a, "forbidden", d.Forbidden)
	if d.NoForbidden && len(d.Forbidden) > 0 {
		c.problem(a.to("forbidden"), "both none and a list")
	}
	for i, claim := range d.Forbidden {
		if use := d.use(claim); use != "" {
			c.problem(a.item("forbidden", i), "%s is forbidden, but %s; it can be only one of the two", claim, use)
		}
	}
	if len(d.Forbidden) == 0 && !d.NoForbidden {
		for _, claim := range provider.IDTokenClaims {
			if use := d.use(claim); use != "" {
				c.problem(a.to("forbidden"), "%s marks an ID token unless forbidden says otherwise, but %s; list under forbidden what does mark one", claim, use)
			}
		}
	}
	for _, claim := range slices.Sorted(maps.Keys(d.Values)) {
		a := a.to("values", claim)
		c.place(a, claim)
		switch {
		case d.Values[claim] == "":
			c.problem(a, "no value: write the text that the claim must have")
		case slices.Contains(judgedClaims, claim):
			c.problem(a, "%s is judged by other keys", claim)
		case slices.Contains([]string{"typ", "token_use", "token_type"}, claim) && slices.Contains(otherKinds, strings.ToLower(d.Values[claim])):
			c.problem(a, "%q marks tokens that are no access tokens", d.Values[claim])
		}
	}
	if d.NoForbidden && !d.tellsIDTokens() {
		c.problem(a.to("forbidden"), "nothing tells an access token from an ID token: name a type such as at+jwt, or values, required or forbidden claims that ID tokens do not have")
	}
	for i, alias := range d.IssuerAliases {
		if strings.TrimSpace(alias) != alias || alias == "" {
			c.problem(a.item("issuer_aliases", i), "%q begins or ends with white space, or is empty", alias)
		}
	}
}

// tellsIDTokens reports whether d distinguishes access tokens from ID tokens although it
// forbids no claim: by the type, or by a claim that ID tokens do not have.
func (d Dialect) tellsIDTokens() bool {
	shared := func(claim string) bool { return slices.Contains(idTokenHas, claim) }
	marks := slices.DeleteFunc(append(slices.Collect(maps.Keys(d.Values)), d.Required...), shared)
	generic := slices.ContainsFunc(d.Types, func(typ string) bool { return slices.Contains(genericTypes, typeOf(typ)) })
	return !generic || len(marks) > 0
}

// use says what d needs a claim for; empty if d does not need it.
func (d Dialect) use(claim string) string {
	var roles, callers []string
	for _, r := range d.Roles {
		roles = append(roles, r.Claim)
	}
	for _, caller := range d.CallerClaims {
		callers = append(callers, caller.Claim)
	}
	used := func(places ...string) bool {
		return slices.ContainsFunc(places, func(p string) bool {
			steps := provider.Path(p)
			return p == claim || len(steps) > 0 && steps[0] == claim
		})
	}
	switch _, value := d.Values[claim]; {
	case slices.Contains(judgedClaims, claim):
		return "each token is judged by it"
	case slices.Contains(d.Required, claim):
		return "it is required"
	case value:
		return "it must have a value"
	case used(d.Client...) || used(callers...):
		return "it names the caller"
	case used(d.subject()):
		return "it names the subject"
	case used(d.Scopes...) || used(roles...):
		return "scopes or roles are read from it"
	}
	return ""
}

// serviceMarks checks what tells a service from a user.
func (c *checker) serviceMarks(a path, d Dialect) {
	account := d.ClientAccount != AccountMark{}
	switch list := len(d.Services) > 0; {
	case d.AllServices && list, d.NoServices && list, d.AllServices && d.NoServices:
		c.problem(a.to("services"), "more than one of all, none and a list")
	case d.UncertainServices && !list && !d.AllServices:
		c.problem(a.to("services_uncertain"), "services_uncertain without a list of services: without one, tokens do not tell services from users anyway")
	case account && !list:
		c.problem(a.to("client_account"), "client_account without a list of services: what tells a service from a user?")
	}
	for i, mark := range d.Services {
		c.serviceMark(a.item("services", i), d, mark)
		if d.byNameAlone(mark) {
			c.warn(a.item("services", i), "a user may have the name of a client, and would pass for it: if tokens of a login have a mark, add it, such as absent: [sid, auth_time]")
		}
	}
	if account {
		c.accountMark(a.to("client_account"), d)
	}
}

// serviceMark checks one condition. It must hold for some tokens, and not for all.
func (c *checker) serviceMark(a path, d Dialect, m ServiceMark) {
	narrow := len(m.Equal)+len(m.Not) > 0
	for _, claim := range slices.Sorted(maps.Keys(m.Equal)) {
		c.mark(a.to("equal", claim), d, claim, m.Equal[claim])
		if slices.Contains(m.Absent, claim) {
			c.problem(a.to("equal", claim), "%s must be absent as well: this never holds", claim)
		}
		if want, fixed := d.Values[claim]; fixed && want != m.Equal[claim] {
			c.problem(a.to("equal", claim), "each token has %s %q: this never holds", claim, want)
		}
		if m.Not[claim] == m.Equal[claim] {
			c.problem(a.to("not", claim), "%s must be, and must not be, %q: this never holds", claim, m.Equal[claim])
		}
	}
	c.places(a, "present", m.Present)
	for i, claim := range m.Present {
		if slices.Contains(m.Absent, claim) {
			c.problem(a.item("present", i), "%s must be absent as well: this never holds", claim)
		}
		c.notForbidden(a.item("present", i), d, claim)
		narrow = narrow || !d.always(claim)
	}
	c.places(a, "absent", m.Absent)
	for i, claim := range m.Absent {
		if d.always(claim) {
			c.problem(a.item("absent", i), "each token has %s: this never holds", claim)
		}
		narrow = narrow || !slices.Contains(d.forbidden(), claim)
	}
	for _, claim := range slices.Sorted(maps.Keys(m.Not)) {
		c.place(a.to("not", claim), claim)
		if m.Not[claim] == "" {
			c.problem(a.to("not", claim), "no value")
		}
	}
	if !narrow {
		c.problem(a, "this holds for every token: write services: all if services alone get tokens")
	}
}

// byNameAlone reports whether m tells a service by nothing but its name.
func (d Dialect) byNameAlone(m ServiceMark) bool {
	name := m.Equal[d.subject()]
	more := len(m.Equal) + len(m.Present) + len(m.Absent) + len(m.Not) - 1
	return more == 0 && (name == provider.Client || name == provider.ClientLower)
}

// always reports whether each token that is accepted has this claim.
func (d Dialect) always(claim string) bool {
	_, value := d.Values[claim]
	sole := len(d.Client) == 1 && d.Client[0] == claim && !d.ClientOptional && !d.SoleAudienceIsClient
	return value || sole || slices.Contains(d.Required, claim) || claim == "iss" || claim == "exp"
}

// notForbidden refuses a condition on a claim that no token may have.
func (c *checker) notForbidden(a path, d Dialect, claim string) {
	if slices.Contains(d.forbidden(), claim) {
		c.problem(a, "%s is forbidden: this never holds", claim)
	}
}

// mark checks the text that a claim must have.
func (c *checker) mark(a path, d Dialect, claim, value string) {
	c.place(a, claim)
	c.notForbidden(a, d, claim)
	rest := placeholders.Replace(value)
	switch {
	case value == "":
		c.problem(a, "no value")
	case strings.ContainsAny(rest, "{}"):
		c.problem(a, "%q has a placeholder that is none of {client}, {client_lower} and {client_dex}", value)
	case strings.Count(value, "{") > 1:
		c.problem(a, "%q has more than one placeholder", value)
	case rest != value && len(d.Client) == 0 && !d.SoleAudienceIsClient:
		c.problem(a, "no claim holds the client's id: this never holds")
	}
}

// accountMark checks the name of a client's account.
func (c *checker) accountMark(a path, d Dialect) {
	account := d.ClientAccount
	c.mark(a, d, account.Claim, account.Value)
	if !strings.Contains(account.Value, "{client") {
		c.problem(a.to("value"), "%q has no {client} in it: it would be the account of every client", account.Value)
	}
	if strings.Contains(account.Value, provider.ClientDex) && account.Value != provider.ClientDex {
		c.problem(a.to("value"), "%q has more than {client_dex}, which is the whole text", account.Value)
	}
	if account.Value == provider.Client || account.Value == provider.ClientLower {
		c.problem(a.to("value"), "%q is every text: want one that only accounts of clients have", account.Value)
	}
}

var placeholders = strings.NewReplacer(provider.Client, "", provider.ClientLower, "", provider.ClientDex, "")
