package envoy

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// times admits tokens that are alive, and of which all else holds that only an
// expression tells. It is a filter of what to admit, so that an expression which
// cannot be evaluated refuses.
func times(p *mesh.Plan) object {
	everywhere := []object{{"any", true}}
	none := []object{}
	policies := object{}
	for _, i := range p.Issuers {
		none = append(none, not(verified(i)))
		key, condition := conditions(judge{i, claimsOf(i.Name)}.all())
		policies = append(policies, "issuer "+i.Name, object{
			"permissions", everywhere, "principals", []object{verified(i)}, key, condition,
		})
	}
	if len(none) == 0 {
		none = everywhere
	}
	return append(policies, "no token", object{"permissions", everywhere, "principals", []object{all(none...)}})
}

// conditions returns the member of a policy that holds it to all of them: its
// key, with their text as a comment, and its value.
func conditions(all []expression) (commented, expression) {
	key := commented{name: "condition"}
	for n, e := range all {
		if n > 0 {
			key.comment += " &&\n"
		}
		key.comment += e.text
	}
	return key, every(all...)
}

// commented is a key with a comment above it.
type commented struct{ name, comment string }

// MarshalYAML implements [yaml.Marshaler].
func (c commented) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: c.name, HeadComment: c.comment}, nil
}

// claimsOf is the payload of a token of an issuer.
func claimsOf(issuer string) expression {
	kept := member(field(identifier("metadata"), "filter_metadata"), "envoy.filters.http.jwt_authn")
	return expression{"claims", member(kept, issuer).tree}
}

// now is when the call came in, in seconds since 1970.
func now() expression {
	at := field(identifier("request"), "time")
	milliseconds := expression{"", object{"call_expr", object{"target", at.tree, "function", "getMilliseconds"}}}
	seconds := plus(function("double", function("int", at)), infix("_/_", "/", function("double", milliseconds), number(1000)))
	return expression{"now", seconds.tree}
}

// judge asks what only an expression can ask of a token of an issuer.
type judge struct {
	mesh.Issuer
	claims expression
}

func (j judge) all() []expression {
	all := j.times()
	for _, f := range j.Forms() {
		if f.Kind > mesh.String {
			all = append(all, j.form(f))
		}
	}
	for _, two := range j.Clients() {
		a, b := two[0], two[1]
		all = append(all, some(j.lacks(a), j.lacks(b), equal(j.claim(a), j.claim(b))))
	}
	return all
}

func (j judge) claim(name string) expression { return member(j.claims, name) }

func (j judge) lacks(name string) expression { return isNot(holds(j.claims, name)) }

// times holds a token to the clock, as far as the leeway goes, and its life to
// the longest: that is from iat on, or from now on for one that has no iat.
// jwt_authn has whole seconds of leeway, and counts each life from now on.
func (j judge) times() []expression {
	leeway, longest := number(j.Leeway().Seconds()), number(j.MaxLifetime().Seconds())
	exp, iat := j.claim("exp"), j.claim("iat")
	return []expression{
		less(now(), plus(exp, leeway)),
		some(j.lacks("nbf"), lessOrEqual(j.claim("nbf"), plus(now(), leeway))),
		some(j.lacks("iat"), every(lessOrEqual(iat, plus(now(), leeway)), lessOrEqual(minus(exp, iat), longest))),
		some(holds(j.claims, "iat"), lessOrEqual(minus(exp, now()), longest)),
	}
}

// form holds a claim to its type.
func (j judge) form(f mesh.Form) expression {
	within := j.claims
	for _, step := range f.Claim[:len(f.Claim)-1] {
		within = member(within, step)
	}
	last := f.Claim[len(f.Claim)-1]
	good := isOf(member(within, last), f.Kind)
	if f.Required {
		return some(j.lacks(f.Claim[0]), every(holds(within, last), good))
	}
	return some(isNot(holds(within, last)), good)
}

// isOf asks for a type. What an array holds is asked by matchers.
func isOf(v expression, kind mesh.Kind) expression {
	is := func(kind string) expression { return equal(function("type", v), identifier(kind)) }
	switch kind {
	case mesh.Object:
		return is("map")
	case mesh.StringOrTexts:
		return some(is("string"), is("list"))
	}
	return is("list")
}
