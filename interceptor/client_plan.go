package interceptor

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/tokensource"
)

// plan is what a client derives from one policy: what is public, and the caches of
// its tokens. It is immutable.
type plan struct {
	policy         *access.Policy
	name           string            // of the client
	issuers        map[string]string // the URLs of all issuers, by name
	callable       []string          // what the client may call, by name
	wire           wire
	publicServices map[string]bool // gRPC services that need no token
	publicMethods  map[string]bool // full names of methods that need no token
	settings       sourceSettings
	cache          *tokensource.Cache            // nil if the tokens come from files
	fileCaches     map[string]*tokensource.Cache // by service; nil unless the tokens come from files
}

// sourceSettings is everything that the caches depend on. A new policy with the same
// settings keeps the caches.
type sourceSettings struct {
	client    access.Client
	issuer    access.Issuer
	tokenURLs map[string]string // by audience
}

// newPlan returns the plan of a client for policy. It keeps the caches of old if the
// new ones would be the same; old may be nil.
func newPlan(policy *access.Policy, name string, o *clientOptions, old *plan) (*plan, error) {
	p := &plan{policy: policy, name: name, wire: o.wire, issuers: map[string]string{}, publicServices: map[string]bool{}, publicMethods: map[string]bool{}}
	for _, entry := range policy.Public() {
		if strings.Contains(entry, "/") {
			p.publicMethods["/"+entry] = true
		} else {
			p.publicServices[entry] = true
		}
	}
	var err error
	if p.settings, err = settingsOf(policy, name); err != nil {
		return nil, err
	}
	p.noteNames(policy.Matrix())
	if old != nil && reflect.DeepEqual(p.settings, old.settings) {
		p.cache, p.fileCaches = old.cache, old.fileCaches
		return p, nil
	}
	if err := p.openCaches(o); err != nil {
		return nil, fmt.Errorf("interceptor: client %q: %w%s", name, err, withoutCredentials(policy))
	}
	return p, nil
}

// noteNames notes the names that messages to front ends need.
func (p *plan) noteNames(m access.Matrix) {
	for name, issuer := range m.Issuers {
		p.issuers[name] = issuer.URL
	}
	for _, name := range slices.AppendSeq(slices.Sorted(maps.Keys(m.Services)), slices.Values(slices.Sorted(maps.Keys(m.External)))) {
		if _, err := p.policy.Target(p.name, name); err == nil {
			p.callable = append(p.callable, name)
		}
	}
}

// withoutCredentials returns a hint for a policy in which no client has credentials:
// such a policy was made for servers, perhaps without a file.
func withoutCredentials(policy *access.Policy) string {
	for _, c := range policy.Matrix().Clients {
		if c.Secret != (access.SecretRef{}) || c.PrivateKey != (access.KeyRef{}) || c.Assertion != "" || c.Certificate != (access.CertificateRef{}) || len(c.TokenFiles) > 0 {
			return ""
		}
	}
	return "; no client of this policy has credentials: for a client without a matrix file, see docs/client.md"
}

func settingsOf(policy *access.Policy, name string) (sourceSettings, error) {
	client, issuer, err := policy.Client(name)
	issuer.Place = "" // a line that moves changes no token
	s := sourceSettings{client: client, issuer: issuer}
	for service, url := range issuer.Ask.TokenURLs {
		if target, err := policy.Target(name, service); err == nil {
			if s.tokenURLs == nil {
				s.tokenURLs = map[string]string{}
			}
			s.tokenURLs[target.Audience] = url
		}
	}
	return s, err
}

// newRouteTable returns the routes of a connection to these services.
func (p *plan) newRouteTable(how propagation, services []string) *routeTable {
	r := &routeTable{plan: p, byGRPC: map[string]*route{}}
	if len(services) == 0 {
		r.err = errors.New("interceptor: a connection to no service; name the services of the matrix that it leads to")
	}
	for _, name := range services {
		if err := p.addRoute(r, how, name); err != nil {
			return &routeTable{plan: p, err: err}
		}
	}
	if r.catchAll != nil && len(services) > 1 {
		r.err = fmt.Errorf("interceptor: a service that lists no gRPC services needs a connection of its own; got %q", services)
		r.catchAll, r.byGRPC = nil, nil
	}
	return r
}

func (p *plan) addRoute(r *routeTable, how propagation, service string) error {
	target, creds, err := p.credentials(how, service)
	if err != nil {
		return err
	}
	to := &route{service: service, credentials: creds, authorities: target.Authorities}
	switch guarded := slices.Contains(p.policy.Services(), service); {
	case len(target.GRPC) == 0 && guarded:
		return fmt.Errorf("interceptor: the matrix has no gRPC service of %q: it is called over HTTP alone", service)
	case len(target.GRPC) == 0:
		r.catchAll = to
	}
	for _, grpc := range target.GRPC {
		if _, taken := r.byGRPC[grpc]; taken {
			return fmt.Errorf("interceptor: %s belongs to two of the services of one connection", grpc)
		}
		r.byGRPC[grpc] = to
	}
	return nil
}

// credentials returns the credentials of calls to a service of the matrix. The error
// for a service that the client cannot call says what to change.
func (p *plan) credentials(how propagation, service string) (access.Target, *perRPC, error) {
	target, err := p.policy.Target(p.name, service)
	if err != nil {
		return target, nil, fmt.Errorf("interceptor: %w%s", err, p.advice(service))
	}
	c := &perRPC{propagation: how, wire: p.wire, plan: p, acceptedIssuers: target.Accepts, request: tokensource.Request{Audience: target.Audience, Scope: strings.Join(target.Scopes, " ")}}
	if how != forwardToken {
		c.source, err = p.sourceFor(service)
	}
	return target, c, err
}

// advice says what change would let the client call a service; empty if no such change
// is known.
func (p *plan) advice(service string) string {
	m := p.policy.Matrix()
	if s, ok := m.Services[service]; ok {
		if slices.ContainsFunc(s.Allow, func(a access.Allow) bool { return a.AnyClient || slices.Contains(a.Clients, p.name) }) {
			return ""
		}
		return fmt.Sprintf("; if it should, name %s in an entry of services.%s.allow", p.name, service)
	}
	if _, ok := m.External[service]; ok {
		return fmt.Sprintf("; if it should, add %s to external.%s.clients", p.name, service)
	}
	if len(p.callable) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s may call %s", p.name, strings.Join(p.callable, ", "))
}

// sourceFor returns the source of the tokens for a service.
func (p *plan) sourceFor(service string) (tokensource.Source, error) {
	if p.cache != nil {
		return p.cache, nil
	}
	if cache, ok := p.fileCaches[service]; ok {
		return cache, nil
	}
	return nil, fmt.Errorf("interceptor: clients.%s.token_files has no file for %q; add one", p.name, service)
}

// caches yields all caches of the plan.
func (p *plan) caches(yield func(*tokensource.Cache) bool) {
	if p.cache != nil && !yield(p.cache) {
		return
	}
	maps.Values(p.fileCaches)(yield)
}
