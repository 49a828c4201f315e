package envoy

import "github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"

// The forms of authorization. jwt_authn looks for the scheme anywhere in the header, and for
// the token anywhere after it; Envoy puts commas between several values.
const (
	bearerToken = `[Bb]earer +[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?(\.[A-Za-z0-9_-]*)?`
	threeParts  = `[Bb]earer +[-/-z]+\.[-/-z]+\.[-/-z]+`

	// canonical is base64url in its one canonical form: the unused bits of the last letter are
	// zero (RFC 7515, section 2). Its letters are those of bearerToken, in a range, so that the
	// program of the expression stays small.
	canonical = `([-/-z]{4})*([-/-z][AQgw]|[-/-z]{2}[AEIMQUYcgkosw048])?`
)

// canonicalParts check the form of one part of a token each.
var canonicalParts = []string{
	`[Bb]earer +` + canonical + `\.[-/-z]+\.[-/-z]+`,
	`[Bb]earer +[-/-z]+\.` + canonical + `\.[-/-z]+`,
	`[Bb]earer +[-/-z]+\.[-/-z]+\.` + canonical,
}

// maxToken is the largest size of a token, in bytes.
const maxToken = 16 << 10

// malformedCalls matches calls whose authorization does not have the form of a token. Calls of
// public methods are left alone.
func malformedCalls(p *mesh.Plan) object {
	value := member(field(identifier("request"), "headers"), "authorization")
	key, condition := conditions([]expression{less(integer(maxToken+len("Bearer ")), function("size", value))})
	var spelled []object
	for _, part := range canonicalParts {
		spelled = append(spelled, header("safe_regex", object{"regex", part}))
	}
	return object{
		"two values", guardedCalls(p, header("contains", ",")),
		"no bearer token", guardedCalls(p, header("contains", "earer "), object{"not_rule", header("safe_regex", object{"regex", bearerToken})}),
		"another spelling", guardedCalls(p, header("safe_regex", object{"regex", threeParts}), object{"not_rule", object{"and_rules", object{"rules", spelled}}}),
		"too large", append(guardedCalls(p, object{"header", object{"name", "authorization", "present_match", true}}), key, condition),
	}
}

// header compares the authorization of a call.
func header(how string, value any) object {
	return object{"header", object{"name", "authorization", "string_match", object{how, value}}}
}

// guardedCalls is a policy for calls of methods that are not public and meet all of these
// rules.
func guardedCalls(p *mesh.Plan, rules ...object) object {
	for _, public := range paths(p.Public) {
		rules = append(rules, object{"not_rule", public})
	}
	return object{"permissions", []object{{"and_rules", object{"rules", rules}}}, "principals", []object{{"any", true}}}
}
