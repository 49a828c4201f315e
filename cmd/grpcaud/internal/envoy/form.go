package envoy

import (
	"encoding/json"
	"math"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// malformedTokens matches tokens of i with a member of a wrong type, as far as matchers can
// tell; expressions check the rest.
func malformedTokens(i mesh.Issuer, o Options) []object {
	var flaws []object
	for _, f := range i.Forms() {
		claim := func(value object) object { return metadata(i.Name, f.Claim, value) }
		there := claim(present)
		if f.Required {
			there = metadata(i.Name, f.Claim[:len(f.Claim)-1], present)
		}
		switch f.Kind {
		case mesh.Text, mesh.String, mesh.Date:
			flaws = append(flaws, all(there, not(claim(matchers[f.Kind]))))
		case mesh.Texts, mesh.StringOrTexts:
			flaws = append(flaws, claim(notAText))
		}
	}
	if begin := i.Subject(); begin != "" {
		flaws = append(flaws, not(metadata(i.Name, []string{"sub"}, object{"string_match", object{"prefix", begin}})))
	}
	if !i.SubjectRequired() {
		login := or([]object{metadata(i.Name, []string{"sid"}, present), metadata(i.Name, []string{"auth_time"}, present)})
		flaws = append(flaws, all(login, not(metadata(i.Name, []string{"sub"}, present))))
	}
	return append(flaws, metadata(i.Name, mesh.ActorTooMany(), present), wrongKid(i, keyNames(o.Keys[i.Name])))
}

// matchers are those of types that need no expression.
var matchers = map[mesh.Kind]object{
	mesh.Text:   regular(`[^\x00-\x1f\x7f]+`),
	mesh.String: regular(`(?s).*`),
	mesh.Date:   {"double_match", object{"range", object{"start", math.SmallestNonzeroFloat64, "end", math.Exp2(53)}}},
}

func regular(expression string) object {
	return object{"string_match", object{"safe_regex", object{"regex", expression}}}
}

// notAText matches an array with an element that is no text, or empty. It does not see
// objects in it.
var notAText = object{"list_match", object{"one_of", oneOf([]object{
	{"string_match", object{"exact", ""}},
	{"double_match", object{"range", object{"start", -math.MaxFloat64, "end", math.MaxFloat64}}},
	{"bool_match", true},
	{"bool_match", false},
	{"null_match", object{}},
	{"list_match", object{"one_of", present}},
})}}

// wrongKid matches tokens that do not say which of several keys signed them, or that name
// another key than the only one. It needs the names of the keys.
func wrongKid(i mesh.Issuer, names []string) object {
	kid := func(value object) object { return metadata(headerKey(i.Name), []string{"kid"}, value) }
	switch named := kid(regular(`(?s).+`)); {
	case len(names) != 1:
		return not(named)
	case names[0] == "":
		return kid(present)
	default:
		return all(kid(present), not(named))
	}
}

// keyNames returns the kids of a key set.
func keyNames(set []byte) []string {
	var keys struct {
		Keys []struct {
			ID string `json:"kid"`
		}
	}
	_ = json.Unmarshal(set, &keys) // the set was checked when it was read
	var names []string
	for _, key := range keys.Keys {
		names = append(names, key.ID)
	}
	return names
}
