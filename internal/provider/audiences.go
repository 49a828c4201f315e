package provider

import "strings"

// Audiences says what a provider makes of audiences.
type Audiences struct {
	// Defaults are values that it puts into tokens for which no audience was
	// requested. They do not tell one service from another.
	Defaults []DefaultAudience

	// URIPrefix is what the URI of a service begins with, where tokens of another
	// version have its id, a GUID, instead.
	URIPrefix string

	// IDOnly says that tokens have the id, and never such a URI.
	IDOnly bool
}

// DefaultAudience is an audience that a provider puts into tokens by itself.
type DefaultAudience struct {
	// Value is the audience; Suffix is what it ends with, if Value is empty.
	Value, Suffix string

	// By says who puts it there, and Into where, for a sentence.
	By, Into string
}

func (d DefaultAudience) matches(audience string) bool {
	return d.Value != "" && audience == d.Value || d.Suffix != "" && strings.HasSuffix(audience, d.Suffix)
}

// LookupDefaultAudience returns the provider that puts this audience into tokens by
// itself; false if none does.
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
