package provider

import "strings"

// Audiences says how a provider handles audiences.
type Audiences struct {
	// Defaults are values that the provider writes into tokens for which no audience
	// was requested. They are the same for every service.
	Defaults []DefaultAudience

	// URIPrefix is the beginning of the URI of a service, in place of which tokens of
	// another version have the service's id, a GUID.
	URIPrefix string

	// IDOnly says that tokens always have the id, and never such a URI.
	IDOnly bool
}

// DefaultAudience is an audience that a provider puts into tokens by itself.
type DefaultAudience struct {
	// Value is the audience. If it is empty, Suffix is the end of the audience.
	Value, Suffix string

	// By says who writes the audience, and Into where, as parts of a sentence.
	By, Into string
}

func (d DefaultAudience) matches(audience string) bool {
	return d.Value != "" && audience == d.Value || d.Suffix != "" && strings.HasSuffix(audience, d.Suffix)
}

// LookupDefaultAudience returns the provider that writes this audience into tokens by
// itself; false if there is none.
func LookupDefaultAudience(audience string) (Provider, DefaultAudience, bool) {
	for _, p := range list {
		for _, d := range p.Audiences.Defaults {
			if d.matches(audience) {
				return p, d, true
			}
		}
	}
	return Provider{}, DefaultAudience{}, false
}
