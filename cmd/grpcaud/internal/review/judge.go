package review

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// judge asks the rules of a policy about calls of which only a record is known.
type judge struct {
	policy   *access.Policy
	matrix   access.Matrix
	now      time.Time
	services map[string]*service
	byGRPC   map[string]*service // the first that has the gRPC service
	issuers  map[string]bool     // by their iss
}

// service is a service of the policy, with what its rules ask about.
type service struct {
	name     string
	number   int
	matrix   access.Service
	audience string // one of those by which tokens name it
	guard    *access.Guard
	entries  []access.Entry
	byName   map[string]int  // the entries by their names
	declared bool            // whether only .proto options define it
	methods  map[string]bool // those that are known, by their short names
	complete bool            // whether descriptors tell of all its methods

	// The scopes and roles that the rules name, with their numbers.
	scopes, roles map[string]int

	// held are claims that meet what no record shows: a set for each kind of login. It is
	// empty if nothing of that kind is demanded.
	held []map[string]any
}

func newJudge(policy *access.Policy, set descriptor.Set, now time.Time) *judge {
	m := policy.Matrix()
	j := &judge{policy: policy, matrix: m, now: now, services: map[string]*service{}, byGRPC: map[string]*service{}, issuers: map[string]bool{}}
	for _, i := range m.Issuers {
		j.issuers[i.URL] = true
	}
	added := map[string][]access.Allow{}
	for _, o := range policy.AddedDemands() {
		added[o.GRPC] = append(added[o.GRPC], o.Demands)
	}
	for number, name := range slices.Sorted(maps.Keys(m.Services)) {
		s := newService(policy, name, m.Services[name])
		s.number, j.services[name] = number, s
		demands := slices.Clone(s.matrix.Allow)
		for _, grpc := range s.matrix.GRPC {
			demands = append(demands, added[grpc]...)
			if j.byGRPC[grpc] == nil {
				j.byGRPC[grpc] = s
			}
		}
		s.ask(demands)
		s.know(policy, set)
	}
	j.host()
	return j
}

// host gives each service its guard. Services share one, since each knows all clients; two
// that have a gRPC service in common cannot.
func (j *judge) host() {
	var groups [][]*service
	var taken []map[string]bool
	for _, name := range slices.Sorted(maps.Keys(j.services)) {
		s := j.services[name]
		shared := func(grpcs map[string]bool) bool {
			return !slices.ContainsFunc(s.matrix.GRPC, func(grpc string) bool { return grpcs[grpc] })
		}
		n := slices.IndexFunc(taken, shared)
		if n < 0 {
			n = len(groups)
			groups, taken = append(groups, nil), append(taken, map[string]bool{})
		}
		groups[n] = append(groups[n], s)
		for _, grpc := range s.matrix.GRPC {
			taken[n][grpc] = true
		}
	}
	for _, group := range groups {
		names := make([]string, len(group))
		for i, s := range group {
			names[i] = s.name
		}
		guard, err := j.policy.Guard(names...)
		if err != nil {
			panic(err) // they are services of the policy, and have nothing in common
		}
		for _, s := range group {
			s.guard = guard
		}
	}
}

// rule returns the rule of a method of the service, by its full name; nil if it has none.
func (s *service) rule(method string) *access.Rule {
	rule := s.guard.Rule(method)
	if rule == nil || !rule.Public() && rule.Service() != s.name {
		return nil
	}
	return rule
}

func newService(policy *access.Policy, name string, matrix access.Service) *service {
	s := &service{name: name, matrix: matrix, audience: matrix.Audiences[0], byName: map[string]int{}, methods: map[string]bool{}, scopes: map[string]int{}, roles: map[string]int{}}
	for i := range matrix.Allow {
		e := policy.Entry(name, i)
		s.entries, s.byName[e.Name] = append(s.entries, e), i
		s.declared = e.Name != fmt.Sprintf("services.%s.allow[%d]", name, i)
	}
	return s
}

