package draw

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Drawing is a matrix to be shown, service by service and entry by entry. Its size grows
// with what is allowed, not with all that could be.
type Drawing struct {
	Services []service `json:"services"`
	Clients  []client  `json:"clients,omitempty"` // those of which the matrix says more than the name
	Public   []string  `json:"public,omitempty"`
	clients  []string  // those that are shown even if no entry names them
}

// service is one service of a drawing.
type service struct {
	Name      string   `json:"service"`
	Issuers   []string `json:"issuers,omitempty"`
	Audiences []string `json:"audiences"`
	GRPC      []string `json:"grpc,omitempty"`
	HTTP      []string `json:"http,omitempty"`     // the operations with their patterns
	External  bool     `json:"external,omitempty"` // an API of others
	Remarks   []string `json:"remarks,omitempty"`
	Allow     []entry  `json:"allow"`
	Closed    []string `json:"closed,omitempty"` // methods that nobody may call
	purpose
	id string // of its section of a page
	at places
}

// entry is one entry of allow.
type entry struct {
	Place     string   `json:"entry"`
	AnyClient bool     `json:"any_client,omitempty"`
	Clients   []string `json:"clients,omitempty"`
	Methods   []string `json:"methods"`
	At        string   `json:"-"` // the file and the line; empty if they are not known
	closed    []string // methods of the service that nobody may call
	demands
	purpose
}

// New returns the part of a policy, and of the options of .proto files that it was made
// with, that is about these services and clients; an empty list means all.
func New(policy *access.Policy, options []access.MethodOptions, services, clients []string) (*Drawing, error) {
	m := policy.Matrix()
	for _, name := range services {
		if err := files.CheckService(m, name, slices.Values(files.ServiceNames(m))); err != nil {
			return nil, err
		}
	}
	for _, name := range clients {
		if err := files.CheckName("client", name, maps.Keys(m.Clients)); err != nil {
			return nil, err
		}
	}
	d := &Drawing{Services: []service{}, Public: m.Public, clients: clients}
	if len(clients) == 0 {
		d.clients = files.ClientNames(m)
	}
	d.addClients(m, clients)
	for _, name := range files.ServiceNames(m) {
		if len(services) > 0 && !slices.Contains(services, name) {
			continue
		}
		s := serviceOf(name, m.Services[name])
		for _, o := range policy.Operations(name) {
			s.HTTP = append(s.HTTP, fmt.Sprintf("%s (%s)", o.Method, output.Join(o.Patterns, " or ")))
		}
		if external, ok := m.External[name]; ok {
			s = externalOf(name, external)
		}
		s.Remarks = append(s.Remarks, s.protoRemarks(options)...)
		s.locate(policy.Place)
		s.id = fmt.Sprintf("s%d", len(d.Services))
		if len(clients) > 0 {
			s.keepClients(clients)
		}
		if len(clients) == 0 || len(s.Allow) > 0 {
			d.Services = append(d.Services, s)
		}
	}
	return d, nil
}

// addClients adds the clients of which the matrix says more than the name.
func (d *Drawing) addClients(m access.Matrix, shown []string) {
	for _, name := range files.ClientNames(m) {
		if p := purposeOf(m.Clients[name].Purpose); p.Said() && (len(shown) == 0 || slices.Contains(shown, name)) {
			d.Clients = append(d.Clients, client{name, p})
		}
	}
}

func serviceOf(name string, from access.Service) service {
	s := service{
		Name: name, Issuers: from.Issuers, Audiences: from.Audiences, GRPC: from.GRPC,
		Remarks: remarks(from), Allow: []entry{}, Closed: from.Closed, purpose: purposeOf(from.Purpose),
	}
	for i, allow := range from.Allow {
		s.Allow = append(s.Allow, entry{
			Place:     fmt.Sprintf("services.%s.allow[%d]", name, i),
			AnyClient: allow.AnyClient, Clients: allow.Clients, Methods: allow.Methods, closed: from.Closed, demands: demandsOf(allow), purpose: purposeOf(allow.Purpose),
		})
	}
	return s
}

