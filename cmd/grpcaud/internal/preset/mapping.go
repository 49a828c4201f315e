package preset

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// mapping returns what is known of a provider's tokens and requests, in the keys of the
// access matrix. Keys with their default value are left out.
func mapping(p provider.Provider) ordered.Map {
	t, r := p.Token, p.Request
	return ordered.Map{
		"types", types(t.Types),
		"client", list(t.Clients),
		"client_optional", flag(!namesClient(t)),
		"sole_audience_is_client", flag(t.SoleAudienceIsClient),
		"not_client", stars(t.NotClient),
		"caller_claims", callerClaims(t.CallerClaims),
		"subject", word(t.Subject),
		"subject_prefix", word(t.SubjectPrefix),
		"subject_optional", flag(t.SubjectOptional),
		"required", list(t.Required),
		"values", texts(t.Values),
		"forbidden", forbidden(t),
		"issuer_aliases", list(slices.Sorted(maps.Keys(t.IssuerAliases))),
		"scopes", list(t.Scopes),
		"scope_lists", flag(t.ScopeLists),
		"roles", roles(t.Roles),
		"role_scope", word(r.RoleScope),
		"services", services(t),
		"services_uncertain", flag(t.Service.Uncertain),
		"client_account", account(t.Service.Account),
		"audiences", audiences(t),
		"max_lifetime", lifetime(t),
		"ask", ask(r.Audience),
		"exchange", ask(r.Exchange),
		"exchange_audience", flag(r.ExchangeAudience),
		"on_behalf_of", flag(r.OnBehalfOf),
	}
}

// namesClient reports whether each token that is accepted names its client.
func namesClient(t provider.Token) bool {
	required := slices.ContainsFunc(t.Clients, func(c string) bool { return slices.Contains(t.Required, c) })
	return required || t.ClientRequired || len(t.Clients) == 0 && !t.SoleAudienceIsClient
}

func types(headers []string) []string {
	all := slices.Clone(headers)
	if i := slices.Index(all, ""); i >= 0 {
		all[i] = "none"
	}
	return all
}

// list returns the values; nil if there are none.
func list(values []string) any {
	if len(values) == 0 {
		return nil
	}
	return values
}

// flag returns true, or nil for the default, which is false.
func flag(on bool) any {
	if !on {
		return nil
	}
	return true
}

// word returns a text; nil if it is empty.
func word(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// texts returns a mapping in the order of its keys; nil if it is empty.
func texts(from map[string]string) any {
	var all ordered.Map
	for _, key := range slices.Sorted(maps.Keys(from)) {
		all = append(all, key, from[key])
	}
	if all == nil {
		return nil
	}
	return all
}

func stars(ends map[string]string) any {
	patterns := map[string]string{}
	for claim, end := range ends {
		patterns[claim] = "*" + end
	}
	return texts(patterns)
}

func forbidden(t provider.Token) any {
	if len(t.Forbidden) == 0 {
		return "none"
	}
	return t.Forbidden
}

func callerClaims(claims []provider.CallerClaim) any {
	var plain []string
	var all []ordered.Map
	for _, c := range claims {
		plain = append(plain, c.Claim)
		all = append(all, ordered.Map{"claim", c.Claim, "verified_by", word(c.VerifiedBy)})
	}
	if slices.ContainsFunc(claims, func(c provider.CallerClaim) bool { return c.VerifiedBy != "" }) {
		return all
	}
	return list(plain)
}

func roles(places []provider.Roles) any {
	var plain []string
	var all []ordered.Map
	for _, r := range places {
		claim := provider.PlaceOf(r.Path)
		as := any(nil)
		switch {
		case r.Names:
			as = "names"
		case r.Objects:
			as = "objects"
		}
		plain = append(plain, claim)
		all = append(all, ordered.Map{"claim", claim, "as", as})
	}
	if slices.ContainsFunc(places, func(r provider.Roles) bool { return r.Names || r.Objects }) {
		return all
	}
	return list(plain)
}

// services leaves out alternatives that never hold, because they want a required claim to
// be absent.
func services(t provider.Token) any {
	if t.Service.Everybody() {
		return "all"
	}
	var all []ordered.Map
	for _, conditions := range t.Service.AnyOf {
		if slices.ContainsFunc(conditions, func(c provider.Condition) bool { return c.Absent && slices.Contains(t.Required, c.Claim) }) {
			continue
		}
		var present, absent []string
		equal, not := map[string]string{}, map[string]string{}
		for _, c := range conditions {
			switch {
			case c.Absent:
				absent = append(absent, c.Claim)
			case c.Not != "":
				not[c.Claim] = c.Not
			case c.Value != "":
				equal[c.Claim] = c.Value
			default:
				present = append(present, c.Claim)
			}
		}
		all = append(all, ordered.Map{"equal", texts(equal), "present", list(present), "absent", list(absent), "not", texts(not)})
	}
	switch {
	case all != nil:
		return all
	case !t.Service.Uncertain:
		return "none"
	}
	return nil
}

func account(c *provider.Condition) any {
	if c == nil {
		return nil
	}
	return ordered.Map{"claim", c.Claim, "value", c.Value}
}

func audiences(t provider.Token) string {
	switch {
	case t.AnyAudience:
		return "any"
	case t.NoAudience:
		return "none"
	default:
		return "granted"
	}
}

// lifetime writes a duration without parts that are zero.
func lifetime(t provider.Token) any {
	if t.MaxLifetime == 0 {
		return nil
	}
	return strings.TrimSuffix(strings.TrimSuffix(t.MaxLifetime.String(), "0s"), "0m")
}

func ask(a provider.Ask) any {
	switch {
	case a.Nothing:
		return "nothing"
	case a.Scope != "":
		return ordered.Map{"scope", a.Scope}
	default:
		return word(a.Parameter)
	}
}
