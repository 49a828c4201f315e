package claims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Preset reads the tokens of one kind of authorization server. It knows the type of
// the access tokens, the claims with the client's id and the permissions, how to tell
// a service that calls as itself from a user, and how to tell an access token from
// the other tokens that the same key signs. Get one from [LookupPreset]: the zero
// value cannot be used. A Preset is immutable, and safe for concurrent use.
type Preset struct {
	// Name is the name of the preset in the access matrix.
	Name string

	token provider.Token
	place string // where the issuer stands, for messages

	introspected bool // it reads the issuer's answers about tokens, and no JWTs
}

// DefaultPreset is the preset of an issuer without a preset in the matrix.
const DefaultPreset = provider.Default

// Presets returns the names of the presets, sorted.
func Presets() []string { return provider.Presets() }

// LookupPreset returns the preset with that name; the empty name means
// [DefaultPreset].
func LookupPreset(name string) (Preset, bool) {
	p, ok := provider.Lookup(name)
	return Preset{Name: cmp.Or(p.Preset, name), token: p.Token}, ok
}

// At returns p for the issuer that stands at this place of the matrix, which refusals
// then name; empty if it is not known. See [access.Issuer].
func (p Preset) At(place string) Preset {
	p.place = place
	return p
}

// Issuers returns the values of iss that the tokens of the issuer with this URL may
// have: the URL, and for Google a second spelling, which [Preset.Claims] replaces
// by the URL.
func (p Preset) Issuers(url string) []string {
	issuers := []string{url}
	for _, alias := range slices.Sorted(maps.Keys(p.token.IssuerAliases)) {
		if p.token.IssuerAliases[alias] == url {
			issuers = append(issuers, alias)
		}
	}
	return issuers
}

// MintsAnyAudience reports whether every client of such an issuer can get a
// token for every audience. Then aud does not limit who may call, and rules must
// name clients or roles.
func (p Preset) MintsAnyAudience() bool { return p.token.AnyAudience }

// DistinguishesServices reports whether the tokens of such an issuer show whether a
// service calls as itself or on behalf of a user. If they do not, a rule cannot
// restrict its callers to users or to services.
func (p Preset) DistinguishesServices() bool { return !p.token.Service.Uncertain }

// OmitsAudience reports whether the tokens of such an issuer may lack aud. Then
// their scopes name the service.
func (p Preset) OmitsAudience() bool { return p.token.NoAudience }

// HasRoles reports whether the tokens of such an issuer have permissions that are
// not scopes.
func (p Preset) HasRoles() bool { return len(p.token.Roles) > 0 }

// CheckType checks the typ header of a token; "" means that there is none. Values
// are media types, so their case and a leading "application/" do not count (RFC
// 7515, section 4.1.9). Every type that is not on the preset's list is refused, so
// that no other kind of token is taken for an access token (RFC 8725, section 3.11).
func (p Preset) CheckType(typ string) error { return p.checkType(typ, nil) }

// checkType is CheckType for a token with these claims, which only advice goes by.
func (p Preset) checkType(typ string, members map[string]any) error {
	short := strings.ToLower(typ)
	short = strings.TrimPrefix(short, "application/")
	if slices.Contains(p.token.Types, short) && (short != "" || typ == "") {
		return nil
	}
	return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "typ " + quote.List(typ), Want: "one of " + quote.List(p.token.Types...), Hint: p.remedy(remedy.Situation{Cause: string(audience.CauseTypeNotAllowed), Type: typ, TypeRefused: true}, members)}
}

// remedy completes a situation, and returns its remedy. Members are the claims of the
// token, as far as they were read.
func (p Preset) remedy(s remedy.Situation, members map[string]any) string {
	s.Preset, s.Place, s.Claims = p.Name, p.place, members
	if iss, ok := members["iss"].(string); ok {
		s.Issuer = iss
	}
	for _, name := range p.token.Clients {
		if id, ok := members[name].(string); ok && s.Client == "" && name != "sub" {
			s.Client = id
		}
	}
	return s.Remedy()
}

// check checks what the preset requires of the members as a whole. Every token must
// have exp and iss.
func (p Preset) check(r *reader) error {
	for _, names := range [][]string{{"iss", "exp"}, p.token.Required} {
		for _, name := range names {
			if !r.has(name) {
				return &audience.Refusal{Cause: audience.CauseClaimMissing, Got: "no " + name, Want: name, Hint: p.missing(r, name)}
			}
		}
	}
	for name, want := range p.token.Values {
		if !r.is(name, want) {
			value, _ := r.members[name].(string)
			return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + name + " " + quote.OrNone(value), Want: quote.List(want), Hint: p.otherValue(r, name, value)}
		}
	}
	if i := slices.IndexFunc(p.token.Forbidden, r.has); i >= 0 {
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + p.token.Forbidden[i], Hint: p.remedy(remedy.Situation{Cause: string(audience.CauseTypeNotAllowed)}, r.members)}
	}
	return nil
}

// canonical returns the spelling of an issuer that the matrix has.
func (p Preset) canonical(issuer string) string {
	if url, ok := p.token.IssuerAliases[issuer]; ok {
		return url
	}
	return issuer
}

// identify finds out which client calls, and whether it calls as itself or on behalf
// of a user. A token that records a login is on behalf of a user, and must say which.
func (p Preset) identify(c *Claims, r *reader) (err error) {
	if c.client, err = p.client(c, r); err != nil {
		return err
	}
	c.service = p.isService(r, c.client)
	c.account = r.isAccount(p.token.Service.Account)
	switch {
	case r.err != nil:
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: r.err}
	case !strings.HasPrefix(c.subject, p.token.SubjectPrefix):
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: "sub " + quote.List(c.subject), Want: "one that begins with " + quote.List(p.token.SubjectPrefix)}
	case c.subject == "" && (!c.service && !p.token.SubjectOptional || r.login()):
		return &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "sub", Hint: p.missing(r, "sub")}
	}
	return nil
}

// isService reports whether a token is the client's own.
func (p Preset) isService(r *reader, client string) bool {
	return r.isService(p.token.Service, client) && (!p.introspected || r.namesItself(p.token.Service, client))
}

// missing says what to do about a claim that is not there.
func (p Preset) missing(r *reader, name string) string {
	return p.remedy(remedy.Situation{Cause: string(audience.CauseClaimMissing), Missing: name}, r.members)
}

// otherValue says what to do about a claim that marks another kind of token.
func (p Preset) otherValue(r *reader, name, value string) string {
	s := remedy.Situation{Cause: string(audience.CauseTypeNotAllowed), Kind: value}
	if value == "" {
		s.Missing = name
	}
	return p.remedy(s, r.members)
}

// client returns the id of the client: the value of the first of the preset's claims
// that the token has. Claims that name two different clients are refused.
func (p Preset) client(c *Claims, r *reader) (string, error) {
	var client, from string
	if i := slices.IndexFunc(p.token.Clients, r.has); i >= 0 {
		from = p.token.Clients[i]
		client = r.text(from)
	}
	for _, name := range []string{"azp", "client_id"} {
		if id := r.text(name); id != "" && client != "" && id != client {
			return "", &audience.Refusal{Cause: audience.CauseClientAmbiguous, Got: fmt.Sprintf("%s %.64q and %s %.64q", from, client, name, id)}
		}
	}
	if from == "" && p.token.SoleAudienceIsClient && len(c.audience) == 1 {
		client = c.audience[0]
	}
	return client, nil
}
