package access

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"
)

// MethodOptions are what a .proto file says of one method. Package protopolicy
// reads them. The zero value says nothing.
type MethodOptions struct {
	// GRPC and Method name the method: "acme.orders.v1.OrderStatus" and
	// "GetOrderStatus". Required.
	GRPC, Method string

	// Place is where the options stand, for messages.
	Place string

	// Audience is what tokens must have in aud; empty leaves that to the matrix.
	Audience string

	// Demands are what a call must bring. Methods has no meaning here; the other
	// fields that are empty demand nothing.
	Demands Allow

	// Public says that the method is meant to be open to anybody.
	Public bool
}

// demands reports whether the options ask anything of a call.
func (o MethodOptions) demands() bool {
	d := o.Demands
	return d.AnyClient || d.NoScopes || d.MaxAuthAge != 0 || d.Callers != "" || len(d.Claims) > 0 ||
		len(d.Clients)+len(d.Scopes)+len(d.AnyScopes)+len(d.Roles)+len(d.ACR) > 0
}

// New checks a matrix, and the options of .proto files if there are any, and makes
// one policy of them. The end of a [Rollout] is compared with the clock. The
// policy shares m's maps and slices: do not change them afterwards.
//
// Where both speak of a method, the options only add demands: a call must
// satisfy an entry of the matrix and the options. Where only the options speak
// of a gRPC service, they are its rules, and it is a service of the policy by
// its own full name; they must then name its audience, and clients and scopes
// for each method that may be called. A method is public, or may be called
// without a token, only if the matrix says so.
//
// The error joins one [Problem] for each mistake, at most 1000 of them. A
// contradiction is a mistake and names both places: an audience that the matrix
// does not give the service, demands on a method that the matrix makes public, and
// demands that leave no client that may call.
func New(m Matrix, options ...MethodOptions) (*Policy, error) {
	p := &Policy{matrix: m, given: slices.Clone(options)}
	p.merge(options)
	c := newChecker(p.matrix, time.Now())
	c.declared = p.declared
	c.check()
	c.options(m, options)
	c.unused()
	if len(c.problems) > 0 {
		errs := make([]error, len(c.problems))
		for i, problem := range c.problems {
			errs[i] = problem
		}
		return nil, errors.Join(errs...)
	}
	p.clients, p.warnings = p.matrix.parties(slices.Collect(maps.Keys(p.matrix.Clients))), c.warnings
	return p, nil
}

// merge takes in the options: beside the rules of the services that the matrix
// speaks of, and as the rules of the others.
func (p *Policy) merge(options []MethodOptions) {
	owners, written := p.matrix.owners(), p.matrix.Services
	p.matrix.Services = map[string]Service{}
	maps.Copy(p.matrix.Services, written)
	p.options, p.declared = map[string][]MethodOptions{}, map[string][]MethodOptions{}
	for _, o := range options {
		_, taken := written[o.GRPC]
		switch {
		case owners[o.GRPC] != nil:
			p.options[o.GRPC] = append(p.options[o.GRPC], o)
		case !taken && !o.Public && p.matrix.publicEntry(o) < 0:
			p.declare(o)
		}
	}
}

// declare adds a rule to the service that the options of its methods make.
func (p *Policy) declare(o MethodOptions) {
	s := p.matrix.Services[o.GRPC]
	if s.GRPC == nil {
		s.GRPC, s.Audiences = []string{o.GRPC}, []string{o.Audience}
	}
	rules := p.declared[o.GRPC]
	if o.demands() {
		allow := o.Demands
		allow.Methods, allow.Optional = []string{o.Method}, false
		s.Allow, rules = append(s.Allow, allow), append(rules, o)
	}
	p.matrix.Services[o.GRPC], p.declared[o.GRPC] = s, rules
}

// Options returns the options that demand something beside the entries of
// [Policy.Matrix], sorted by the names of the methods. The rules of services that
// only options speak of stand in the matrix.
func (p *Policy) AddedDemands() []MethodOptions {
	var all []MethodOptions
	for _, grpc := range slices.Sorted(maps.Keys(p.options)) {
		all = append(all, slices.SortedFunc(slices.Values(p.options[grpc]), func(a, b MethodOptions) int { return cmp.Compare(a.Method, b.Method) })...)
	}
	return slices.DeleteFunc(all, func(o MethodOptions) bool { return !o.demands() })
}

// Given returns all options that the policy was made with, as they were given.
// Unlike those of [Policy.AddedDemands], some may demand nothing, or stand in the
// matrix as the rules of a service.
func (p *Policy) GivenOptions() []MethodOptions { return slices.Clone(p.given) }

// besides returns the options of the gRPC services that s consists of.
func (p *Policy) besides(s Service) []MethodOptions {
	var all []MethodOptions
	for _, grpc := range s.GRPC {
		all = append(all, p.options[grpc]...)
	}
	return all
}

// beside returns r with what the options demand besides; nil stays nil.
func (r *Rule) beside(p *Policy, o MethodOptions) *Rule {
	if r == nil || !o.demands() {
		return r
	}
	d := p.demand(o.Place, o.Demands)
	narrowed := *r
	narrowed.extra = &d
	narrowed.optional = r.optional && o.Demands.Optional
	return &narrowed
}