// protoRemarks are remarks on what options of .proto files demand for the methods of s in
// addition to the file. Without entries in the file, those options are the entries.
func (s service) protoRemarks(options []access.MethodOptions) []string {
	var all []string
	for _, o := range options {
		if s.Name == o.GRPC || o.Public || o.OnlyHTTP() || !slices.Contains(s.GRPC, o.GRPC) {
			continue
		}
		what := demandsOf(o.Demands).String()
		if len(o.Demands.Clients) > 0 {
			what = "client " + output.Join(o.Demands.Clients, " or ") + ", " + what
		}
		all = append(all, fmt.Sprintf("%s also needs, by %s: %s", o.Method, o.Place, what))
	}
	return all
}

func externalOf(name string, from access.External) service {
	issuer := []string{from.Issuer}
	if from.Issuer == "" {
		issuer = nil // each client has its own
	}
	return service{
		Name: name, Issuers: issuer, Audiences: []string{from.Audience}, GRPC: from.GRPC, External: true, purpose: purposeOf(from.Purpose),
		Remarks: []string{"an API of others: these clients request tokens for it; it is guarded elsewhere"},
		Allow: []entry{{
			Place: "external." + name, Clients: from.Clients, Methods: []string{descriptor.EveryMethod}, demands: demands{Scopes: from.Scopes},
		}},
	}
}

// keepClients removes the entries that admit none of the clients.
func (s *service) keepClients(clients []string) {
	wanted := func(name string) bool { return slices.Contains(clients, name) }
	s.Allow = slices.DeleteFunc(s.Allow, func(e entry) bool { return !e.AnyClient && !slices.ContainsFunc(e.Clients, wanted) })
	for i := range s.Allow {
		s.Allow[i].Clients = slices.DeleteFunc(s.Allow[i].Clients, func(name string) bool { return !wanted(name) })
	}
}

// remarks describe what a service has in addition to its entries.
func remarks(s access.Service) []string {
	var all []string
	if s.Self {
		all = append(all, "its own client may present a token without aud")
	}
	if s.SoleAudience {
		all = append(all, "a token must have no other audience")
	}
	if s.InsecureNoAudience != "" {
		all = append(all, fmt.Sprintf("insecure: a token without aud is accepted if one of its scopes begins with %s", s.InsecureNoAudience))
	}
	if roles := s.InsecureNoAudienceRoles; len(roles) > 0 {
		all = append(all, "insecure: a token without aud is accepted if it has the role "+output.Join(roles, " or "))
	}
	for _, r := range s.Rollout {
		all = append(all, rolloutInWords(r))
	}
	if s.CallsNobody {
		all = append(all, "it calls no other service")
	}
	if len(s.RunsAs) > 0 {
		all = append(all, "it calls others as "+output.Join(s.RunsAs, " or "))
	}
	if len(s.Allow) == 0 {
		all = append(all, "nobody may call it")
	}
	if len(s.Closed) > 0 {
		all = append(all, "nobody may call "+output.List(s.Closed))
	}
	return all
}

func rolloutInWords(r access.Rollout) string {
	text := fmt.Sprintf("%s until %s: calls that the rules refuse are let through", r.Mode, output.Stamp(r.Until))
	if len(r.Methods) > 0 {
		text += ", at " + output.List(r.Methods)
	}
	if len(r.Clients) > 0 {
		text += ", of " + output.List(r.Clients)
	}
	return text
}

// clientNames returns the clients of e, for people.
func (e entry) clientNames() []string {
	if e.AnyClient {
		return []string{fmt.Sprintf(anyClient, "")}
	}
	return e.Clients
}

// methodNames returns the methods of e, for people.
func (e entry) methodNames() []string {
	switch every := slices.Contains(e.Methods, descriptor.EveryMethod); {
	case every && len(e.closed) > 0:
		return []string{fmt.Sprintf(allMethods, "") + " but " + output.List(e.closed)}
	case every:
		return []string{fmt.Sprintf(allMethods, "")}
	}
	return e.Methods
}
