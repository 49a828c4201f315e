package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// Guard is what one server enforces: the rule of each method, and the issuers
// to trust. It is immutable, and safe for concurrent use.
type Guard struct {
	methods  map[string]*Rule    // rules for one method, by its full name
	services map[string]*Rule    // rules for the other methods of a gRPC service, by its full name
	closed   map[string]bool     // the methods that nobody may call, by their full names
	named    []methodOf          // the methods that the matrix names
	owner    map[string]string   // gRPC service: the service of the matrix that it belongs to
	others   map[string][]string // the same of all gRPC services, of this server or not
	issuers  []Issuer
}

// methodOf is a method that the matrix names, of one of several gRPC services.
type methodOf struct {
	grpc   []string
	method string
}

// Guard returns the part of the policy that a server enforces which hosts the
// services of these names: at least one, none twice, and no gRPC service under
// two of them.
func (p *Policy) Guard(services ...string) (*Guard, error) {
	if len(services) == 0 {
		return nil, errors.New("audience: a guard needs the name of a service")
	}
	g := &Guard{methods: map[string]*Rule{}, services: map[string]*Rule{}, closed: map[string]bool{}, owner: map[string]string{}, others: p.matrix.owners()}
	for _, name := range services {
		service, ok := p.matrix.Services[name]
		if !ok {
			return nil, fmt.Errorf("audience: no service %q in the policy%s", name, nearest.Hint(name, p.Services()))
		}
		if err := g.add(p, name, service); err != nil {
			return nil, err
		}
	}
	for _, entry := range p.matrix.Public {
		g.open(entry)
	}
	return g, nil
}

// open makes public what an entry names, unless it belongs to services of the
// matrix none of which is guarded here: whoever answers for one of those opens
// nothing on the servers of others.
func (g *Guard) open(entry string) {
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

// Rule returns the rule of a method, by the full name that gRPC gives it:
// "/acme.orders.v1.OrderStatus/GetOrderStatus". Nil means that there is none
// and the call must be refused; so does a name of any other form, however much
// it looks like that of a method.
func (g *Guard) Rule(fullMethod string) *Rule {
	if rule, ok := g.methods[fullMethod]; ok {
		return rule
	}
	service, method, ok := split(fullMethod)
	if !ok || !validName(method) {
		return nil
	}
	return g.services[service]
}

// Covers compares the guard with the methods that a server has registered, by
// their full names. Its error joins what is wrong: methods that have no rule and
// are not closed, and rules and services without a method.
func (g *Guard) CheckCoverage(registered []string) error {
	var errs []error
	services := map[string]bool{}
	for _, method := range slices.Sorted(slices.Values(registered)) {
		service, _, _ := split(method)
		services[service] = true
		if g.Rule(method) == nil && !g.closed[method] {
			errs = append(errs, g.uncovered(service, method))
		}
	}
	for _, grpc := range slices.Sorted(maps.Keys(g.owner)) {
		if !services[grpc] {
			errs = append(errs, fmt.Errorf("audience: the matrix says that %q consists of %s, which the server does not register%s", g.owner[grpc], grpc, nearest.Hint(grpc, slices.Collect(maps.Keys(services)))))
		}
	}
	for _, m := range g.named {
		if !slices.ContainsFunc(m.grpc, func(grpc string) bool { return !services[grpc] || slices.Contains(registered, "/"+grpc+"/"+m.method) }) {
			errs = append(errs, fmt.Errorf("audience: the matrix names method %q, which %s does not have%s", m.method, strings.Join(m.grpc, ", "), nearest.Hint(m.method, methodsOf(registered, m.grpc))))
		}
	}
	return errors.Join(errs...)
}

// uncovered says what to do about a method without a rule.
func (g *Guard) uncovered(service, method string) error {
	if others := g.others[service]; g.owner[service] == "" && len(others) > 0 {
		return fmt.Errorf("audience: method %s belongs to service %s of the matrix: name it in Services, or register it elsewhere", method, quote.List(others...))
	}
	return fmt.Errorf("audience: method %s has no rule: name it under methods of an entry, or under closed if nobody may call it; public opens it to everybody", method)
}

func methodsOf(registered, services []string) []string {
	var methods []string
	for _, full := range registered {
		if service, method, ok := split(full); ok && slices.Contains(services, service) {
			methods = append(methods, method)
		}
	}
	return methods
}

func (g *Guard) add(p *Policy, name string, service Service) error {
	for _, grpc := range service.GRPC {
		if other, taken := g.owner[grpc]; taken {
			return fmt.Errorf("audience: %s belongs to %q and to %q; one server cannot guard both", grpc, other, name)
		}
		g.owner[grpc] = name
	}
	for _, issuer := range p.matrix.issuersOf(service) {
		if !slices.ContainsFunc(g.issuers, func(i Issuer) bool { return i.URL == issuer.URL }) {
			g.issuers = append(g.issuers, issuer)
		}
	}
	if rest := p.rule(name, "*"); rest != nil {
		for _, grpc := range service.GRPC {
			g.services[grpc] = rest
		}
	}
	for _, method := range service.methods() {
		rule := p.rule(name, method)
		g.named = append(g.named, methodOf{service.GRPC, method})
		for _, grpc := range service.GRPC {
			full := "/" + grpc + "/" + method
			g.methods[full], g.closed[full] = rule, slices.Contains(service.Closed, method)
		}
	}
	for _, o := range p.besides(service) {
		full := "/" + o.GRPC + "/" + o.Method
		g.methods[full] = g.Rule(full).beside(p, o)
	}
	return nil
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

// split cuts "/service/Method".
func split(fullMethod string) (service, method string, ok bool) {
	rest, ok := strings.CutPrefix(fullMethod, "/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
