package access

import (
	"cmp"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Entry is where an alternative stands.
type Entry struct {
	// Name is its place in the matrix, such as "services.order-status.allow[0]", or the
	// place of the options in a .proto file.
	Name string

	// Place is where that stands in a file, such as "access.yaml:17"; empty if it is not
	// known. See [Policy.WithPlaces].
	Place string
}

// Entry returns the alternative that admits a call with a token of claims c, presented as
// p says; if [Rule.Judge] refuses the call, the one in which the most checks passed. It is
// zero if no alternative was looked at: the rule is public, c is nil, or the token itself
// is refused, for its audience or its age.
func (r *Rule) Entry(c *claims.Claims, p Presentation) Entry {
	if r.public || c == nil {
		return Entry{}
	}
	e := r.evaluate(c, p)
	if _, d := e.first(); d == nil {
		return Entry{}
	}
	d, _ := e.alternative()
	return Entry{d.entry, d.place}
}

// Entries returns all alternatives that admit a call with a token of claims c, presented as
// p says, in their order; [Rule.Entry] is the first. It is nil if [Rule.Judge] refuses the
// call, and if the rule is public or c is nil.
func (r *Rule) Entries(c *claims.Claims, p Presentation) []Entry {
	if r.public || c == nil {
		return nil
	}
	e := r.evaluate(c, p)
	if k, _ := e.first(); k != admitted {
		return nil
	}
	var all []Entry
	for i := range r.demands {
		if d := &r.demands[i]; e.firstOf(d) == admitted {
			all = append(all, Entry{d.entry, d.place})
		}
	}
	return all
}

// Entry returns where alternative i of a service stands, in the order of [Service.Allow].
func (p *Policy) Entry(service string, i int) Entry {
	return Entry{p.entry(service, i), p.entryPlace(service, i)}
}

// Preset returns the preset by which tokens of the issuer of this URL are read, whose tokens
// the guarded services accept; "custom" if the matrix describes them. It is empty for
// another issuer.
func (g *Guard) Preset(issuer string) string {
	for n := range g.issuers {
		switch i := &g.issuers[n]; {
		case i.URL != issuer:
		case !i.Dialect.IsZero():
			return provider.CustomPreset
		default:
			return cmp.Or(i.Preset, provider.Default)
		}
	}
	return ""
}

// CallerKind returns which entries are about the caller of a genuine token: those with
// callers: users, or with callers: services; empty if the token does not tell.
func (g *Guard) CallerKind(c *claims.Claims) CallerKind {
	switch _, known := g.clients[party{c.Issuer(), c.Caller().User}]; {
	case c.IsService():
		return ServicesOnly
	case forUser(c, known):
		return UsersOnly
	default:
		return ""
	}
}
