package audience

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Claims are what a verified token says, read strictly: names are matched
// exactly, none stands twice, and each value has the type that its definition
// gives. They are immutable, and safe for concurrent use.
type Claims struct {
	issuer    string
	subject   string
	client    string // the authorized party, "" if the token names none
	audience  []string
	scopes    []string
	expiry    time.Time
	notBefore time.Time
	issuedAt  time.Time
	caller    *Caller
}

// maxActors is how long a chain of act claims may be.
const maxActors = 8

// Claims reads the payload of a token of an issuer of this kind. Its signature
// must have been verified: Claims looks at the form alone. It says nothing
// about the token being good for anything, which is what [Rule.Judge] is for.
// A payload that cannot be read without doubt is refused with
// [CauseClaimsMalformed], [CauseClaimMissing], [CauseClientAmbiguous] or
// [CauseTypeNotAllowed].
func (p Preset) Claims(payload []byte) (*Claims, error) {
	members, err := strictjson.Object(payload)
	if err != nil {
		return nil, &Refusal{Cause: CauseClaimsMalformed, Err: err}
	}
	if err := p.check(members); err != nil {
		return nil, err
	}
	r := reader{members: members}
	c := &Claims{
		issuer: r.text("iss"), subject: r.text("sub"), audience: r.audience(), scopes: r.scopes(),
		expiry: r.date("exp"), notBefore: r.date("nbf"), issuedAt: r.date("iat"),
	}
	actors := r.actors()
	if r.err != nil {
		return nil, &Refusal{Cause: CauseClaimsMalformed, Err: r.err}
	}
	if c.client, err = p.client(&r); err != nil {
		return nil, err
	}
	c.caller = &Caller{
		Issuer: c.issuer, Service: c.client, User: p.user(c, &r), Chain: actors,
		Scopes: c.scopes, Audience: c.audience, Expiry: c.expiry,
	}
	return c, nil
}

// Caller returns who the claims say is calling. It is shared: do not change it.
func (c *Claims) Caller() *Caller { return c.caller }

// Issuer returns the iss claim.
func (c *Claims) Issuer() string { return c.issuer }

// Audience returns a copy of the aud claim, nil if there is none.
func (c *Claims) Audience() []string { return slices.Clone(c.audience) }

// Expiry returns the exp claim.
func (c *Claims) Expiry() time.Time { return c.expiry }

// check holds what the preset asks of the members as a whole. exp and iss are
// required of every token.
func (p Preset) check(members map[string]any) error {
	for _, name := range append([]string{"iss", "exp"}, p.required...) {
		if _, ok := members[name]; !ok {
			return &Refusal{Cause: CauseClaimMissing, Want: name}
		}
	}
	for name, want := range p.payload {
		if got := members[name]; got != want {
			return &Refusal{Cause: CauseTypeNotAllowed, Got: fmt.Sprintf("claim %s %.64q", name, fmt.Sprint(got)), Want: quoted(want), Hint: typeHint(strings.ToLower(fmt.Sprint(got)))}
		}
	}
	for _, name := range p.forbidden {
		if _, ok := members[name]; ok {
			return &Refusal{Cause: CauseTypeNotAllowed, Got: "claim " + name, Hint: "this is not an access token; " + idTokenHint}
		}
	}
	return nil
}

// client returns the caller's id: what the first claim of the preset says that
// is there. Claims that name two parties name none.
func (p Preset) client(r *reader) (string, error) {
	var client, from string
	for _, name := range p.callers {
		if client == "" {
			client, from = r.text(name), name
		}
	}
	for _, name := range []string{"azp", "client_id"} {
		if id := r.text(name); id != "" && client != "" && id != client {
			return "", &Refusal{Cause: CauseClientAmbiguous, Got: fmt.Sprintf("%s %.64q and %s %.64q", from, client, name, id)}
		}
	}
	if r.err != nil {
		return "", &Refusal{Cause: CauseClaimsMalformed, Err: r.err}
	}
	return client, nil
}

// user returns the person a token speaks for, "" if its client calls as
// itself: then the subject is missing, or the client (RFC 9068, section 2.2),
// or Keycloak's account for that client.
func (p Preset) user(c *Claims, r *reader) string {
	if c.subject == c.client {
		return ""
	}
	if p.Name == "keycloak" && r.optional("preferred_username") == "service-account-"+strings.ToLower(c.client) {
		return ""
	}
	return c.subject
}

// reader reads members by their types and keeps the first error.
type reader struct {
	members map[string]any
	err     error
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("claim %s is not %s", name, want)
	}
}

// text reads a string that is not empty, short, and free of control
// characters; "" if there is none.
func (r *reader) text(name string) string {
	v, ok := r.members[name]
	if !ok {
		return ""
	}
	text, err := plain(v)
	if err != nil {
		r.fail(name, err.Error())
	}
	return text
}

// optional reads a string that nothing depends on.
func (r *reader) optional(name string) string {
	text, _ := r.members[name].(string)
	return text
}

func plain(v any) (string, error) {
	const longest = 1024
	text, ok := v.(string)
	switch {
	case !ok || text == "":
		return "", errors.New("a string that is not empty")
	case len(text) > longest:
		return "", fmt.Errorf("a string of at most %d bytes", longest)
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "", errors.New("a string without control characters")
	}
	return text, nil
}

// audience reads aud: a string, or an array of strings (RFC 7519, section
// 4.1.3); nil if there is none. It is never split.
func (r *reader) audience() []string {
	v, ok := r.members["aud"]
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	audience := make([]string, 0, len(list))
	for _, v := range list {
		text, ok := v.(string)
		if !ok || text == "" {
			r.fail("aud", "a string or an array of strings, none of them empty")
			return nil
		}
		audience = append(audience, text)
	}
	if len(audience) == 0 {
		r.fail("aud", "a string or an array of strings that is not empty")
	}
	return audience
}

// scopes reads scope (RFC 8693, section 4.2): tokens of visible characters,
// divided by single spaces (RFC 6749, section 3.3). A string of another form
// grants nothing.
func (r *reader) scopes() []string {
	v, ok := r.members["scope"]
	if !ok {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		r.fail("scope", "a string")
		return nil
	}
	if !validScopes(text) {
		return nil
	}
	return strings.Split(text, " ")
}

func validScopes(text string) bool {
	for scope := range strings.SplitSeq(text, " ") {
		if !validScope(scope) {
			return false
		}
	}
	return true
}

func validScope(scope string) bool {
	return scope != "" && !strings.ContainsFunc(scope, func(c rune) bool {
		return c <= ' ' || c > '~' || c == '"' || c == '\\'
	})
}

// date reads a NumericDate (RFC 7519, section 2): seconds since 1970, more
// than zero and exact in a float64. The zero time means that there is none.
func (r *reader) date(name string) time.Time {
	v, ok := r.members[name]
	if !ok {
		return time.Time{}
	}
	number, _ := v.(json.Number)
	seconds, err := number.Float64()
	if err != nil || !(seconds > 0 && seconds < 1<<53) {
		r.fail(name, "a number of seconds since 1970")
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second)))
}

// actors reads the chain of act claims, the present actor first.
func (r *reader) actors() []string {
	var actors []string
	members := r.members
	for {
		v, ok := members["act"]
		if !ok {
			return actors
		}
		if members, ok = v.(map[string]any); !ok || len(actors) == maxActors {
			r.fail("act", fmt.Sprintf("a chain of at most %d objects", maxActors))
			return nil
		}
		actor, err := plain(members["sub"])
		if err != nil {
			r.fail("sub in act", err.Error())
			return nil
		}
		actors = append(actors, actor)
	}
}
