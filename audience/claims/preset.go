package claims

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
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
	place string // of the issuer in a file, for messages

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
	preset := PresetOf(p)
	preset.Name = cmp.Or(preset.Name, name)
	return preset, ok
}

// At returns p for the issuer at this place of the matrix, such as
// "issuers.corp (access.yaml:3)". Refusals then name the place. Empty means that it is
// not known.
func (p Preset) At(place string) Preset {
	p.place = place
	return p
}

// PresetOf returns the preset that reads the tokens of a provider. It is for packages of
// this module; others have [LookupPreset] and [access.Issuer.TokenPreset].
func PresetOf(p provider.Provider) Preset {
	return Preset{Name: p.Preset, token: p.Token}
}

// Equal reports whether both presets read every token alike.
func (p Preset) Equal(other Preset) bool {
	return p.Name == other.Name && reflect.DeepEqual(p.token, other.token)
}

// subject is the place of the subject.
func (p Preset) subject() provider.Place { return cmp.Or(p.token.Subject, "sub") }

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

// NamesCaller reports whether a claim of that name says who calls, so that a rule which
// demands values of it need not list clients.
func (p Preset) NamesCaller(claim string) bool {
	return slices.ContainsFunc(p.token.CallerClaims, func(c provider.CallerClaim) bool { return c.Claim == claim })
}

// CallerClaims returns the names of the claims that say who calls; nil if there are none.
func (p Preset) CallerClaims() []string {
	var names []string
	for _, c := range p.token.CallerClaims {
		names = append(names, c.Claim)
	}
	return names
}

// HasRoles reports whether the tokens of such an issuer have permissions that are
// not scopes.
func (p Preset) HasRoles() bool { return len(p.token.Roles) > 0 }

// CheckType checks the typ header of a token; "" means that there is none. Values
// are media types, so their case and a leading "application/" do not count (RFC
// 7515, section 4.1.9). Every type that is not on the preset's list is refused, so
// that no other kind of token is taken for an access token (RFC 8725, section 3.11).
func (p Preset) CheckType(typ string) error { return p.checkType(typ, nil) }

// checkType is CheckType for a token with these claims, which only the hint uses.
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
// have exp and iss. A claim that marks another kind of token is reported before a
// missing claim: a token of another kind mostly lacks claims as well.
func (p Preset) check(r *reader) error {
	if err := p.missing(r, []string{"iss", "exp"}); err != nil {
		return err
	}
	if name, differs := p.otherValue(r); differs {
		v, _ := r.at(name)
		value, _ := v.(string)
		s := remedy.Situation{Cause: string(audience.CauseTypeNotAllowed), Kind: value}
		if value == "" {
			s.Missing = name
		}
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + name + " " + quote.OrNone(value), Want: quote.List(p.token.Values[name]), Hint: p.remedy(s, r.members)}
	}
	if i := slices.IndexFunc(p.token.Forbidden, r.has); i >= 0 {
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + p.token.Forbidden[i], Hint: p.remedy(remedy.Situation{Cause: string(audience.CauseTypeNotAllowed), Marked: true}, r.members)}
	}
	return p.missing(r, p.token.Required)
}

// otherValue returns a claim that has another value than it must have.
func (p Preset) otherValue(r *reader) (name string, differs bool) {
	for name, want := range p.token.Values {
		if !r.is(name, want) {
			return name, true
		}
	}
	return "", false
}

// missing refuses a token that lacks one of these claims.
func (p Preset) missing(r *reader, names []string) error {
	i := slices.IndexFunc(names, func(name string) bool { return !r.has(name) })
	if i < 0 {
		return nil
	}
	return &audience.Refusal{Cause: audience.CauseClaimMissing, Got: "no " + names[i], Want: names[i], Hint: p.missingRemedy(r, names[i])}
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
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: p.subject() + " " + quote.List(c.subject), Want: "one that begins with " + quote.List(p.token.SubjectPrefix)}
	case c.subject == "" && (r.login() || !p.token.SubjectOptional && (!c.service || r.has("auth_time"))):
		return &audience.Refusal{Cause: audience.CauseClaimMissing, Want: p.subject(), Hint: p.missingRemedy(r, "sub")}
	case c.client == "" && p.token.ClientRequired:
		return &audience.Refusal{Cause: audience.CauseClientMissing, Got: "no " + strings.Join(p.token.Clients, ", no "), Want: "the id of the client", Hint: p.remedy(remedy.Situation{Cause: string(audience.CauseClientMissing)}, r.members)}
	}
	return nil
}

// isService reports whether a token is the client's own.
func (p Preset) isService(r *reader, client string) bool {
	return r.isService(p.token.Service, client) && (!p.introspected || p.namesItself(r, client))
}

// missingRemedy says what to do about a claim that is not there.
func (p Preset) missingRemedy(r *reader, name string) string {
	return p.remedy(remedy.Situation{Cause: string(audience.CauseClaimMissing), Missing: name}, r.members)
}

// client returns the id of the client: the value at the first of the preset's places
// that is in the token. Claims that name two different clients are refused.
func (p Preset) client(c *Claims, r *reader) (string, error) {
	from, _, found := r.first(p.token.Clients)
	client := r.text(from)
	for _, name := range []string{"azp", "client_id"} {
		if id := r.text(name); id != "" && client != "" && id != client && !p.isOtherName(name, id) {
			return "", &audience.Refusal{Cause: audience.CauseClientAmbiguous, Got: fmt.Sprintf("%s %.64q and %s %.64q", from, client, name, id)}
		}
	}
	if !found && p.token.SoleAudienceIsClient && len(c.audience) == 1 {
		client = c.audience[0]
	}
	return client, nil
}

// isOtherName reports whether the preset says that this value of a claim is not the
// client's id.
func (p Preset) isOtherName(claim, value string) bool {
	end, ok := p.token.NotClient[claim]
	return ok && strings.HasSuffix(value, end)
}
