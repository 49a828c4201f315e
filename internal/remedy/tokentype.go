package remedy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// ofType says what kind of token another type is, or which preset reads it.
func (s Situation) ofType() string {
	kind := strings.ToLower(cmp.Or(s.Kind, shortType(s.Type)))
	other := s.otherPreset()
	switch {
	case s.Marked:
		return "this is not an access token; " + IDToken
	case kind == "id":
		return "this is an ID token; " + IDToken
	case kind == "refresh", kind == "offline":
		return "this is a refresh token, which goes to the issuer alone: send the access token that came with it"
	case kind == "logout", kind == "logout+jwt":
		return "this is a logout token: send the access token"
	case kind == "dpop+jwt":
		return "this is a DPoP proof, not the token that it belongs to"
	case kind == "jwt":
		return join(other, "if this is an ID token: "+IDToken)
	case s.Missing != "":
		return join(fmt.Sprintf("the access tokens of %s have the claim %s: another provider wrote this token, or what adds its claims there was changed", s.provider().Product, s.Missing), other)
	}
	return other
}

// ofMissingClaim says what a token may be that does not have a claim which its preset
// requires.
func (s Situation) ofMissingClaim() string {
	if s.Missing == "sub" {
		return join("a user's token must say which user", s.provider().Advice.MissingSubject)
	}
	if s.forbidden() != "" {
		return "this is not an access token; " + IDToken
	}
	return s.otherPreset()
}

// shortType returns a typ header as presets write it.
func shortType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }

// forbidden returns the first claim of the token that identifies a token of another
// kind.
func (s Situation) forbidden() string {
	for _, name := range s.provider().Token.Forbidden {
		if _, ok := s.Claims[name]; ok {
			return name
		}
	}
	return ""
}

// otherPreset says which preset reads the token: the preset of the provider whose
// marks it has or, if the matrix names no preset, one whose form it has. It is empty
// if there is none.
func (s Situation) otherPreset() string {
	types := s.provider().Token.Types
	if s.TypeRefused {
		types = []string{shortType(s.Type)}
	}
	var marked, similar []provider.Provider
	for _, p := range provider.All() {
		if p.Preset == s.provider().Preset || !hasForm(p.Token, types, s.Claims) {
			continue
		}
		if len(p.Token.Values) > 0 || p.Token.SubjectPrefix != "" {
			marked = append(marked, p)
		}
		similar = append(similar, p)
	}
	byDefault := cmp.Or(s.Preset, provider.Default) == provider.Default
	switch {
	case len(marked) == 1:
		return fmt.Sprintf("the token is written as %s writes them: write preset: %s in {issuer_place}", marked[0].Product, marked[0].Preset)
	case byDefault && len(similar) > 0:
		return fmt.Sprintf("tokens are read by preset rfc9068, the default; %s would read this one: if the issuer is one of these, write its preset in {issuer_place}", names(similar))
	case byDefault:
		return "tokens are read by preset rfc9068, the default: if the issuer writes them otherwise, name its preset, such as keycloak"
	}
	return ""
}

// names returns a list of presets as a part of a sentence.
func names(all []provider.Provider) string {
	const most = 4
	var list []string
	for _, p := range all[:min(len(all), most)] {
		list = append(list, p.Preset)
	}
	return strings.Join(list, ", ")
}

// hasForm reports whether a token of one of these types has the form of the access
// tokens of a provider, and a claim that distinguishes them from those of others.
func hasForm(t provider.Token, types []string, claims map[string]any) bool {
	has := func(place provider.Place) bool { _, ok := provider.ValueAt(claims, place); return ok }
	lacks := func(name string) bool { return !has(name) }
	value, _ := provider.ValueAt(claims, cmp.Or(t.Subject, "sub"))
	subject, _ := value.(string)
	common := slices.ContainsFunc(types, func(typ string) bool { return slices.Contains(t.Types, typ) })
	if len(claims) == 0 || !common || slices.ContainsFunc(t.Required, lacks) || slices.ContainsFunc(t.Forbidden, has) || !strings.HasPrefix(subject, t.SubjectPrefix) {
		return false
	}
	if claims["typ"] == "ID" || claims["token_use"] == "id" {
		return false
	}
	for name, want := range t.Values {
		if got, _ := provider.ValueAt(claims, name); got != want {
			return false
		}
	}
	names := func(name string) bool { return name != "sub" && has(name) }
	lists := func(name string) bool {
		value, _ := provider.ValueAt(claims, name)
		_, ok := value.([]any)
		return ok && t.ScopeLists
	}
	return len(t.Values) > 0 || t.SubjectPrefix != "" || slices.ContainsFunc(t.Clients, names) || slices.ContainsFunc(t.Scopes, lists)
}
