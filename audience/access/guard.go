package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/httproute"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// Guard is the part of a policy that one server enforces: the rule of each method,
// and the issuers to trust. It is immutable, and safe for concurrent use.
type Guard struct {
	methods  map[string]*Rule    // rules for one method or operation, by its full name
	services map[string]*Rule    // rules for the other methods of a gRPC service, by its full name
	closed   map[string]bool     // the methods that nobody may call, by their full names
	named    []methodOf          // the methods that the matrix names
	owner    map[string]string   // gRPC service: the service of the matrix that it belongs to
	others   map[string][]string // the same for all gRPC services of the policy
	issuers  []Issuer
	clients  map[party]string     // the names of all clients of the policy
	rollouts map[string][]Rollout // of the guarded services
	reviews  []review             // of the guarded services and their entries
	hosts    map[string][]string  // the authorities of the guarded services

	hosted     map[string]*callers // of each guarded service
	operations []Operation         // of the guarded services
	routes     *httproute.Table
	resources  map[string]*ResourceMetadata // of the guarded services that have one

	generation string // of the policy
}

// methodOf is a method that the matrix names, with the gRPC services that may have it.
type methodOf struct {
	grpc   []string
	method string
	http   bool // whether it is an operation too
}

// Guard returns the part of the policy for a server that hosts the services of these
// names. At least one is required, none may be named twice, and no two may have the
// same gRPC service.
func (p *Policy) Guard(services ...string) (*Guard, error) {
	if len(services) == 0 {
		return nil, errors.New("access: a guard needs the name of a service that the server hosts, such as \"order-status\"")
	}
	g := &Guard{methods: map[string]*Rule{}, services: map[string]*Rule{}, closed: map[string]bool{}, owner: map[string]string{}, others: p.matrix.owners(), clients: p.matrix.names(), rollouts: map[string][]Rollout{}, hosts: map[string][]string{}, hosted: map[string]*callers{}, resources: map[string]*ResourceMetadata{}, generation: p.generation}
	for _, name := range services {
		service, ok := p.matrix.Services[name]
		if !ok {
			return nil, fmt.Errorf("access: no service %q in the policy%s", name, p.matrix.serviceHint(name, p.Services()))
		}
		if err := g.add(p, name, service); err != nil {
			return nil, err
		}
	}
	for _, entry := range p.matrix.Public {
		if service, _, operation := p.matrix.opensOperation(entry); !operation || g.owner[service] != "" {
			g.addPublic(entry)
		}
	}
	if err := g.addOperations(p); err != nil {
		return nil, err
	}
	return g, nil
}

// addPublic makes public what an entry names, unless that belongs to a service of the
// matrix that this server does not host: a team that makes its own service public
// opens nothing on the servers of others.
func (g *Guard) addPublic(entry string) {
	service, _, one := strings.Cut(entry, "/")
	switch {
	case g.owner[service] == "" && len(g.others[service]) > 0:
	case one:
		g.methods["/"+entry] = &Rule{public: true}
	default:
		g.services[service] = &Rule{public: true}
	}
}

// Issuers returns the issuers whose tokens the guarded services accept.
func (g *Guard) Issuers() []Issuer { return slices.Clone(g.issuers) }

// Client returns the name in the matrix of the client with this id at an issuer; empty
// for a client that is not in the matrix.
func (g *Guard) Client(issuer, id string) string { return g.clients[party{issuer, id}] }

// Owner returns the guarded service of the matrix to which a method or an operation
// belongs, by its full name as for [Guard.Rule]. It is empty if the method belongs to
// none, as that of a public gRPC service which every server may have.
func (g *Guard) Owner(fullMethod string) string {
	if service, _, isMethod := splitMethod(fullMethod); isMethod {
		return g.owner[service]
	}
	service, _, _ := strings.Cut(fullMethod, "/")
	if _, hosted := g.hosted[service]; !hosted {
		return ""
	}
	return service
}

// Authorities returns [Service.Authorities] of the guarded services, by the name of the
// service. Do not change it.
func (g *Guard) Authorities() map[string][]string { return g.hosts }

// Closed reports whether the matrix closes a method or an operation, by its full name.
func (g *Guard) Closed(fullMethod string) bool { return g.closed[fullMethod] }

// Generation returns [Policy.Generation] of the policy.
func (g *Guard) Generation() string { return g.generation }

// Rollouts returns the rollouts of the guarded services that have any, by the name of
// the service.
func (g *Guard) Rollouts() map[string][]Rollout { return maps.Clone(g.rollouts) }

// Rule returns the rule of a method by its full name in gRPC, such as
// "/acme.orders.v1.OrderStatus/GetOrderStatus", or of an operation by [Operation.Name].
// Nil means that the method has no rule and the call must be refused. A name of any other
// form has no rule.
func (g *Guard) Rule(fullMethod string) *Rule {
	if rule, ok := g.methods[fullMethod]; ok {
		return rule
	}
	service, method, ok := splitMethod(fullMethod)
	if !ok || !validName(method) {
		return nil
	}
	return g.services[service]
}

