package interceptor

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/tokensource"
)

// plan is what a client has made of one policy. It is immutable.
type plan struct {
	policy *access.Policy
	name   string
	wire   wire
	open   map[string]bool // what anybody may call: gRPC services
	opened map[string]bool // and full names of methods
	terms  terms
	tokens *tokensource.Cache            // nil if there are files
	files  map[string]*tokensource.Cache // by service
}

// terms are what the sources of tokens depend on: while they are the same, the
// sources stay.
type terms struct {
	client    access.Client
	issuer    access.Issuer
	tokenURLs map[string]string // by audience
}

// newPlan returns the plan of a client for policy. It takes over the sources of
// old, if they would be the same; old may be nil.
func newPlan(policy *access.Policy, name string, o *clientOptions, old *plan) (*plan, error) {
	p := &plan{policy: policy, name: name, wire: o.wire, open: map[string]bool{}, opened: map[string]bool{}}
	for _, entry := range policy.Public() {
		if strings.Contains(entry, "/") {
			p.opened["/"+entry] = true
		} else {
			p.open[entry] = true
		}
	}
	var err error
	if p.terms, err = termsOf(policy, name); err != nil {
		return nil, err
	}
	if old != nil && reflect.DeepEqual(p.terms, old.terms) {
		p.tokens, p.files = old.tokens, old.files
		return p, nil
	}
	if err := p.openSources(o); err != nil {
		return nil, fmt.Errorf("interceptor: client %q: %w", name, err)
	}
	return p, nil
}

func termsOf(policy *access.Policy, name string) (terms, error) {
	client, issuer, err := policy.Client(name)
	t := terms{client: client, issuer: issuer}
	for service, url := range issuer.Ask.TokenURLs {
		if target, err := policy.Target(name, service); err == nil {
			if t.tokenURLs == nil {
				t.tokenURLs = map[string]string{}
			}
			t.tokenURLs[target.Audience] = url
		}
	}
	return t, err
}

// routes returns where the calls go of who presents tokens to these services.
func (p *plan) routes(to *presenter) *routes {
	r := &routes{plan: p, byGRPC: map[string]*route{}}
	if len(to.names) == 0 {
		r.err = fmt.Errorf("interceptor: a connection for no service; name those that it leads to")
	}
	for _, name := range to.names {
		if err := p.add(r, to.verb, name); err != nil {
			return &routes{plan: p, err: err}
		}
	}
	if r.any != nil && len(to.names) > 1 {
		r.err = fmt.Errorf("interceptor: a service that lists no gRPC services needs a connection of its own; got %q", to.names)
		r.any, r.byGRPC = nil, nil
	}
	return r
}

// add adds the service of that name.
func (p *plan) add(r *routes, v verb, name string) error {
	target, c, err := p.credentials(v, name)
	if err != nil {
		return err
	}
	to := &route{credentials: c, authorities: target.Authorities}
	if len(target.GRPC) == 0 {
		r.any = to
	}
	for _, grpc := range target.GRPC {
		if _, taken := r.byGRPC[grpc]; taken {
			return fmt.Errorf("interceptor: %s belongs to two of the services of one connection", grpc)
		}
		r.byGRPC[grpc] = to
	}
	return nil
}

// credentials returns what a call of the service of that name presents.
func (p *plan) credentials(v verb, name string) (access.Target, *perRPC, error) {
	target, err := p.policy.Target(p.name, name)
	if err != nil {
		return target, nil, err
	}
	c := &perRPC{verb: v, wire: p.wire, accepts: target.Accepts, request: tokensource.Request{Audience: target.Audience, Scope: strings.Join(target.Scopes, " ")}}
	if v != forward {
		c.tokens, err = p.source(name)
	}
	return target, c, err
}

// source returns where the tokens for a service are from.
func (p *plan) source(service string) (tokensource.Source, error) {
	if p.tokens != nil {
		return p.tokens, nil
	}
	if source, ok := p.files[service]; ok {
		return source, nil
	}
	return nil, fmt.Errorf("interceptor: clients.%s.token_files has none for %q", p.name, service)
}

// sources yields all of them.
func (p *plan) sources(yield func(*tokensource.Cache) bool) {
	if p.tokens != nil && !yield(p.tokens) {
		return
	}
	maps.Values(p.files)(yield)
}
