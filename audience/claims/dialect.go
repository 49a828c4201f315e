package claims

import (
	"maps"
	"slices"
)

// Dialect is what a [Preset] asks of the form of a token, as data: for those who
// write it down for a proxy. What a preset finds out by more than the presence
// and the value of a claim is not in it.
type Dialect struct {
	// Types are the accepted typ headers, in lower case and without
	// "application/"; the empty one is an absent header.
	Types []string

	// Required are claims that must be there, beside iss and exp; Forbidden are
	// those that only tokens of other kinds carry.
	Required, Forbidden []string

	// Payload are claims that must have this very value.
	Payload map[string]string

	// Clients and Scopes are the claims that may hold the client's id and the
	// scopes; the first that is there counts.
	Clients, Scopes []string
}

// Dialect returns p as data. It is a copy.
func (p Preset) Dialect() Dialect {
	return Dialect{
		Types: slices.Clone(p.types), Required: slices.Clone(p.required), Forbidden: slices.Clone(p.forbidden),
		Payload: maps.Clone(p.payload), Clients: slices.Clone(p.callers), Scopes: slices.Clone(p.scopes),
	}
}
