package envoy

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// strangers are genuine tokens that are no access tokens of their issuer.
func strangers(p *mesh.Plan, o Options) object {
	policies := object{}
	for _, i := range p.Issuers {
		flaws := []object{not(typed(i)), not(metadata(headerOf(i.Name), []string{"alg"}, exactly(i.Algorithms(), false)))}
		for _, name := range refused {
			flaws = append(flaws, metadata(headerOf(i.Name), []string{name}, present))
		}
		for _, c := range i.Must {
			c.Sole = true // an array is not the text that it holds
			flaws = append(flaws, not(principal(i, c)))
		}
		flaws = append(flaws, illFormed(i, o)...)
		policies = append(policies, "issuer "+i.Name, object{
			"permissions",
			[]object{{"any", true}},
			"principals",
			[]object{all(verified(i), or(flaws))},
		})
	}
	return policies
}

// refused are the members of a header that would have a verifier act otherwise
// than it does: extensions that must be understood, another encoding of the
// payload, and keys that come with the token.
var refused = []string{"crit", "b64", "jwk", "jku", "x5u"}

// matrix is what is admitted.
func matrix(p *mesh.Plan) object {
	policies := object{}
	if len(p.Public) > 0 {
		policies = append(policies, "public", object{"permissions", paths(p.Public), "principals", []object{{"any", true}}})
	}
	for _, s := range p.Services {
		if len(s.Optional) > 0 {
			policies = append(policies, "services."+s.Name+" without a token", object{
				"permissions", paths(s.Optional), "principals", []object{tokenless(p)},
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
			who = append(who, conjunction(i, either[0])...)
			continue
		}
		var ways []object
		for _, way := range either {
			ways = append(ways, all(conjunction(i, way)...))
		}
		who = append(who, or(ways))
	}
	return all(who...)
}

func conjunction(i mesh.Issuer, way mesh.All) []object {
	var parts []object
	for _, c := range way {
		parts = append(parts, principal(i, c))
	}
	return parts
}

// principal is a condition on the payload of a token of i.
func principal(i mesh.Issuer, c mesh.Condition) object {
	there := metadata(i.Name, c.Claim, present)
	if len(c.Values) == 0 {
		if c.Absent {
			return not(there)
		}
		return there
	}
	one := metadata(i.Name, c.Claim, valued(c))
	if len(c.Claim) == 1 && slices.Contains(i.Scopes(), c.Claim[0]) {
		one = scoped(i, c)
	}
	switch {
	case c.Other:
		return all(there, not(one))
	case c.Absent:
		return or([]object{not(there), one})
	}
	return one
}

var present = object{"present_match", true}

// valued is one of the values, where the condition has no other way to compare.
func valued(c mesh.Condition) object {
	if !c.End {
		return exactly(c.Values, !c.Sole)
	}
	var ways []object
	for _, v := range c.Values {
		ways = append(ways, object{"string_match", object{"suffix", v}})
	}
	return oneOf(ways)
}

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
	return oneOf(ways)
}

func oneOf(ways []object) object {
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
	calls := paths(r.Paths)
	if len(r.Except) == 0 {
		return calls
	}
	rules := []object{{"or_rules", object{"rules", calls}}}
	for _, but := range paths(r.Except) {
		rules = append(rules, object{"not_rule", but})
	}
	return []object{{"and_rules", object{"rules", rules}}}
}

// paths are calls of these paths, each in full: a query is no part of a
// method's name.
func paths(names []string) []object {
	var all []object
	for _, path := range names {
		if service, whole := strings.CutSuffix(path, "*"); whole {
			all = append(all, object{"and_rules", object{"rules", []object{
				called("prefix", service), called("safe_regex", object{"regex", anyMethod}),
			}}})
			continue
		}
		all = append(all, called("exact", path))
	}
	return all
}

// anyMethod is the path of a method. A service's own name would make a program of
// it that Envoy does not take: it takes a hundred instructions.
const anyMethod = `/[A-Za-z0-9_.]+/[A-Za-z_][A-Za-z0-9_]*`

// called compares the path of a call.
func called(how string, value any) object {
	return object{"header", object{"name", ":path", "string_match", object{how, value}}}
}
