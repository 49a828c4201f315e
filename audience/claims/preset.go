package claims

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/hint"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// Preset is the dialect of one kind of authorization server: how its access
// tokens are typed, where the caller's id and the permissions stand, what tells
// a service that calls as itself from a user, and an access token from the
// other tokens that the same key signs. The zero value is of no use; see
// [LookupPreset]. It is immutable, and safe for concurrent use.
type Preset struct {
	// Name is what the matrix calls it.
	Name string

	types     []string          // accepted typ headers, lower case, without application/; "" is an absent one
	required  []string          // claims that must be there, beside iss and exp
	payload   map[string]string // claims that must have this very value
	forbidden []string          // claims that only tokens of other kinds carry
	subject   string            // what each sub begins with
	aliases   map[string]string // other spellings of an iss

	callers       []string // the claims that may hold the caller's id, the first present one counts
	audienceCalls bool     // where none is present, a single aud is the caller
	itself        marker   // tells a client that calls as itself
	blind         bool     // nothing tells that for certain
	account       marker   // tells the subject of some client from that of a user; nil if nothing does
	nameless      bool     // a token of nobody's login may lack sub, whoever it speaks for

	scopes     []string // the claims that may hold scopes, the first present one counts
	scopeLists bool     // as arrays too
	roles      func(*reader) []string

	anyAudience bool // every client of the issuer gets a token for every audience
	noAudience  bool // tokens may lack aud
}

// marker reports whether a token of client is that client's own.
type marker func(r *reader, client, subject string) bool

// DefaultPreset is the preset of an issuer that names none.
const DefaultPreset = "rfc9068"

// Presets returns the names of the presets, sorted.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// LookupPreset returns the preset of that name; the empty name is
// [DefaultPreset].
func LookupPreset(name string) (Preset, bool) {
	if name == "" {
		name = DefaultPreset
	}
	preset, ok := presets[name]
	preset.Name = name
	return preset, ok
}

// Issuers returns what the tokens of the issuer of this URL may have in iss:
// the URL, and for Google a second spelling, which [Preset.Claims] turns into
// the URL.
func (p Preset) Issuers(url string) []string {
	issuers := []string{url}
	for _, alias := range slices.Sorted(maps.Keys(p.aliases)) {
		if p.aliases[alias] == url {
			issuers = append(issuers, alias)
		}
	}
	return issuers
}

// MintsAnyAudience reports whether every client of such an issuer can get a
// token for every audience, so that aud says nothing about who may call: rules
// must name clients or roles.
func (p Preset) MintsAnyAudience() bool { return p.anyAudience }

// TellsServices reports whether the tokens of such an issuer tell a service that
// calls as itself from a user; where they do not, a rule cannot go by it.
func (p Preset) TellsServices() bool { return !p.blind }

// OmitsAudience reports whether the tokens of such an issuer may lack aud: a
// service is then named by their scopes.
func (p Preset) OmitsAudience() bool { return p.noAudience }

// HasRoles reports whether the tokens of such an issuer name permissions that
// are no scopes.
func (p Preset) HasRoles() bool { return p.roles != nil }

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
	return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "typ " + quote.List(typ), Want: "one of " + quote.List(p.types...), Hint: p.hint(typeHint(short))}
}

// hint adds that the issuer may speak another dialect, which is the likely
// mistake where none was chosen.
func (p Preset) hint(hint string) string {
	if p.Name != DefaultPreset {
		return hint
	}
	const dialect = "tokens are read by preset rfc9068, the default: if the issuer writes them otherwise, name its preset, such as keycloak"
	if hint == "" {
		return dialect
	}
	return dialect + "; " + hint
}

// check holds what the preset asks of the members as a whole. exp and iss are
// required of every token.
func (p Preset) check(r *reader) error {
	for _, names := range [][]string{{"iss", "exp"}, p.required} {
		for _, name := range names {
			if !r.has(name) {
				return &audience.Refusal{Cause: audience.CauseClaimMissing, Got: "no " + name, Want: name, Hint: p.hint("")}
			}
		}
	}
	for name, want := range p.payload {
		if !r.is(name, want) {
			value, _ := r.members[name].(string)
			return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + name + " " + quote.OrNone(value), Want: quote.List(want), Hint: typeHint(strings.ToLower(value))}
		}
	}
	if i := slices.IndexFunc(p.forbidden, r.has); i >= 0 {
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "claim " + p.forbidden[i], Hint: "this is not an access token; " + hint.IDToken}
	}
	return nil
}

// canonical returns the spelling of an issuer that the matrix has.
func (p Preset) canonical(issuer string) string {
	if url, ok := p.aliases[issuer]; ok {
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
	c.service = p.itself(r, c.client, c.subject)
	c.account = p.account != nil && p.account(r, c.client, c.subject)
	switch {
	case r.err != nil:
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: r.err}
	case !strings.HasPrefix(c.subject, p.subject):
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: "sub " + quote.List(c.subject), Want: "one that begins with " + quote.List(p.subject)}
	case c.subject == "" && (!c.service && !p.nameless || r.login()):
		return &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "sub", Hint: "a user's token must say which user; in Keycloak that is the client scope basic"}
	}
	return nil
}

// client returns the caller's id: what the first claim of the preset says that
// is there. Claims that name two parties name none.
func (p Preset) client(c *Claims, r *reader) (string, error) {
	var client, from string
	if i := slices.IndexFunc(p.callers, r.has); i >= 0 {
		from = p.callers[i]
		client = r.text(from)
	}
	for _, name := range []string{"azp", "client_id"} {
		if id := r.text(name); id != "" && client != "" && id != client {
			return "", &audience.Refusal{Cause: audience.CauseClientAmbiguous, Got: fmt.Sprintf("%s %.64q and %s %.64q", from, client, name, id)}
		}
	}
	if from == "" && p.audienceCalls && len(c.audience) == 1 {
		client = c.audience[0]
	}
	return client, nil
}
