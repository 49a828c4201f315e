package audience

import (
	"maps"
	"slices"
	"strings"
)

// Preset is the dialect of one kind of authorization server: how its access
// tokens are typed, where the caller's id stands, and what tells an access
// token from the other tokens that the same key signs. The zero value is of no
// use; see [PresetNamed].
type Preset struct {
	// Name is what the matrix calls it.
	Name string

	types     []string          // accepted typ headers, lower case, without application/; "" is an absent one
	callers   []string          // the claims that may hold the caller's id, the first present one counts
	required  []string          // claims that must be there
	payload   map[string]string // claims that must have this very value
	forbidden []string          // claims that only tokens of other kinds carry
}

// DefaultPreset is the preset of an issuer that names none.
const DefaultPreset = "rfc9068"

var presets = map[string]Preset{
	// The JWT profile for access tokens, to the letter: RFC 9068, sections 2.2
	// and 4.
	DefaultPreset: {
		types:    []string{"at+jwt"},
		callers:  []string{"client_id"},
		required: []string{"sub", "client_id", "iat", "jti"},
	},
	// Keycloak types the payload, not the header, unless the client asks for
	// at+jwt. Its lightweight tokens leave sub out.
	"keycloak": {
		types:     []string{"jwt", "at+jwt", ""},
		callers:   []string{"azp", "client_id"},
		payload:   map[string]string{"typ": "Bearer"},
		forbidden: []string{"nonce", "at_hash", "c_hash", "events"},
	},
}

// Presets returns the names of the presets, sorted.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// PresetNamed returns the preset of that name; the empty name is
// [DefaultPreset].
func PresetNamed(name string) (Preset, bool) {
	if name == "" {
		name = DefaultPreset
	}
	preset, ok := presets[name]
	preset.Name = name
	return preset, ok
}

// CheckType judges the typ header of a token, "" if there is none: values are
// media types, so their case and a leading "application/" do not count (RFC
// 7515, section 4.1.9). All but the accepted ones are refused, so that no other
// kind of token passes for an access token (RFC 8725, section 3.11).
func (p Preset) CheckType(typ string) error {
	short := strings.ToLower(typ)
	short = strings.TrimPrefix(short, "application/")
	if slices.Contains(p.types, short) && (short != "" || typ == "") {
		return nil
	}
	return &Refusal{Cause: CauseTypeNotAllowed, Got: "typ " + quoted(typ), Want: quoted(p.types...), Hint: typeHint(short)}
}
