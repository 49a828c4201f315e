package learn

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// grant is a right as an entry of a matrix gives it.
type grant struct {
	of     party
	method string
	kind   access.CallerKind
	scopes string // see join
}

// prove returns an error unless the matrix, which was read from the written text, says what
// was learnt and nothing else: each right is in an entry, each entry is of rights, and
// everything else is as in the base, or as it is written without one.
func (p *plan) prove(m access.Matrix) error {
	want := p.rest(m)
	for _, key := range slices.Sorted(maps.Keys(p.services)) {
		s := p.services[key]
		if err := s.prove(m); err != nil {
			return fmt.Errorf("service %q: %w", s.name, err)
		}
		service := want.Services[s.name]
		service.Allow = m.Services[s.name].Allow
		service.Closed = slices.Concat(service.Closed, p.uncalled(s))
		want.Services[s.name] = service
	}
	return differs(want, m)
}

// prove compares the entries of one service with its rights.
func (s *plannedService) prove(m access.Matrix) error {
	missing := map[grant]bool{}
	for i := range s.rights {
		r := &s.rights[i]
		missing[grant{r.of, r.method, r.kind, join(r.scopes...)}] = true
	}
	for i, a := range m.Services[s.name].Allow {
		plain := access.Allow{Purpose: a.Purpose, Clients: a.Clients, Methods: a.Methods, Scopes: a.Scopes, NoScopes: len(a.Scopes) == 0, Callers: a.Callers}
		if !reflect.DeepEqual(a, plain) {
			return fmt.Errorf("allow[%d] says more than was learnt", i)
		}
		for _, client := range a.Clients {
			c := m.Clients[client]
			for _, method := range a.Methods {
				g := grant{party{m.Issuers[c.Issuer].URL, c.ID}, method, a.Callers, join(slices.Sorted(slices.Values(a.Scopes))...)}
				if !missing[g] {
					return fmt.Errorf("allow[%d] lets client %q call %s, which was not learnt so", i, client, method)
				}
				delete(missing, g)
			}
		}
	}
	for g := range missing {
		return fmt.Errorf("no entry lets client %q call %s as was learnt", g.of.id, g.method)
	}
	return nil
}

// rest returns the matrix that is to be written, without what is learnt of its services. The
// matrix m has the services that .proto files define.
func (p *plan) rest(m access.Matrix) access.Matrix {
	var want access.Matrix
	if p.base != nil {
		want = p.base.policy.Matrix()
	} else {
		want = p.restOfNew(m)
	}
	if want.Clients == nil {
		want.Clients = map[string]access.Client{}
	}
	for name, at := range p.fresh() {
		want.Clients[name] = access.Client{ID: at.id, Issuer: p.clients[at].issuer}
	}
	return want
}

// restOfNew is [plan.rest] without a base.
func (p *plan) restOfNew(m access.Matrix) access.Matrix {
	want := access.Matrix{Issuers: map[string]access.Issuer{}, Services: map[string]access.Service{}}
	for _, s := range p.services {
		service := access.Service{Issuers: slices.Sorted(maps.Keys(s.issuers)), Audiences: s.service.Audiences, GRPC: s.service.GRPC}
		if service.Audiences == nil {
			service.Audiences = []string{s.name}
		}
		if s.overHTTP() {
			service.HTTP = &access.HTTP{}
		}
		want.Services[s.name] = service
	}
	for _, i := range p.issuers {
		if p.issuerNames[i.name] {
			want.Issuers[i.name] = i.issuer
		}
	}
	for name, service := range m.Services {
		if _, written := want.Services[name]; !written && p.declared(service) {
			want.Services[name] = service
		}
	}
	return want
}

// declared reports whether .proto files define a service.
func (p *plan) declared(s access.Service) bool {
	for _, o := range p.set.Options {
		if slices.Contains(s.GRPC, o.GRPC) {
			return true
		}
	}
	return false
}

// differs returns an error that names the first part in which two matrices differ, if there is
// one. Where something stands in a file does not matter.
func differs(want, got access.Matrix) error {
	for name, i := range want.Issuers {
		i.Place = got.Issuers[name].Place
		want.Issuers[name] = i
	}
	err := cmp.Or(partDiffers("issuer", want.Issuers, got.Issuers), partDiffers("service", want.Services, got.Services), partDiffers("client", want.Clients, got.Clients))
	if err != nil {
		return err
	}
	want.Issuers, want.Services, want.Clients = got.Issuers, got.Services, got.Clients
	if !reflect.DeepEqual(want, got) {
		return errors.New("something beside issuers, services and clients is not as it was")
	}
	return nil
}

func partDiffers[V any](what string, want, got map[string]V) error {
	names := slices.AppendSeq(slices.Collect(maps.Keys(want)), maps.Keys(got))
	slices.Sort(names)
	for _, name := range names {
		w, known := want[name]
		g, there := got[name]
		if known != there || !reflect.DeepEqual(w, g) {
			return fmt.Errorf("%s %q is not as it was", what, name)
		}
	}
	return nil
}
