package envoy

import "github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"

// What a call comes with. jwt_authn looks for the scheme anywhere in the value of
// the header, and for the token anywhere after it; Envoy puts commas between
// several values.
const (
	bearerToken = `[Bb]earer +[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?(\.[A-Za-z0-9_-]*)?`
	threeParts  = `[Bb]earer +[-/-z]+\.[-/-z]+\.[-/-z]+`

	// canonical is base64url in its one canonical spelling: the unused bits of the
	// last letter are zero (RFC 7515, section 2). Its letters are those of bearerToken,
	// in a range that makes a small program of it.
	canonical = `([-/-z]{4})*([-/-z][AQgw]|[-/-z]{2}[AEIMQUYcgkosw048])?`
)

// canonicalParts each hold one part of a token to its spelling.
var canonicalParts = []string{
	`[Bb]earer +` + canonical + `\.[-/-z]+\.[-/-z]+`,
	`[Bb]earer +[-/-z]+\.` + canonical + `\.[-/-z]+`,
	`[Bb]earer +[-/-z]+\.[-/-z]+\.` + canonical,
}

// longestToken is how many bytes a token may have.
const longestToken = 16 << 10

// misshapen are calls whose authorization is not what a token comes in. Calls of
// public methods are left alone.
func misshapen(p *mesh.Plan) object {
	value := member(field(identifier("request"), "headers"), "authorization")
	key, condition := conditions([]expression{less(whole(longestToken+len("Bearer ")), function("size", value))})
	var spelled []object
	for _, part := range canonicalParts {
		spelled = append(spelled, header("safe_regex", object{"regex", part}))
	}
	return object{
		"two values", guarded(p, header("contains", ",")),
		"no bearer token", guarded(p, header("contains", "earer "), object{"not_rule", header("safe_regex", object{"regex", bearerToken})}),
		"another spelling", guarded(p, header("safe_regex", object{"regex", threeParts}), object{"not_rule", object{"and_rules", object{"rules", spelled}}}),
		"too large", append(guarded(p, object{"header", object{"name", "authorization", "present_match", true}}), key, condition),
	}
}

// header compares the authorization of a call.
func header(how string, value any) object {
	return object{"header", object{"name", "authorization", "string_match", object{how, value}}}
}

// guarded is a policy for calls of methods that are not public, of which all of
// these hold.
func guarded(p *mesh.Plan, rules ...object) object {
	for _, public := range paths(p.Public) {
		rules = append(rules, object{"not_rule", public})
	}
	return object{"permissions", []object{{"and_rules", object{"rules", rules}}}, "principals", []object{{"any", true}}}
}
