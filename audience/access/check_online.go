package access

import (
	"maps"
	"slices"
)

// online checks an entry for which the issuer is asked.
func (c *checker) online(a path, service Service, allow Allow) {
	switch at := a.to("online_max_age"); {
	case allow.OnlineMaxAge != 0 && !allow.Online:
		c.problem(at, "it says how old an answer of the issuer may be, and the issuer is not asked: write online: true")
	case allow.OnlineMaxAge < 0 || allow.OnlineMaxAge > maxAnswerAge:
		c.problem(at, "want between 0s and %v, got %v", maxAnswerAge, allow.OnlineMaxAge)
	}
	if !allow.Online {
		return
	}
	for _, name := range c.askedOnline(service, allow) {
		if c.asked[name] = true; c.matrix.Issuers[name].Introspection == (Introspection{}) {
			name := c.inFile(path{"issuers", name})[1]
			c.problem(a.to("online"), "issuer %q cannot be asked about tokens: write introspection under issuers.%s, with online_only: true if its tokens are JWTs", name, name)
		}
	}
}

// addedOnline checks that a .proto file demands an answer only of issuers that can be
// asked: those of the entries to which it adds demands.
func (c *checker) addedOnline(a path, service Service, o MethodOptions) {
	for _, allow := range service.Allow {
		if !slices.Contains(allow.Methods, o.Method) && !slices.Contains(allow.Methods, "*") {
			continue
		}
		demands := o.Demands
		if len(demands.Clients) == 0 {
			demands.Clients, demands.AnyClient, demands.Roles, demands.Claims = allow.Clients, allow.AnyClient, allow.Roles, allow.Claims
		}
		c.online(a, service, demands)
	}
}

// askedOnline returns the names of the issuers that an entry asks about tokens, sorted:
// those of its clients, or all of the service.
func (c *checker) askedOnline(service Service, allow Allow) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Issuers)) {
		issuer := c.matrix.Issuers[name]
		accepted := slices.ContainsFunc(c.matrix.issuersOf(service), func(i Issuer) bool { return i.URL == issuer.URL })
		named := slices.ContainsFunc(allow.Clients, func(client string) bool { return c.matrix.party(client).issuer == issuer.URL })
		if accepted && (len(allow.Clients) == 0 || named) && c.matrix.Concerns(service, allow, issuer) {
			names = append(names, name)
		}
	}
	return names
}

// neverAsked warns of an issuer that is to be asked only for entries with online, if
// there is none.
func (c *checker) neverAsked() {
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Issuers)) {
		if c.matrix.Issuers[name].Introspection.OnlineOnly && !c.asked[name] {
			c.warn(path{"issuers", name, "introspection", "online_only"}, "no entry of this issuer's clients has online: true, so the issuer is never asked")
		}
	}
}
