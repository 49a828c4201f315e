package envoy

import (
	"regexp"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// strangers are genuine tokens that are no access tokens of their issuer.
func strangers(p *mesh.Plan) object {
	policies := object{}
	for _, i := range p.Issuers {
		flaws := []object{not(typed(i))}
		if algorithms := i.Settings.Algorithms; len(algorithms) > 0 {
			flaws = append(flaws, not(metadata(headerOf(i.Name), []string{"alg"}, exactly(algorithms, false))))
		}
		for _, c := range i.Must {
			flaws = append(flaws, not(principal(i.Name, c)))
		}
		policies = append(policies, "issuer "+i.Name, object{
			"permissions",
			[]object{{"any", true}},
			"principals",
			[]object{all(verified(i), or(flaws))},
		})
	}
	return policies
}

// matrix is what is admitted.
func matrix(p *mesh.Plan) object {
	policies := object{}
	if len(p.Public) > 0 {
		policies = append(policies, "public", object{"permissions", permissions(p.Public), "principals", []object{{"any", true}}})
	}
	for _, s := range p.Services {
		if len(s.Optional) > 0 {
			policies = append(policies, "services."+s.Name+" without a token", object{
				"permissions", permissions(s.Optional), "principals", []object{tokenless(p)},
			})
		}
		for _, r := range s.Rules {
			policies = append(policies, r.Name, object{"permissions", allowed(r), "principals", []object{bearer(p.Issuer(r.Issuer), r.Every)}})
		}
	}
	return policies
}

// tokenless are calls that came without credentials: jwt_authn takes away those
// that it verified.
func tokenless(p *mesh.Plan) object {
	none := []object{not(object{"header", object{"name", "authorization", "present_match", true}})}
	for _, i := range p.Issuers {
		none = append(none, not(verified(i)))
	}
	return all(none...)
}

// verified are calls with a token of i: each has an issuer.
func verified(i mesh.Issuer) object { return metadata(i.Name, []string{"iss"}, present) }

// typed compares the typ header, as RFC 7515, section 4.1.9, has it: without
// regard to case and to "application/".
func typed(i mesh.Issuer) object {
	var ways []object
	for _, typ := range i.Types() {
		if typ == "" {
			ways = append(ways, not(metadata(headerOf(i.Name), []string{"typ"}, present)))
			continue
		}
		for _, spelling := range []string{typ, "application/" + typ} {
			ways = append(ways, metadata(headerOf(i.Name), []string{"typ"}, object{"string_match", object{"exact", spelling, "ignore_case", true}}))
		}
	}
	return or(ways)
}

// bearer is a call with a token of i of which everything holds.
func bearer(i mesh.Issuer, every []mesh.Either) object {
	who := []object{verified(i)}
	for _, either := range every {
		if len(either) == 1 {
			who = append(who, conditions(i, either[0])...)
			continue
		}
		var ways []object
		for _, way := range either {
			ways = append(ways, all(conditions(i, way)...))
		}
		who = append(who, or(ways))
	}
	return all(who...)
}

func conditions(i mesh.Issuer, way mesh.All) []object {
	var parts []object
	for _, c := range way {
		parts = append(parts, principal(i.Name, c))
	}
	return parts
}

// principal is a condition on the payload of an issuer's token.
func principal(issuer string, c mesh.Condition) object {
	there := metadata(issuer, c.Claim, present)
	if len(c.Values) == 0 {
		if c.Absent {
			return not(there)
		}
		return there
	}
	one := metadata(issuer, c.Claim, exactly(c.Values, !c.Sole))
	switch {
	case c.Other:
		return all(there, not(one))
	case c.Absent:
		return or([]object{not(there), one})
	}
	return one
}

var present = object{"present_match", true}

// exactly is one of the values, or with lists an array that holds one.
func exactly(values []string, lists bool) object {
	var ways []object
	for _, v := range values {
		text := object{"string_match", object{"exact", v}}
		ways = append(ways, text)
		if lists {
			ways = append(ways, object{"list_match", object{"one_of", text}})
		}
	}
	if len(ways) == 1 {
		return ways[0]
	}
	return object{"or_match", object{"value_matchers", ways}}
}

// metadata is what jwt_authn has kept of a token under a name.
func metadata(name string, claim []string, value object) object {
	path := []object{{"key", name}}
	for _, step := range claim {
		path = append(path, object{"key", step})
	}
	matcher := object{"filter", "envoy.filters.http.jwt_authn", "path", path, "value", value}
	return object{"sourced_metadata", object{"metadata_matcher", matcher}}
}

func not(p object) object {
	if p[0] == "not_id" {
		return p[1].(object)
	}
	return object{"not_id", p}
}

func or(ps []object) object {
	if len(ps) == 1 {
		return ps[0]
	}
	return object{"or_ids", object{"ids", ps}}
}

func all(ps ...object) object {
	if len(ps) == 1 {
		return ps[0]
	}
	return object{"and_ids", object{"ids", ps}}
}

// allowed are the calls that a rule is about.
func allowed(r mesh.Rule) []object {
	paths := permissions(r.Paths)
	if len(r.Except) == 0 {
		return paths
	}
	rules := []object{{"or_rules", object{"rules", paths}}}
	for _, but := range permissions(r.Except) {
		rules = append(rules, object{"not_rule", but})
	}
	return []object{{"and_rules", object{"rules", rules}}}
}

// permissions are calls of these paths, each in full: a query is no part of a
// method's name.
func permissions(paths []string) []object {
	var all []object
	for _, path := range paths {
		how := object{"exact", path}
		if service, whole := strings.CutSuffix(path, "*"); whole {
			how = object{"safe_regex", object{"regex", regexp.QuoteMeta(service) + "[A-Za-z_][A-Za-z0-9_]*"}}
		}
		all = append(all, object{"header", object{"name", ":path", "string_match", how}})
	}
	return all
}
