package access

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// obtainable warns of tokens that clients can never get, because of the way in which
// they ask their issuer for an audience.
func (c *checker) obtainable() {
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Clients)) {
		client := c.matrix.Clients[name]
		p := c.matrix.issuer(client.Issuer).Provider()
		if ways := client.ways(); len(ways) == 1 && len(client.TokenFiles) == 0 && p.Request.Alternative != "" {
			c.warn(path{"clients", name, ways[0]}, "%s has no token endpoint that takes it: this client gets no token", p.Product)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Issuers)) {
		c.obtainableAt(name, c.matrix.Issuers[name])
	}
}

// obtainableAt warns of the audiences that the clients of an issuer can never get.
func (c *checker) obtainableAt(name string, issuer Issuer) {
	p := issuer.Provider()
	wanted := c.wantedAt(name)
	for _, service := range slices.Sorted(maps.Keys(wanted)) {
		if why := issuer.unobtainable(p.Request.Audience, service, wanted[service]); why != "" {
			c.warn(c.audiencePlace(service), "no client of issuer %q can get a token for %q: %s", name, wanted[service], why)
		}
	}
	audiences := slices.Compact(slices.Sorted(maps.Values(wanted)))
	if p.Request.OneAudience && issuer.Ask.asksNothing() && len(audiences) > 1 {
		c.warn(path{"issuers", name}, "an authorization server of %s has one audience, and its clients call services with several, %s: write ask: {token_urls: …}, or an issuer for each", p.Product, quote.List(audiences...))
	}
}

// asksNothing reports whether the matrix leaves to the preset how clients ask, or says
// that they ask for nothing.
func (a Ask) asksNothing() bool {
	return (a.Parameter == "" || a.Parameter == "nothing") && a.Scope == "" && len(a.TokenURLs) == 0
}

// wantedAt returns the audiences of the services and APIs that clients of an issuer
// request tokens for, by their names.
func (c *checker) wantedAt(issuer string) map[string]string {
	asks := func(names []string, any bool) bool {
		for name, client := range c.matrix.Clients {
			if len(client.ways()) > 0 && len(client.TokenFiles) == 0 && c.registeredAt(client, issuer) && (any || slices.Contains(names, name)) {
				return true
			}
		}
		return false
	}
	wanted := map[string]string{}
	for name, s := range c.matrix.Services {
		accepted := len(s.Issuers) == 0 || slices.Contains(s.Issuers, issuer)
		if accepted && slices.ContainsFunc(s.Allow, func(a Allow) bool { return asks(a.Clients, a.AnyClient) }) {
			wanted[name] = s.audiences(name)[0]
		}
	}
	for name, e := range c.matrix.External {
		if (e.Issuer == "" || e.Issuer == issuer) && asks(e.Clients, false) {
			wanted[name] = e.audience(name)
		}
	}
	return wanted
}

// unobtainable says why a client of i can never get a token for an audience; empty if
// nothing prevents it. known is how the preset asks.
func (i Issuer) unobtainable(known provider.Ask, service, audience string) string {
	parameter, scope := i.Ask.Parameter, i.Ask.Scope
	if parameter == "" && scope == "" && len(i.Ask.TokenURLs) == 0 {
		parameter, scope = known.Parameter, known.Scope
	}
	switch u, err := url.Parse(audience); {
	case len(i.Ask.TokenURLs) > 0 && i.Ask.TokenURLs[service] == "":
		return "token_urls has no token endpoint for it"
	case parameter == "resource" && (err != nil || !u.IsAbs() || strings.Contains(audience, "#")):
		return "clients ask by the parameter resource, which must be an absolute URI without a fragment (RFC 8707)"
	case scope != "" && strings.ContainsAny(audience, " \t\r\n"):
		return "clients ask by a scope, which can have no white space"
	}
	return ""
}

// audiencePlace returns where a service or an API has its audience.
func (c *checker) audiencePlace(name string) path {
	if e, ok := c.matrix.External[name]; ok {
		if e.Audience == "" {
			return path{"external", name}
		}
		return path{"external", name, "audience"}
	}
	if len(c.matrix.Services[name].Audiences) == 0 {
		return path{"services", name}
	}
	return path{"services", name, "audience"}
}
