package mesh

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// Plan is what a proxy enforces. It refuses what no rule admits.
type Plan struct {
	Services []Service
	Issuers  []Issuer

	// Public are the paths that anybody may call: "/grpc.Service/Method" or "/grpc.Service/*".
	Public []string

	// Notes say what was left out.
	Notes []string

	policy *access.Policy
	matrix access.Matrix
}

// Service is one service of the matrix.
type Service struct {
	// Name is its name in the matrix.
	Name string

	// Audiences are the accepted values of aud.
	Audiences []string

	// OmitsAudience says that some of its tokens have no aud.
	OmitsAudience bool

	// Issuers are the names of the issuers that it accepts.
	Issuers []string

	// Paths are "/grpc.Service/*" for each of its gRPC services.
	Paths []string

	// Optional are the paths that may be called without a token.
	Optional []string

	Rules []Rule
}

// Rule admits calls of its paths with a token of its issuer that meets all conditions.
type Rule struct {
	// Name is its place in the matrix.
	Name string

	// Issuer is the name of the issuer.
	Issuer string

	// Paths are "/grpc.Service/Method" or "/grpc.Service/*", without those in Except.
	Paths, Except []string

	Every []Either
}

// New returns the plan for these services of the policy, or for all of them if none is named.
// They belong to one proxy, so that no gRPC service may be in two of them.
func New(policy *access.Policy, services ...string) (*Plan, error) {
	if len(services) == 0 {
		services = policy.Services()
	}
	p := &Plan{policy: policy, matrix: policy.Matrix()}
	if err := p.check(services); err != nil {
		return nil, err
	}
	for _, entry := range p.matrix.Public {
		name, _, one := strings.Cut(entry, "/")
		if s := p.matrix.Services[name]; one && s.HTTP != nil && !slices.Contains(s.GRPC, name) {
			p.note("the public operation %s: it needs a token", entry)
			continue
		}
		p.Public = append(p.Public, path(strings.Cut(entry, "/")))
	}
	for _, name := range services {
		p.addService(name)
	}
	if len(p.Services) == 0 {
		return nil, fmt.Errorf("there is nothing to export: %s is called over HTTP alone, and only gRPC calls can be exported", quote.List(services...))
	}
	return p, nil
}

// check returns an error for a service that the policy does not have, and for two with the
// same gRPC service. Their HTTP operations are not exported, and may be alike.
func (p *Plan) check(services []string) error {
	owner := map[string]string{}
	for _, name := range services {
		if _, err := p.policy.Guard(name); err != nil {
			return err
		}
		for _, grpc := range p.matrix.Services[name].GRPC {
			if other, taken := owner[grpc]; taken {
				return fmt.Errorf("%s belongs to %q and to %q; one proxy cannot guard both", grpc, other, name)
			}
			owner[grpc] = name
		}
	}
	return nil
}

// Issuer returns the issuer of that name.
func (p *Plan) Issuer(name string) Issuer {
	return p.Issuers[slices.IndexFunc(p.Issuers, func(i Issuer) bool { return i.Name == name })]
}

func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// path returns the path of one method, or of all methods of a gRPC service.
func path(grpc, method string, one bool) string {
	if !one || method == "*" {
		method = "*"
	}
	return "/" + grpc + "/" + method
}

// addIssuer adds the issuer of that name if a proxy can judge its tokens.
func (p *Plan) addIssuer(name string) bool {
	known := func(i Issuer) bool { return i.Name == name }
	if slices.ContainsFunc(p.Issuers, known) {
		return true
	}
	i := newIssuer(name, p.matrix)
	if why := i.unsupported(); why != "" {
		p.note("issuer %q: %s", name, why)
		return false
	}
	p.Issuers = append(p.Issuers, i)
	return true
}
