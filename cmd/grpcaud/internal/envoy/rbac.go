package envoy

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// otherTokens matches genuine tokens that are no access tokens of their issuer.
func otherTokens(p *mesh.Plan, o Options) object {
	policies := object{}
	for _, i := range p.Issuers {
		flaws := []object{not(typHeader(i)), not(metadata(headerKey(i.Name), []string{"alg"}, exactly(i.Algorithms(), false)))}
		for _, name := range forbiddenHeaders {
			flaws = append(flaws, metadata(headerKey(i.Name), []string{name}, present))
		}
		for _, c := range i.Must {
			c.Only = true // an array differs from the text in it
			flaws = append(flaws, not(principal(i, c)))
		}
		flaws = append(flaws, malformedTokens(i, o)...)
		policies = append(policies, "issuer "+i.Name, object{
			"permissions",
			[]object{{"any", true}},
			"principals",
			[]object{all(tokenOf(i), or(flaws))},
		})
	}
	return policies
}

// forbiddenHeaders are members of a header that would make a verifier act differently:
// extensions that must be understood, another encoding of the payload, and keys in the token.
var forbiddenHeaders = []string{"crit", "b64", "jwk", "jku", "x5u"}

// ruleFilter admits what the rules allow.
func ruleFilter(p *mesh.Plan) object {
	policies := object{}
	if len(p.Public) > 0 {
		policies = append(policies, "public", object{"permissions", paths(p.Public), "principals", []object{{"any", true}}})
	}
	for _, s := range p.Services {
		if len(s.Optional) > 0 {
			policies = append(policies, "services."+s.Name+" without a token", object{
				"permissions", paths(s.Optional), "principals", []object{withoutToken(p)},
			})
		}
		for _, r := range s.Rules {
			policies = append(policies, r.Name, object{"permissions", pathsOfRule(r), "principals", []object{tokenWith(p.Issuer(r.Issuer), r.Every)}})
		}
	}
	return policies
}

// withoutToken matches calls without credentials: jwt_authn removes those that it verified.
func withoutToken(p *mesh.Plan) object {
	none := []object{not(object{"header", object{"name", "authorization", "present_match", true}})}
	for _, i := range p.Issuers {
		none = append(none, not(tokenOf(i)))
	}
	return all(none...)
}

// tokenOf matches calls with a token of i: each has an issuer.
func tokenOf(i mesh.Issuer) object { return metadata(i.Name, []string{"iss"}, present) }

// typHeader compares the typ header without regard to case and to "application/" (RFC 7515,
// section 4.1.9).
func typHeader(i mesh.Issuer) object {
	var ways []object
	for _, typ := range i.Types() {
		if typ == "" {
			ways = append(ways, not(metadata(headerKey(i.Name), []string{"typ"}, present)))
			continue
		}
		for _, spelling := range []string{typ, "application/" + typ} {
			ways = append(ways, metadata(headerKey(i.Name), []string{"typ"}, object{"string_match", object{"exact", spelling, "ignore_case", true}}))
		}
	}
	return or(ways)
}

// tokenWith matches a call with a token of i that meets everything.
func tokenWith(i mesh.Issuer, every []mesh.Either) object {
	who := []object{tokenOf(i)}
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
	one := metadata(i.Name, c.Claim, valueMatcher(c))
	if len(c.Claim) == 1 && slices.Contains(i.Scopes(), c.Claim[0]) {
		one = scopeMatcher(i, c)
	}
	switch {
	case c.Not:
		return all(there, not(one))
	case c.Absent:
		return or([]object{not(there), one})
	}
	return one
}

var present = object{"present_match", true}

// valueMatcher matches one of the values, if the condition compares them in no other way.
func valueMatcher(c mesh.Condition) object {
	if !c.Suffix {
		return exactly(c.Values, !c.Only)
	}
	var ways []object
	for _, v := range c.Values {
		ways = append(ways, object{"string_match", object{"suffix", v}})
	}
	return oneOf(ways)
}

// exactly matches one of the values or, with lists, an array that contains one.
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

// metadata is what jwt_authn kept of a token, by a name.
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

// pathsOfRule matches the calls of a rule.
func pathsOfRule(r mesh.Rule) []object {
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

// paths matches calls of these paths, each in full: a query is not part of a method's name.
func paths(names []string) []object {
	var all []object
	for _, path := range names {
		if service, whole := strings.CutSuffix(path, "*"); whole {
			all = append(all, object{"and_rules", object{"rules", []object{
				pathMatcher("prefix", service), pathMatcher("safe_regex", object{"regex", anyMethod}),
			}}})
			continue
		}
		all = append(all, pathMatcher("exact", path))
	}
	return all
}

// anyMethod matches the path of a method. With the name of a service in it, the program would
// have more than the hundred instructions that Envoy allows.
const anyMethod = `/[A-Za-z0-9_.]+/[A-Za-z_][A-Za-z0-9_]*`

// pathMatcher compares the path of a call.
func pathMatcher(how string, value any) object {
	return object{"header", object{"name", ":path", "string_match", object{how, value}}}
}