// CheckCoverage compares the guard with the methods that a server has registered, by
// their full names. Its error joins one for each method that has no rule and is not
// closed, and for each rule and service without a method.
func (g *Guard) CheckCoverage(registered []string) error {
	var errs []error
	services := map[string]bool{}
	for _, method := range slices.Sorted(slices.Values(registered)) {
		service, _, _ := splitMethod(method)
		services[service] = true
		if g.Rule(method) == nil && !g.closed[method] {
			errs = append(errs, g.uncovered(service, method))
		}
	}
	for _, grpc := range slices.Sorted(maps.Keys(g.owner)) {
		if !services[grpc] {
			errs = append(errs, fmt.Errorf("access: the matrix says that %q consists of %s, which the server does not register%s", g.owner[grpc], grpc, nearest.Hint(grpc, slices.Collect(maps.Keys(services)))))
		}
	}
	for _, m := range g.named {
		if !m.http && !slices.ContainsFunc(m.grpc, func(grpc string) bool { return !services[grpc] || slices.Contains(registered, "/"+grpc+"/"+m.method) }) {
			errs = append(errs, fmt.Errorf("access: the matrix names method %q, which %s does not have%s", m.method, strings.Join(m.grpc, ", "), nearest.Hint(m.method, methodsOf(registered, m.grpc))))
		}
	}
	return errors.Join(errs...)
}

// uncovered says how to fix a method without a rule.
func (g *Guard) uncovered(service, method string) error {
	if others := g.others[service]; g.owner[service] == "" && len(others) > 0 {
		return fmt.Errorf("access: method %s belongs to service %s of the matrix: name it in Services, or register it on another server", method, quote.List(others...))
	}
	return fmt.Errorf("access: method %s has no rule: name it under methods of an entry, or under closed if nobody may call it; public opens it to everybody", method)
}

func methodsOf(registered, services []string) []string {
	var methods []string
	for _, full := range registered {
		if service, method, ok := splitMethod(full); ok && slices.Contains(services, service) {
			methods = append(methods, method)
		}
	}
	return methods
}

func (g *Guard) add(p *Policy, name string, service Service) error {
	for _, grpc := range service.GRPC {
		if other, taken := g.owner[grpc]; taken {
			return fmt.Errorf("access: %s belongs to %q and to %q; one server cannot guard both", grpc, other, name)
		}
		g.owner[grpc] = name
	}
	g.hosts[name] = slices.Clone(service.Authorities)
	for _, issuer := range p.issuersOf(service) {
		if !slices.ContainsFunc(g.issuers, func(i Issuer) bool { return i.URL == issuer.URL }) {
			g.issuers = append(g.issuers, issuer)
		}
	}
	if len(service.Rollout) > 0 {
		g.rollouts[name] = slices.Clone(service.Rollout)
	}
	if _, twice := g.hosted[name]; twice {
		return fmt.Errorf("access: %q is named twice", name)
	}
	g.hosted[name] = p.callers(name)
	g.addReviews(p, name, service)
	if m := p.resourceMetadata(name, service); m != nil {
		g.resources[name] = m
	}
	g.addRules(p, name, service)
	return nil
}

// addRules adds the rules of the methods of a service.
func (g *Guard) addRules(p *Policy, name string, service Service) {
	callers := g.hosted[name]
	if rest := p.rule(name, "*", callers); rest != nil {
		for _, grpc := range service.GRPC {
			g.services[grpc] = rest
		}
	}
	g.addNames(p, name, service, service.methods())
	for _, method := range service.methods() {
		rule := p.rule(name, method, callers)
		for _, grpc := range service.GRPC {
			full := "/" + grpc + "/" + method
			g.methods[full], g.closed[full] = rule, slices.Contains(service.Closed, method)
		}
	}
	for _, n := range p.matrix.Never {
		if n.To == name && len(service.GRPC) > 0 { // a misspelled name would forbid nothing
			g.addNames(p, name, service, n.Methods)
		}
	}
	for _, o := range p.optionsOf(service) {
		full := "/" + o.GRPC + "/" + o.Method
		g.methods[full] = g.Rule(full).withOptions(p, o)
	}
}

// addNames adds methods of a service that the matrix names.
func (g *Guard) addNames(p *Policy, name string, service Service, methods []string) {
	for _, method := range methods {
		isOperation := slices.ContainsFunc(p.operations[name], func(o Operation) bool { return o.Method == method })
		g.named = append(g.named, methodOf{service.GRPC, method, isOperation})
	}
}

// methods lists the methods that s names, sorted.
func (s Service) methods() []string {
	methods := slices.Clone(s.Closed)
	for _, allow := range s.Allow {
		methods = append(methods, allow.Methods...)
	}
	for _, rollout := range s.Rollout {
		methods = append(methods, rollout.Methods...)
	}
	slices.Sort(methods)
	methods = slices.Compact(methods)
	return slices.DeleteFunc(methods, func(m string) bool { return m == "*" })
}

// splitMethod cuts "/service/Method".
func splitMethod(fullMethod string) (service, method string, ok bool) {
	rest, ok := strings.CutPrefix(fullMethod, "/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
