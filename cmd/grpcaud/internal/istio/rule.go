package istio

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// unseen are claims that are no texts: Istio compares texts, and arrays of them. Of
// an object it sees the members.
var unseen = map[string][]string{"iat": nil, "auth_time": nil, "events": nil, "cnf": {"x5t#S256", "jkt"}}

// flaws are tokens that are no access tokens of their issuer.
func (w *writer) flaws(s mesh.Service) []object {
	var rules []object
	for _, name := range s.Issuers {
		i := w.Issuer(name)
		for _, c := range i.Must {
			members, odd := unseen[c.Claim[0]]
			for _, member := range members {
				flaw := object{"key", key([]string{c.Claim[0], member}), "values", anything}
				rules = append(rules, object{"when", []object{of(i), flaw}})
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
			rules = append(rules, object{"when", []object{of(i), flaw}})
		}
	}
	return rules
}

// rules are what is admitted.
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
		rules = append(rules, w.entry(r)...)
	}
	return rules
}

// entry are the rules for an entry: one for each way to meet everything.
func (w *writer) entry(r mesh.Rule) []object {
	ways := [][]object{{of(w.Issuer(r.Issuer))}}
	for _, either := range r.Every {
		var next [][]object
		for _, way := range either {
			more, err := whens(ways, way)
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

// anything is what Istio takes for any value.
var anything = []string{"*"}

// of asks for a token of i.
func of(i mesh.Issuer) object { return object{"key", key([]string{"iss"}), "values", i.URLs} }

func operation(paths, except []string) []object {
	o := object{"paths", paths}
	if len(except) > 0 {
		o = append(o, "notPaths", except)
	}
	return []object{{"operation", o}}
}

// whens returns the ways to meet all conditions too: one that lets a claim be
// missing takes two.
func whens(ways [][]object, all mesh.All) ([][]object, error) {
	for _, c := range all {
		if err := expressible(c); err != nil {
			return nil, err
		}
		claim := key(c.Claim)
		is := func(name string, values []string) object { return object{"key", claim, name, values} }
		switch {
		case c.Absent && len(c.Values) > 0:
			ways = append(each(ways, is("values", c.Values)), each(ways, is("notValues", anything))...)
		case c.Absent:
			ways = each(ways, is("notValues", anything))
		case c.Other:
			ways = each(ways, is("values", anything), is("notValues", patterns(c)))
		case len(c.Values) == 0:
			ways = each(ways, is("values", anything))
		default:
			ways = each(ways, is("values", c.Values))
		}
	}
	return ways, nil
}

// patterns are the values as Istio writes them: a star stands for anything.
func patterns(c mesh.Condition) []string {
	if !c.End {
		return c.Values
	}
	var ends []string
	for _, v := range c.Values {
		ends = append(ends, "*"+v)
	}
	return ends
}

// each returns the ways with these conditions more.
func each(ways [][]object, more ...object) [][]object {
	var all [][]object
	for _, way := range ways {
		all = append(all, append(append([]object{}, way...), more...))
	}
	return all
}

// expressible refuses what Istio would take for something else.
func expressible(c mesh.Condition) error {
	if c.Sole {
		return errors.New("sole_audience: it is not seen whether aud holds more")
	}
	if _, odd := unseen[c.Claim[0]]; odd {
		return fmt.Errorf("claim %q: it is no text, and not seen", c.Claim[0])
	}
	for _, step := range c.Claim {
		if strings.ContainsAny(step, "[]") {
			return fmt.Errorf("claim %q: a name with brackets cannot be written", step)
		}
	}
	for _, v := range c.Values {
		if strings.HasPrefix(v, "*") || strings.HasSuffix(v, "*") {
			return fmt.Errorf("%q: a star would stand for anything", v)
		}
	}
	return nil
}

// key names a claim. Audiences are compared by it too: request.auth.audiences
// knows the first alone.
func key(claim []string) string {
	return "request.auth.claims[" + strings.Join(claim, "][") + "]"
}
