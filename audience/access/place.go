package access

import "fmt"

// WithPlaces returns the same policy, whose messages also name places in files. place
// returns the place of the entry or key at a path, as of a [Problem], such as
// "access.yaml:12"; empty if it is not known. It is called from many goroutines.
func (p *Policy) WithPlaces(place func(path ...string) string) *Policy {
	placed := *p
	placed.places = place
	return &placed
}

// Place returns the place of the entry or key at a path, such as "access.yaml:12"; empty
// if it is not known. See [Policy.WithPlaces].
func (p *Policy) Place(path ...string) string {
	if p.places == nil {
		return ""
	}
	return p.places(path...)
}

// issuer returns the issuer of that name, with its place; the empty name means the only
// one.
func (p *Policy) issuer(name string) Issuer {
	i := p.matrix.issuer(name)
	if name == "" {
		for only := range p.matrix.Issuers {
			name = only
		}
	}
	if place := p.Place("issuers", name); place != "" {
		i.Place = fmt.Sprintf("issuers.%s (%s)", name, place)
	}
	return i
}

// issuersOf returns the issuers whose tokens a service accepts, with their places.
func (p *Policy) issuersOf(service Service) []Issuer {
	names := service.Issuers
	if len(names) == 0 {
		names = []string{""}
	}
	issuers := make([]Issuer, len(names))
	for i, name := range names {
		issuers[i] = p.issuer(name)
	}
	return issuers
}
