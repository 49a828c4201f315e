package mesh

import "slices"

// Kind is the type that a claim must have.
type Kind int

const (
	// Text is a string that is not empty, without control characters.
	Text Kind = iota

	// Date is a number of seconds since 1970, greater than zero and exact in a
	// float64.
	Date

	// String is any string; its content is checked elsewhere.
	String

	// Texts is an array of strings, none of them empty.
	Texts

	// StringOrTexts is a string or an array of strings, none of them empty.
	StringOrTexts

	// Object is an object.
	Object
)

// MaxActors is the largest number of nested actors in a token (RFC 8693, section 4.1). A
// server allows eight; a proxy needs a condition for each.
const MaxActors = 4

// Form says which type a claim must have. The claim may be missing.
type Form struct {
	// Claim is the path to the claim, through objects.
	Claim []string
	Kind  Kind

	// Required demands the claim if the object that holds it is present.
	Required bool
}

// Forms returns the types that the claims of its tokens must have.
func (i Issuer) Forms() []Form {
	var forms []Form
	for _, name := range i.texts() {
		forms = append(forms, Form{Claim: []string{name}, Kind: Text})
	}
	for _, name := range []string{"exp", "nbf", "iat", "auth_time"} {
		forms = append(forms, Form{Claim: []string{name}, Kind: Date})
	}
	forms = append(forms, Form{Claim: []string{"aud"}, Kind: StringOrTexts})
	kind := String
	if i.ScopeLists() {
		kind = StringOrTexts
	}
	for _, name := range i.token.Scopes {
		forms = append(forms, Form{Claim: []string{name}, Kind: kind})
	}
	for _, name := range []string{"nonce", "at_hash"} { // allowed unless the preset forbids them
		if !slices.Contains(i.token.Forbidden, name) {
			forms = append(forms, Form{Claim: []string{name}, Kind: String})
		}
	}
	for _, name := range []string{"_claim_names", "_claim_sources"} { // OpenID Connect Core, section 5.6.2
		forms = append(forms, Form{Claim: []string{name}, Kind: Object})
	}
	path := []string{}
	for range MaxActors {
		path = append(path, "act")
		actor := append(slices.Clone(path), "sub")
		forms = append(forms, Form{Claim: actor, Kind: Text, Required: true})
	}
	return append(forms, i.roleForms()...)
}

// ActorTooMany returns the path to an actor beyond MaxActors.
func ActorTooMany() []string { return slices.Repeat([]string{"act"}, MaxActors+1) }

// ScopeLists reports whether its tokens may hold scopes as an array.
func (i Issuer) ScopeLists() bool { return i.token.ScopeLists }

// texts are the claims that are strings at every issuer, and those that name its clients
// and callers.
func (i Issuer) texts() []string {
	names := []string{"iss", "sub", "jti", "sid", "acr", "azp", "client_id"}
	callers := i.Settings.TokenPreset().CallerClaims()
	for _, name := range slices.Concat(i.token.Clients, callers) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Subject returns what each sub begins with; empty if that is not demanded.
func (i Issuer) Subject() string { return i.token.SubjectPrefix }

// Clients returns pairs of claims that must name the same client if both are present.
func (i Issuer) Clients() [][2]string {
	first := i.token.Clients[0]
	pairs := [][2]string{{"azp", "client_id"}}
	for _, name := range []string{"azp", "client_id"} {
		if first != "azp" && first != "client_id" {
			pairs = append(pairs, [2]string{first, name})
		}
	}
	return pairs
}

// SubjectRequired reports whether each token must have a sub. Elsewhere only the token of
// a login must.
func (i Issuer) SubjectRequired() bool { return slices.Contains(i.token.Required, "sub") }

// algorithms are the asymmetric signature algorithms (RFC 7518, section 3.1, RFC 8037 and
// RFC 9864), which are allowed if the matrix names none.
var algorithms = []string{
	"ES256", "ES384", "ES512", "Ed25519", "EdDSA",
	"PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
}

// Algorithms returns the allowed signature algorithms: never none, and never a symmetric
// one.
func (i Issuer) Algorithms() []string {
	if len(i.Settings.Algorithms) > 0 {
		return slices.Clone(i.Settings.Algorithms)
	}
	return slices.Clone(algorithms)
}
