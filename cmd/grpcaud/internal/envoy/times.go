package envoy

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// liveTokens admits tokens within their lifetime, with all other conditions that only an
// expression can check. It is a filter that admits, so that an expression which cannot be
// evaluated refuses.
func liveTokens(p *mesh.Plan) object {
	everywhere := []object{{"any", true}}
	none := []object{}
	policies := object{}
	for _, i := range p.Issuers {
		none = append(none, not(tokenOf(i)))
		key, condition := conditions(tokenChecks{i, claimsOf(i.Name)}.all())
		policies = append(policies, "issuer "+i.Name, object{
			"permissions", everywhere, "principals", []object{tokenOf(i)}, key, condition,
		})
	}
	if len(none) == 0 {
		none = everywhere
	}
	return append(policies, "no token", object{"permissions", everywhere, "principals", []object{all(none...)}})
}

// conditions returns the member of a policy that demands all of them: its key, with their
// text as a comment, and its value.
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

// now is the time of the call, in seconds since 1970.
func now() expression {
	at := field(identifier("request"), "time")
	milliseconds := expression{"", object{"call_expr", object{"target", at.tree, "function", "getMilliseconds"}}}
	seconds := plus(function("double", function("int", at)), infix("_/_", "/", function("double", milliseconds), number(1000)))
	return expression{"now", seconds.tree}
}

// tokenChecks are the checks of a token that need an expression.
type tokenChecks struct {
	mesh.Issuer
	claims expression
}

func (j tokenChecks) all() []expression {
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

func (j tokenChecks) claim(name string) expression { return member(j.claims, name) }

func (j tokenChecks) lacks(name string) expression { return isNot(hasMember(j.claims, name)) }

// times compares a token with the clock, within the leeway, and its lifetime with the longest
// allowed one: from iat, or from now without iat. jwt_authn has whole seconds of leeway, and
// counts each lifetime from now.
func (j tokenChecks) times() []expression {
	leeway, longest := number(j.Leeway().Seconds()), number(j.MaxLifetime().Seconds())
	exp, iat := j.claim("exp"), j.claim("iat")
	return []expression{
		less(now(), plus(exp, leeway)),
		some(j.lacks("nbf"), lessOrEqual(j.claim("nbf"), plus(now(), leeway))),
		some(j.lacks("iat"), every(lessOrEqual(iat, plus(now(), leeway)), lessOrEqual(minus(exp, iat), longest))),
		some(hasMember(j.claims, "iat"), lessOrEqual(minus(exp, now()), longest)),
	}
}

// form checks the type of a claim.
func (j tokenChecks) form(f mesh.Form) expression {
	within := j.claims
	for _, step := range f.Claim[:len(f.Claim)-1] {
		within = member(within, step)
	}
	last := f.Claim[len(f.Claim)-1]
	good := hasType(member(within, last), f.Kind)
	if f.Required {
		return some(j.lacks(f.Claim[0]), every(hasMember(within, last), good))
	}
	return some(isNot(hasMember(within, last)), good)
}

// hasType checks a type. Matchers check the elements of arrays.
func hasType(v expression, kind mesh.Kind) expression {
	is := func(kind string) expression { return equal(function("type", v), identifier(kind)) }
	switch kind {
	case mesh.Object:
		return is("map")
	case mesh.StringOrTexts:
		return some(is("string"), is("list"))
	}
	return is("list")
}
