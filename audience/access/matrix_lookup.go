package access

import (
	"cmp"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// The lookups of a matrix fill in what may be left out. They also work on a matrix that
// is not checked yet: for an unknown name they return the zero value.

// issuer returns the issuer of that name; the empty name means the only one.
func (m Matrix) issuer(name string) Issuer {
	if name == "" {
		for only := range m.Issuers {
			name = only
			break
		}
	}
	return m.Issuers[name]
}

// issuersOf returns the issuers whose tokens a service accepts.
func (m Matrix) issuersOf(service Service) []Issuer {
	names := service.Issuers
	if len(names) == 0 {
		names = []string{""}
	}
	issuers := make([]Issuer, len(names))
	for i, name := range names {
		issuers[i] = m.issuer(name)
	}
	return issuers
}

// Concerns reports whether an entry of a service is about the tokens of i, one of its
// issuers. Where claims stand for the list of clients, it is about those alone in
// which such a claim says who calls: elsewhere anybody may have chosen what the claim says.
func (m Matrix) Concerns(service Service, a Allow, i Issuer) bool {
	named := func(i Issuer) bool {
		preset := i.TokenPreset()
		return slices.ContainsFunc(slices.Collect(maps.Keys(a.Claims)), preset.NamesCaller)
	}
	return !a.AnyClient || len(a.Roles) > 0 || named(i) || !slices.ContainsFunc(m.issuersOf(service), named)
}

// party returns what tokens call the client of that name.
func (m Matrix) party(name string) party {
	client := m.Clients[name]
	return party{m.issuer(client.Issuer).URL, cmp.Or(client.ID, name)}
}

// parties returns what tokens call the clients of these names, nil if there
// are none.
func (m Matrix) parties(names []string) map[party]bool {
	if len(names) == 0 {
		return nil
	}
	parties := make(map[party]bool, len(names))
	for _, name := range names {
		parties[m.party(name)] = true
	}
	return parties
}

// names returns the names of the clients by their issuer and their id there.
func (m Matrix) names() map[party]string {
	names := make(map[party]string, len(m.Clients))
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(m.Clients))) {
		names[m.party(name)] = name // the first name counts
	}
	return names
}

// callees lists what a client can call: the services and the APIs of others.
func (m Matrix) callees() []string {
	return slices.AppendSeq(slices.Sorted(maps.Keys(m.Services)), maps.Keys(m.External))
}

// owners returns the services that each gRPC service belongs to, sorted.
func (m Matrix) owners() map[string][]string {
	owners := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		for _, grpc := range m.Services[name].GRPC {
			owners[grpc] = append(owners[grpc], name)
		}
	}
	return owners
}

// serviceHint says which of the known names was meant by one that is unknown: that of the
// service which has the gRPC service of that name, or a similar one. It is empty if there is
// none.
func (m Matrix) serviceHint(name string, known []string) string {
	if owners := m.owners()[name]; len(owners) > 0 {
		return ": it is a gRPC service of " + quote.List(owners...)
	}
	return nearest.Hint(name, known)
}

// publicEntry returns the index of the entry of Public that opens a method, -1 if
// there is none.
func (m Matrix) publicEntry(o MethodOptions) int {
	return slices.IndexFunc(m.Public, func(entry string) bool {
		service, method, operation := m.opensOperation(entry)
		return entry == o.GRPC || entry == o.GRPC+"/"+o.Method || operation && method == o.Method && slices.Contains(m.Services[service].GRPC, o.GRPC)
	})
}

// audiences returns the values by which the service of that name is named in aud.
func (s Service) audiences(name string) []string {
	if len(s.Audiences) == 0 {
		return []string{name}
	}
	return s.Audiences
}

// audience returns the value that names the API of that name in aud.
func (e External) audience(name string) string { return cmp.Or(e.Audience, name) }
