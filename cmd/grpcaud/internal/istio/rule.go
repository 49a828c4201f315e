package istio

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// nonTextClaims are claims that are no texts: Istio compares texts, and arrays of them. Of an
// object it sees the members.
var nonTextClaims = map[string][]string{"iat": nil, "auth_time": nil, "events": nil, "cnf": {"x5t#S256", "jkt"}}

// denials are rules that match tokens which are no access tokens of their issuer.
func (w *writer) denials(s mesh.Service) []object {
	var rules []object
	for _, name := range s.Issuers {
		i := w.Issuer(name)
		for _, c := range i.Must {
			members, odd := nonTextClaims[c.Claim[0]]
			for _, member := range members {
				flaw := object{"key", key([]string{c.Claim[0], member}), "values", anything}
				rules = append(rules, object{"when", []object{tokenOf(i), flaw}})
			}
			if odd {
				continue
			}
			flaw := object{"key", key(c.Claim)}
			switch {
			case len(c.Values) > 0:
				flaw = append(flaw, "notValues", c.Values)
			case c.Absent:
				flaw = append(flaw, "values", anything)
			default:
				flaw = append(flaw, "notValues", anything)
			}
			rules = append(rules, object{"when", []object{tokenOf(i), flaw}})
		}
	}
	return rules
}

// rules are the rules of what is admitted.
func (w *writer) rules(s mesh.Service) []object {
	rules := []object{}
	if len(w.Public) > 0 {
		rules = append(rules, object{"to", operation(w.Public, nil)})
	}
	if len(s.Optional) > 0 {
		rules = append(rules, object{"to", operation(s.Optional, nil), "when", []object{
			{"key", key([]string{"iss"}), "notValues", anything},
			{"key", "request.headers[authorization]", "notValues", anything},
		}})
	}
	for _, r := range s.Rules {
		rules = append(rules, w.entryRules(r)...)
	}
	return rules
}

// entryRules are the rules of an entry: one for each combination of alternatives.
func (w *writer) entryRules(r mesh.Rule) []object {
	ways := [][]object{{tokenOf(w.Issuer(r.Issuer))}}
	for _, either := range r.Every {
		var next [][]object
		for _, way := range either {
			more, err := withConditions(ways, way)
			if err != nil {
				w.note("%s: %v", r.Name, err)
				continue
			}
			next = append(next, more...)
		}
		ways = next
	}
	var rules []object
	for _, when := range ways {
		rules = append(rules, object{"to", operation(r.Paths, r.Except), "when", when})
	}
	return rules
}

// anything matches any value.
var anything = []string{"*"}

// tokenOf demands a token of i.
func tokenOf(i mesh.Issuer) object { return object{"key", key([]string{"iss"}), "values", i.URLs} }

func operation(paths, except []string) []object {
	o := object{"paths", paths}
	if len(except) > 0 {
		o = append(o, "notPaths", except)
	}
	return []object{{"operation", o}}
}

// withConditions adds all conditions to each alternative. A condition that allows a missing
// claim doubles the alternatives.
func withConditions(ways [][]object, all mesh.All) ([][]object, error) {
	for _, c := range all {
		if err := checkExpressible(c); err != nil {
			return nil, err
		}
		claim := key(c.Claim)
		is := func(name string, values []string) object { return object{"key", claim, name, values} }
		switch {
		case c.Absent && len(c.Values) > 0:
			ways = append(withEach(ways, is("values", c.Values)), withEach(ways, is("notValues", anything))...)
		case c.Absent:
			ways = withEach(ways, is("notValues", anything))
		case c.Not:
			ways = withEach(ways, is("values", anything), is("notValues", patterns(c)))
		case len(c.Values) == 0:
			ways = withEach(ways, is("values", anything))
		default:
			ways = withEach(ways, is("values", c.Values))
		}
	}
	return ways, nil
}

// patterns returns the values as Istio writes them, with a star for any text.
func patterns(c mesh.Condition) []string {
	if !c.Suffix {
		return c.Values
	}
	var ends []string
	for _, v := range c.Values {
		ends = append(ends, "*"+v)
	}
	return ends
}

// withEach adds these conditions to each alternative.
func withEach(ways [][]object, more ...object) [][]object {
	var all [][]object
	for _, way := range ways {
		all = append(all, append(append([]object{}, way...), more...))
	}
	return all
}

// checkExpressible refuses what Istio would take for something else.
func checkExpressible(c mesh.Condition) error {
	if c.Only {
		return errors.New("sole_audience: Istio does not see whether aud has other values")
	}
	if _, odd := nonTextClaims[c.Claim[0]]; odd {
		return fmt.Errorf("claim %q: Istio does not see claims that are no texts", c.Claim[0])
	}
	for _, step := range c.Claim {
		if strings.ContainsAny(step, "[]") {
			return fmt.Errorf("claim %q: a name with brackets cannot be written", step)
		}
	}
	for _, v := range c.Values {
		if strings.HasPrefix(v, "*") || strings.HasSuffix(v, "*") {
			return fmt.Errorf("%q: a star would match anything", v)
		}
	}
	return nil
}

// key names a claim. It is used for audiences too, since request.auth.audiences holds only the
// first.
func key(claim []string) string {
	return "request.auth.claims[" + strings.Join(claim, "][") + "]"
}
