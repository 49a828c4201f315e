package access

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"
)

// MethodOptions are the options of one method in a .proto file. Package protopolicy
// reads them. The zero value demands nothing.
type MethodOptions struct {
	// GRPC and Method name the method: "acme.orders.v1.OrderStatus" and
	// "GetOrderStatus". Required.
	GRPC, Method string

	// Place is the file and the name of the method, for messages.
	Place string

	// Audience is the aud that tokens must have; empty leaves that to the matrix.
	Audience string

	// Demands are the demands on a call. Methods has no meaning here; each other
	// field that is empty demands nothing.
	Demands Allow

	// Public says that anybody should be able to call the method without a token.
	Public bool

	// HTTP are the HTTP methods and path templates (google.api.http) of the requests
	// that call the method, such as "GET /v1/{name=orders/*}:track". They count if the
	// matrix has HTTP for the service. Of two templates of a gRPC service that match
	// common requests, the more specific one must belong to the later options.
	HTTP []string
}

// OnlyHTTP reports whether the options have HTTP and nothing else: they demand nothing, and
// define no service.
func (o MethodOptions) OnlyHTTP() bool {
	return len(o.HTTP) > 0 && o.Audience == "" && !o.Public && !o.Demands.Optional && !o.demandsAnything()
}

// demandsAnything reports whether the options demand anything of a call.
func (o MethodOptions) demandsAnything() bool {
	d := o.Demands
	return d.AnyClient || d.NoScopes || d.Online || d.OnlineMaxAge != 0 || d.MaxAuthAge != 0 || d.Callers != "" || len(d.Claims) > 0 ||
		len(d.Clients)+len(d.Scopes)+len(d.AnyScopes)+len(d.Roles)+len(d.ACR) > 0
}

// New checks a matrix, and the options of .proto files if there are any, and makes
// one policy of them. The end of a [Rollout] is compared with the clock. The
// policy shares m's maps and slices: do not change them afterwards.
//
// If both define a method, the options only add demands: a call must satisfy an
// entry of the matrix and the options. If only the options define a gRPC service,
// they are its rules, and its full name is its name in the policy; they must then
// name its audience, and clients and scopes for each method that may be called. A
// method is public, or may be called without a token, only if the matrix says so.
//
// The error joins one [Problem] for each mistake, at most 1000 of them. A
// contradiction is a mistake and names both places: an audience that the matrix
// does not give the service, demands on a method that the matrix makes public, and
// demands that leave no client that may call.
func New(m Matrix, options ...MethodOptions) (*Policy, error) {
	expanded := m.byTenant()
	p := &Policy{matrix: expanded.matrix, given: slices.Clone(options)}
	options = p.matrix.ofTenants(options)
	p.merge(options, expanded.only)
	c := newChecker(p.matrix, time.Now())
	c.declared, c.tenantIssuers, c.written = p.declared, expanded.issuers, expanded.written()
	c.tenants(m, expanded)
	c.check()
	c.options(expanded.matrix, options)
	p.operations = c.operations(p)
	c.unused()
	c.obtainable()
	c.hold(p)
	if len(c.problems) > 0 {
		return nil, &mistakesError{c.problems, c.warnings}
	}
	p.clients, p.warnings, p.written = p.matrix.parties(slices.Collect(maps.Keys(p.matrix.Clients))), c.warnings, c.written
	return p, nil
}

// mistakesError is the error of [New].
type mistakesError struct{ mistakes, warnings []*Problem }

// Error has a line for each mistake.
func (e *mistakesError) Error() string { return errors.Join(e.Unwrap()...).Error() }

// Unwrap returns the mistakes.
func (e *mistakesError) Unwrap() []error {
	errs := make([]error, len(e.mistakes))
	for i, problem := range e.mistakes {
		errs[i] = problem
	}
	return errs
}

// Warnings returns the warnings about the matrix, as [Policy.Warnings] does for one
// without mistakes.
func (e *mistakesError) Warnings() []*Problem { return e.warnings }

// merge adds the options to the policy: as added demands for the services of the
// matrix, and as the rules of all others, which accept the tokens of these issuers.
func (p *Policy) merge(options []MethodOptions, issuers []string) {
	owners, written := p.matrix.owners(), p.matrix.Services
	p.matrix.Services = map[string]Service{}
	maps.Copy(p.matrix.Services, written)
	p.options, p.declared = map[string][]MethodOptions{}, map[string][]MethodOptions{}
	for _, o := range options {
		_, taken := written[o.GRPC]
		switch {
		case owners[o.GRPC] != nil:
			p.options[o.GRPC] = append(p.options[o.GRPC], o)
		case o.OnlyHTTP():
		case !taken && !o.Public && p.matrix.publicEntry(o) < 0:
			p.addRule(o, issuers)
		}
	}
}

// addRule adds a rule to a service that only options define.
func (p *Policy) addRule(o MethodOptions, issuers []string) {
	s := p.matrix.Services[o.GRPC]
	if s.GRPC == nil {
		s.GRPC, s.Audiences, s.Issuers = []string{o.GRPC}, []string{o.Audience}, issuers
	}
	rules := p.declared[o.GRPC]
	if o.demandsAnything() {
		allow := o.Demands
		allow.Methods, allow.Optional = []string{o.Method}, false
		s.Allow, rules = append(s.Allow, allow), append(rules, o)
	}
	p.matrix.Services[o.GRPC], p.declared[o.GRPC] = s, rules
}

// AddedDemands returns the options that add demands to the entries of
// [Policy.Matrix], sorted by the names of the methods. The rules of services that
// only options define are in that matrix.
func (p *Policy) AddedDemands() []MethodOptions {
	var all []MethodOptions
	for _, grpc := range slices.Sorted(maps.Keys(p.options)) {
		all = append(all, slices.SortedFunc(slices.Values(p.options[grpc]), func(a, b MethodOptions) int { return cmp.Compare(a.Method, b.Method) })...)
	}
	return slices.DeleteFunc(all, func(o MethodOptions) bool { return !o.demandsAnything() })
}

// GivenOptions returns all options that the policy was made with, unchanged. Unlike
// those of [Policy.AddedDemands], some may demand nothing, and others are the rules
// of a service in the matrix.
func (p *Policy) GivenOptions() []MethodOptions { return slices.Clone(p.given) }

// optionsOf returns the options of the gRPC services of s.
func (p *Policy) optionsOf(s Service) []MethodOptions {
	var all []MethodOptions
	for _, grpc := range s.GRPC {
		all = append(all, p.options[grpc]...)
	}
	return all
}

// withOptions returns r with the demands of the options added; nil stays nil.
func (r *Rule) withOptions(p *Policy, o MethodOptions) *Rule {
	if r == nil || !o.demandsAnything() {
		return r
	}
	d := p.demand(o.Place, o.Demands)
	narrowed := *r
	narrowed.extra = &d
	narrowed.online = narrowed.asksOnline()
	narrowed.optional = r.optional && o.Demands.Optional
	return &narrowed
}
