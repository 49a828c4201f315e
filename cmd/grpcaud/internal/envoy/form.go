package envoy

import (
	"encoding/json"
	"math"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// illFormed are tokens of i with a member that is not of the type that it must
// have, as far as matchers tell; the rest is told by expressions.
func illFormed(i mesh.Issuer, o Options) []object {
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
			flaws = append(flaws, claim(noText))
		}
	}
	if begin := i.Subject(); begin != "" {
		flaws = append(flaws, not(metadata(i.Name, []string{"sub"}, object{"string_match", object{"prefix", begin}})))
	}
	if !i.SubjectRequired() {
		login := or([]object{metadata(i.Name, []string{"sid"}, present), metadata(i.Name, []string{"auth_time"}, present)})
		flaws = append(flaws, all(login, not(metadata(i.Name, []string{"sub"}, present))))
	}
	return append(flaws, metadata(i.Name, mesh.TooMany(), present), misnamed(i, keyNames(o.Keys[i.Name])))
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

// noText is an array with an element that is no text, or empty. An object in it is
// not seen.
var noText = object{"list_match", object{"one_of", oneOf([]object{
	{"string_match", object{"exact", ""}},
	{"double_match", object{"range", object{"start", -math.MaxFloat64, "end", math.MaxFloat64}}},
	{"bool_match", true},
	{"bool_match", false},
	{"null_match", object{}},
	{"list_match", object{"one_of", present}},
})}}

// misnamed are tokens that do not say which of several keys signed them, or that
// name the only one otherwise. None of the names means that the keys are not at
// hand.
func misnamed(i mesh.Issuer, names []string) object {
	kid := func(value object) object { return metadata(headerOf(i.Name), []string{"kid"}, value) }
	switch named := kid(regular(`(?s).+`)); {
	case len(names) != 1:
		return not(named)
	case names[0] == "":
		return kid(present)
	default:
		return all(kid(present), not(named))
	}
}

// keyNames are the kids of a key set.
func keyNames(set []byte) []string {
	var keys struct {
		Keys []struct {
			ID string `json:"kid"`
		}
	}
	_ = json.Unmarshal(set, &keys) // whoever reads the file looks at its form
	var names []string
	for _, key := range keys.Keys {
		names = append(names, key.ID)
	}
	return names
}
