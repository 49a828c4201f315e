package mesh

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// kinds returns the conditions on the token of a service, and on that of a user, if client
// calls; false if claims do not tell. An empty client is any client.
func (i Issuer) kinds(client string) (services, users All, ok bool) {
	s := i.token.Service
	switch {
	case s.Everybody() && !s.Uncertain:
		return All{}, nil, true
	case s.Uncertain || len(s.Proxy.Service) == 0:
		return nil, nil, false
	}
	named := slices.ContainsFunc(s.Proxy.Service, func(c provider.Condition) bool { return strings.Contains(c.Value, "{") })
	return conditions(s.Proxy.Service, client), conditions(s.Proxy.User, client), client != "" || !named
}

// conditions returns the conditions of a provider's data for a token of client.
func conditions(list []provider.Condition, client string) All {
	all := All{}
	fill := strings.NewReplacer(provider.Client, client, provider.ClientLower, strings.ToLower(client))
	for _, c := range list {
		switch condition := (Condition{Claim: []string{c.Claim}, Absent: c.Absent || c.Optional}); {
		case c.Value != "":
			condition.Values = []string{fill.Replace(c.Value)}
			all = append(all, condition)
		default:
			all = append(all, condition)
		}
	}
	return all
}

// role returns the claim that holds a role, and the role there. Without a value, the claim
// must only be present; without a claim, the issuer's tokens hold no roles.
func (i Issuer) role(name string) (claim []string, value string) {
	client, role, ofClient := strings.Cut(name, "/")
	for _, place := range i.token.Roles {
		each := slices.Index(place.Path, provider.Each)
		switch {
		case each >= 0 && ofClient:
			path := slices.Clone(place.Path)
			path[each] = client
			return path, role
		case each < 0 && place.Names:
			return append(slices.Clone(place.Path), name), ""
		case each < 0 && !(ofClient && i.rolesOfClients()):
			return slices.Clone(place.Path), name
		}
	}
	return nil, ""
}

// rolesOfClients reports whether roles of clients are in claims of their own.
func (i Issuer) rolesOfClients() bool {
	return slices.ContainsFunc(i.token.Roles, func(r provider.Roles) bool { return slices.Contains(r.Path, provider.Each) })
}

// roleForms are the types of the claims that hold roles. An array that may hold objects is
// treated as one of texts.
func (i Issuer) roleForms() []Form {
	var forms []Form
	for _, place := range i.token.Roles {
		each := slices.Index(place.Path, provider.Each)
		switch {
		case each >= 0:
			forms = append(forms, Form{Claim: place.Path[:each], Kind: Object})
		case place.Names:
			forms = append(forms, Form{Claim: place.Path, Kind: Object})
		default:
			forms = append(forms, Form{Claim: place.Path, Kind: Texts, Required: len(place.Path) > 1})
		}
	}
	return forms
}
