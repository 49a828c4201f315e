package audience

import (
	"fmt"
	"slices"
	"time"
)

// Leeway is how far the clocks of issuer and service may differ.
const Leeway = 30 * time.Second

// MaxLifetime is the longest life of a token that is accepted. It also catches
// an exp in milliseconds.
const MaxLifetime = 24 * time.Hour

// Rule is what one method asks of a token. It is immutable, and safe for
// concurrent use.
type Rule struct {
	service   string
	public    bool
	issuers   []string // the iss values that are accepted
	audiences []string // the aud values that mean us
	self      party    // who may come without aud, because it is us; zero for nobody
	demands   []demand // alternatives, at least one
}

// party is a client: its id means something only beside its issuer.
type party struct{ issuer, id string }

// demand is one alternative.
type demand struct {
	clients map[party]bool // nil for any client
	scopes  []string       // all of them
}

// demanding returns a copy of r with these alternatives, nil if there are none.
func (r Rule) demanding(alternatives []demand) *Rule {
	r.demands = alternatives
	if len(alternatives) == 0 {
		return nil
	}
	return &r
}

// Service returns the name of the service in the matrix; empty for a public
// method.
func (r *Rule) Service() string { return r.service }

// Public reports whether the method is open to anybody, without a token.
func (r *Rule) Public() bool { return r.public }

// Judge decides whether the bearer of a token with claims c may call at the
// time now: nil, or a [Refusal]. It asks in order whether an issuer of ours
// made the token, whether it is meant for us, whether it is alive, from whom it
// comes, and what for. Every check is on, always; a [Rule] cannot be built
// without an issuer and an audience.
func (r *Rule) Judge(c *Claims, now time.Time) error {
	if r.public {
		return nil
	}
	if !slices.Contains(r.issuers, c.issuer) {
		return &Refusal{Cause: CauseIssuerNotAccepted, Got: quoted(c.issuer), Want: quoted(r.issuers...)}
	}
	if err := r.addressed(c); err != nil {
		return err
	}
	if err := c.alive(now); err != nil {
		return err
	}
	return r.allowed(c)
}

// addressed asks whether the token is for us: the service must find itself in
// aud (RFC 7519, section 4.1.3). Only its own client's token may lack aud.
func (r *Rule) addressed(c *Claims) error {
	if len(c.audience) == 0 {
		if r.self != (party{}) && r.self == (party{c.issuer, c.client}) {
			return nil
		}
		return &Refusal{
			Cause: CauseAudienceMissing, Got: "no aud", Want: quoted(r.audiences...),
			Hint: "the client asked for a token without an audience, or the issuer ignored the one it asked for",
		}
	}
	for _, ours := range r.audiences {
		if slices.Contains(c.audience, ours) {
			return nil
		}
	}
	return &Refusal{
		Cause: CauseAudienceMismatch, Got: "aud " + quoted(c.audience...), Want: quoted(r.audiences...),
		Hint: audienceHint(c.audience, r.audiences),
	}
}

// alive asks whether the token is good at the time now (RFC 7519, sections
// 4.1.4 to 4.1.6). Times are compared on the wall clock: a token was dated by
// another machine.
func (c *Claims) alive(now time.Time) error {
	now = now.Round(0)
	switch {
	case !now.Before(c.expiry.Add(Leeway)):
		return &Refusal{Cause: CauseExpired, Got: "exp " + stamp(c.expiry), Want: "after " + stamp(now.Add(-Leeway))}
	case c.notBefore.After(now.Add(Leeway)):
		return &Refusal{Cause: CauseNotYetValid, Got: "nbf " + stamp(c.notBefore), Want: "by " + stamp(now.Add(Leeway)), Hint: "the clocks of issuer and service differ"}
	case c.issuedAt.After(now.Add(Leeway)):
		return &Refusal{Cause: CauseNotYetValid, Got: "iat " + stamp(c.issuedAt), Want: "by " + stamp(now.Add(Leeway)), Hint: "the clocks of issuer and service differ"}
	}
	born := c.issuedAt
	if born.IsZero() {
		born = now
	}
	if life := c.expiry.Sub(born); life > MaxLifetime {
		return &Refusal{Cause: CauseLifetimeTooLong, Got: life.String(), Want: "at most " + MaxLifetime.String()}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// allowed asks from whom the token comes and what for. The demands are
// alternatives; the refusal is that of the one that got furthest.
func (r *Rule) allowed(c *Claims) error {
	var known bool // a demand accepts the client
	for i := range r.demands {
		d := &r.demands[i]
		if d.clients != nil && !d.clients[party{c.issuer, c.client}] {
			continue
		}
		known = true
		if containsAll(c.scopes, d.scopes) {
			return nil
		}
	}
	switch {
	case known:
		return &Refusal{Cause: CauseScopeMissing, Got: "scopes " + quoted(c.scopes...), Want: r.wantScopes(c)}
	case c.client == "":
		return &Refusal{
			Cause: CauseClientMissing, Got: fmt.Sprintf("a token with %d audiences that does not name its authorized party", len(c.audience)),
			Want: r.wantClients(),
		}
	default:
		return &Refusal{Cause: CauseClientNotAllowed, Got: "client " + quoted(c.client) + " of " + quoted(c.issuer), Want: r.wantClients()}
	}
}

func containsAll(set, want []string) bool {
	for _, w := range want {
		if !slices.Contains(set, w) {
			return false
		}
	}
	return true
}

// wantScopes lists, for the operator, the scopes of the alternatives that c's
// client may choose from.
func (r *Rule) wantScopes(c *Claims) string {
	var want string
	for _, d := range r.demands {
		if d.clients != nil && !d.clients[party{c.issuer, c.client}] {
			continue
		}
		if want != "" {
			want += ", or "
		}
		want += quoted(d.scopes...)
	}
	return want
}

// wantClients lists, for the operator, the clients that may call.
func (r *Rule) wantClients() string {
	var ids []string
	for _, d := range r.demands {
		for p := range d.clients {
			ids = append(ids, p.id)
		}
	}
	slices.Sort(ids)
	return quoted(slices.Compact(ids)...)
}
