package learn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// Services with more clients than maxClients are not tried, and neither are those after the
// first maxServices: playing their issuers takes too long. maxTries bounds the calls of one.
const (
	maxTries    = 2000
	maxClients  = 100
	maxServices = 100
)

// trial is one call, and whether it is to be admitted.
type trial struct {
	call  matrixissuer.Call
	admit bool
	key   string
}

// try has the engine judge the calls that were learnt, which it must admit, and their
// neighbours, which it must refuse: with a scope less, of another kind, of another client,
// of another method.
func (p *plan) try(policy *access.Policy) error {
	m := policy.Matrix()
	for i, key := range sortedKeys(p.services) {
		if i == maxServices {
			break
		}
		if err := p.services[key].try(m); err != nil {
			return err
		}
	}
	return nil
}

// try tries the entries of one service of a matrix.
func (s *plannedService) try(m access.Matrix) error {
	part, ok := s.alone(m)
	if !ok {
		return nil
	}
	policy, err := access.New(part)
	if err != nil {
		return err
	}
	played, err := matrixissuer.For(policy)
	if err != nil {
		return nil //nolint:nilerr // nobody can play such an issuer
	}
	trials := s.trials()
	calls := make([]matrixissuer.Call, len(trials))
	for i := range trials {
		calls[i] = trials[i].call
	}
	verdicts, err := played.JudgeCalls(calls)
	if err != nil {
		return err
	}
	for i, verdict := range verdicts {
		if err := trials[i].fault(verdict); err != nil {
			return err
		}
	}
	return nil
}

// alone returns the matrix with what concerns the entries of this service alone; false if
// that is too much.
func (s *plannedService) alone(m access.Matrix) (access.Matrix, bool) {
	service := m.Services[s.name]
	service.Rollout, service.RunsAs = nil, nil
	if len(service.GRPC) > 0 {
		service.HTTP = nil
	}
	part := access.Matrix{Issuers: map[string]access.Issuer{}, Services: map[string]access.Service{s.name: service}, Clients: map[string]access.Client{}}
	for _, name := range service.Issuers {
		part.Issuers[name] = m.Issuers[name]
	}
	for _, r := range s.rights {
		part.Clients[r.client] = m.Clients[r.client]
	}
	if service.Self {
		part.Clients[s.name] = m.Clients[s.name]
	}
	return part, len(part.Clients) <= maxClients
}

// byEntry are the causes of refusals by an entry as it is learnt. A .proto file may demand
// further scopes.
var byEntry = []audience.Cause{audience.CauseNoRule, audience.CauseClientNotAllowed, audience.CauseCallerKind}

// fault returns an error if a verdict is not as it must be. What is refused for the token as
// such, or for a demand that stands elsewhere than in a learnt entry, says nothing.
func (t *trial) fault(verdict error) error {
	refusal, judged := errors.AsType[*audience.Refusal](verdict)
	switch {
	case t.admit && verdict != nil && !judged, judged && t.admit && slices.Contains(byEntry, refusal.Cause):
		return fmt.Errorf("no file is written: the learnt entries do not admit a call of %q by %q, which was seen: %w", t.call.Method, t.call.Client, verdict)
	case !t.admit && verdict == nil:
		return fmt.Errorf("no file is written: the learnt entries admit a call of %q by %q with scopes %q, which was not seen", t.call.Method, t.call.Client, t.call.Scopes)
	}
	return nil
}

// trials returns the calls to try.
func (s *plannedService) trials() []trial {
	var all []trial
	clients, methods := map[string]bool{}, map[string]bool{}
	for i := range s.rights {
		clients[s.rights[i].client], methods[s.rights[i].method] = true, true
	}
	byMethod := map[string][]*right{}
	for i := range s.rights {
		byMethod[s.rights[i].method] = append(byMethod[s.rights[i].method], &s.rights[i])
	}
	add := func(client, method string, user bool, scopes []string) {
		if len(all) >= maxTries {
			return
		}
		t := trial{call: matrixissuer.Call{Client: client, Service: s.name, Method: s.fullName(method), Scopes: scopes}}
		if user {
			t.call.User = "somebody who is no client"
		}
		t.admit = slices.ContainsFunc(byMethod[method], func(r *right) bool { return r.admits(client, user, scopes) })
		all = append(all, t)
	}
	for i := range s.rights {
		r := &s.rights[i]
		for _, user := range []bool{true, false} {
			add(r.client, r.method, user, r.scopes)
			for n := range r.scopes {
				add(r.client, r.method, user, slices.Delete(slices.Clone(r.scopes), n, n+1))
			}
			add(next(clients, r.client), r.method, user, r.scopes)
			add(r.client, next(methods, r.method), user, r.scopes)
			add(r.client, "Method_that_nobody_called", user, r.scopes)
		}
	}
	return all
}

// admits reports whether a call is one that was seen.
func (r *right) admits(client string, user bool, scopes []string) bool {
	kind := r.kind == "" || user == (r.kind == access.UsersOnly)
	return r.client == client && kind && !slices.ContainsFunc(r.scopes, func(x string) bool { return !slices.Contains(scopes, x) })
}

// fullName returns a name by which a guard knows a method: the entries of a service are about
// the methods of that name of all its gRPC services.
func (s *plannedService) fullName(method string) string {
	if len(s.service.GRPC) == 0 {
		return s.name + "/" + method // an operation
	}
	return "/" + s.service.GRPC[0] + "/" + method
}

// next returns another of these names, if there is one.
func next(all map[string]bool, name string) string {
	names := sortedKeys(all)
	return names[(slices.Index(names, name)+1)%len(names)]
}