// ask collects what these demands ask about.
func (s *service) ask(demands []access.Allow) {
	values, logins, hidden := map[string]any{}, []string{}, false
	for _, a := range demands {
		for _, scope := range slices.Concat(a.Scopes, a.AnyScopes) {
			number(s.scopes, scope)
		}
		for _, role := range a.Roles {
			number(s.roles, role)
		}
		for name, accepted := range a.Claims {
			before, _ := values[name].([]string)
			values[name] = append(before, accepted...)
		}
		logins = append(logins, a.ACR...)
		hidden = hidden || len(a.Claims)+len(a.ACR) > 0 || a.MaxAuthAge > 0 || a.Online
	}
	for _, role := range s.matrix.InsecureNoAudienceRoles {
		number(s.roles, role)
	}
	for _, name := range []string{"jti", "sid", "sub"} { // which are one text
		if accepted, ok := values[name].([]string); ok {
			values[name] = accepted[0]
		}
	}
	if !hidden {
		return
	}
	slices.Sort(logins)
	for _, acr := range append(slices.Compact(logins), "") {
		held := maps.Clone(values)
		if acr != "" {
			held["acr"] = acr
		}
		s.held = append(s.held, held)
	}
}

// number gives a name its number.
func number(names map[string]int, name string) {
	if _, known := names[name]; !known {
		names[name] = len(names)
	}
}

// know collects the methods that the file and the descriptors name.
func (s *service) know(policy *access.Policy, set descriptor.Set) {
	named := slices.Clone(s.matrix.Closed)
	for _, a := range s.matrix.Allow {
		named = append(named, a.Methods...)
	}
	for _, o := range s.matrix.Rollout {
		named = append(named, o.Methods...)
	}
	for _, o := range policy.Operations(s.name) {
		named = append(named, o.Method)
	}
	s.complete = true
	for _, grpc := range s.matrix.GRPC {
		methods, described := set.Methods[grpc]
		s.complete = s.complete && described
		named = append(named, methods...)
	}
	for _, method := range named {
		s.methods[method] = true
	}
	delete(s.methods, descriptor.EveryMethod)
}

// verdict is what the rules say about a call.
type verdict struct {
	public  bool
	certain bool           // it is admitted, whatever the record does not show
	entries []int          // those by which it is or may be admitted
	cause   audience.Cause // why it is refused, if it is
}

// admits reports whether the call is or may be admitted.
func (v verdict) admits() bool { return v.public || v.certain || len(v.entries) > 0 }

// judge judges a call of a method by its full name.
func (s *service) judge(method string, c caller, now time.Time) (verdict, error) {
	rule := s.rule(method)
	switch {
	case rule == nil:
		return verdict{cause: audience.CauseNoRule}, nil
	case rule.Public():
		return verdict{public: true, certain: true}, nil
	case c.issuer == "" && rule.Optional():
		return verdict{certain: true, entries: s.optional(method)}, nil
	case c.issuer == "":
		return verdict{cause: audience.CauseCredentialsMissing}, nil
	}
	certain, err := s.admitting(rule, c, now, nil)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{certain: len(certain) > 0, entries: certain[:min(1, len(certain))]}
	for _, held := range s.held {
		perhaps, err := s.admitting(rule, c, now, held)
		if err != nil {
			return verdict{}, err
		}
		v.entries = append(v.entries, slices.DeleteFunc(perhaps, func(i int) bool { return v.certain && i >= certain[0] })...)
	}
	slices.Sort(v.entries)
	if v.entries = slices.Compact(v.entries); !v.admits() {
		v.cause = s.cause(rule, c, now)
	}
	return v, nil
}

// cause returns why a rule refuses a caller, whatever the record does not show.
func (s *service) cause(rule *access.Rule, c caller, now time.Time) audience.Cause {
	var held map[string]any
	if len(s.held) > 0 {
		held = s.held[0]
	}
	token, err := c.claims(s, now, held)
	if err != nil {
		return audience.CauseClaimsMalformed
	}
	refusal, _ := errors.AsType[*audience.Refusal](rule.Judge(token, presentation(now, true)))
	if refusal == nil {
		return ""
	}
	return refusal.Cause
}

// admitting returns the entries that admit a caller.
func (s *service) admitting(rule *access.Rule, c caller, now time.Time, held map[string]any) ([]int, error) {
	token, err := c.claims(s, now, held)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, e := range rule.Entries(token, presentation(now, held != nil)) {
		all = append(all, s.byName[e.Name])
	}
	return all, nil
}

// optional returns the entries that may admit a call without a token.
func (s *service) optional(method string) []int {
	var all []int
	for i, a := range s.matrix.Allow {
		if a.Optional && covers(a, short(method)) {
			all = append(all, i)
		}
	}
	return all
}

// covers reports whether an entry is about a method.
func covers(a access.Allow, method string) bool {
	return slices.Contains(a.Methods, method) || slices.Contains(a.Methods, descriptor.EveryMethod)
}

// short returns the last part of the full name of a method.
func short(method string) string { return method[strings.LastIndexByte(method, '/')+1:] }
