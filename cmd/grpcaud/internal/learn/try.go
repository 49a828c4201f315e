package learn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// Services after the first maxServices are not tried; maxTries bounds the calls of one.
const (
	maxTries    = 2000
	maxServices = 100
)

// trial is one call, and whether it is to be admitted.
type trial struct {
	method string // the full name
	token  recorded.Token
	admit  bool
}

// try has the engine judge the calls that were learnt, which it must admit, and their
// neighbours, which it must refuse: with a scope less, of another kind, of another client,
// of another method.
func (p *plan) try(m access.Matrix) error {
	policy, err := onlyEntries(m)
	if err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(p.services))
	for _, key := range keys[:min(len(keys), maxServices)] {
		if err := p.services[key].try(policy); err != nil {
			return err
		}
	}
	return nil
}

// onlyEntries returns the policy of a matrix without what lets calls through, or refuses
// them, beside its entries.
func onlyEntries(m access.Matrix) (*access.Policy, error) {
	m.Public, m.Never = nil, nil
	for name, s := range m.Services {
		s.Rollout, s.RunsAs = nil, nil
		if len(s.GRPC) > 0 {
			s.HTTP = nil
		}
		m.Services[name] = s
	}
	return access.New(m)
}

// try tries the entries of one service.
func (s *plannedService) try(policy *access.Policy) error {
	guard, err := policy.Guard(s.name)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, t := range s.trials(policy.Matrix()) {
		token, verdict := t.token.Claims(now, nil)
		switch rule := guard.Rule(t.method); {
		case rule == nil:
			verdict = errors.New("no rule for the method")
		case verdict == nil:
			verdict = rule.Judge(token, recorded.Presentation(now, true))
		}
		if err := t.fault(verdict); err != nil {
			return err
		}
	}
	return nil
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
		return fmt.Errorf("no file is written: the learnt entries do not admit a call of %q by %q, which was seen: %w", t.method, t.token.Client, verdict)
	case !t.admit && verdict == nil:
		return fmt.Errorf("no file is written: the learnt entries admit a call of %q by %q with scopes %q, which was not seen", t.method, t.token.Client, t.token.Scopes)
	}
	return nil
}

// trials returns the calls to try.
func (s *plannedService) trials(m access.Matrix) []trial {
	clients, methods, byMethod := map[string]bool{}, map[string]bool{}, map[string][]*right{}
	for i := range s.rights {
		r := &s.rights[i]
		clients[r.client], methods[r.method] = true, true
		byMethod[r.method] = append(byMethod[r.method], r)
	}
	var all []trial
	add := func(client, method string, kind decision.Caller, scopes []string) {
		if len(all) < maxTries {
			c := m.Clients[client]
			all = append(all, trial{
				s.fullName(method),
				recorded.Token{Issuer: m.Issuers[c.Issuer].URL, Client: c.ID, Caller: kind, Audience: m.Services[s.name].Audiences[:1], Scopes: scopes},
				slices.ContainsFunc(byMethod[method], func(r *right) bool { return r.admits(client, kind, scopes) }),
			})
		}
	}
	for i := range s.rights {
		r := &s.rights[i]
		for _, kind := range []decision.Caller{decision.User, decision.Service} {
			add(r.client, r.method, kind, r.scopes)
			for n := range r.scopes {
				add(r.client, r.method, kind, slices.Delete(slices.Clone(r.scopes), n, n+1))
			}
			add(next(clients, r.client), r.method, kind, r.scopes)
			add(r.client, next(methods, r.method), kind, r.scopes)
			add(r.client, "Method_that_nobody_called", kind, r.scopes)
		}
	}
	return all
}

// admits reports whether a call is one that was seen.
func (r *right) admits(client string, kind decision.Caller, scopes []string) bool {
	same := r.kind == "" || (kind == decision.User) == (r.kind == access.UsersOnly)
	return r.client == client && same && !slices.ContainsFunc(r.scopes, func(x string) bool { return !slices.Contains(scopes, x) })
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
	names := slices.Sorted(maps.Keys(all))
	return names[(slices.Index(names, name)+1)%len(names)]
}
