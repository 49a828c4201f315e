package mesh

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
)

// Plan is what a proxy has to enforce: what no rule admits, it refuses.
type Plan struct {
	Services []Service
	Issuers  []Issuer

	// Public are the paths that anybody may call: of methods, or of gRPC services
	// with a star.
	Public []string

	// Notes say what was left out.
	Notes []string

	policy *audience.Policy
	matrix audience.Matrix
}

// Service is one service of the matrix.
type Service struct {
	// Name is its name in the matrix.
	Name string

	// Audiences are what its tokens have in aud, unless Bare.
	Audiences []string

	// Bare says that some of its tokens have no aud.
	Bare bool

	// Issuers are the names of those whose tokens it accepts.
	Issuers []string

	// Paths are all of its gRPC services, each with a star.
	Paths []string

	// Optional are the paths that may be called without a token.
	Optional []string

	Rules []Rule
}

// Rule is one entry of a service: calls of these paths, with a token of the issuer
// of which everything holds.
type Rule struct {
	// Name says where in the matrix it stands.
	Name string

	// Issuer is the name of the issuer.
	Issuer string

	// Paths are of methods, or of gRPC services with a star: all but Except.
	Paths, Except []string

	Every []Either
}

// New returns the plan for these services of the policy; for all of them if there
// are none. They are those of one proxy: no gRPC service may belong to two.
func New(policy *audience.Policy, services ...string) (*Plan, error) {
	if len(services) == 0 {
		services = policy.Services()
	}
	if _, err := policy.Guard(services...); err != nil {
		return nil, err
	}
	p := &Plan{policy: policy, matrix: policy.Matrix()}
	for _, entry := range p.matrix.Public {
		p.Public = append(p.Public, path(strings.Cut(entry, "/")))
	}
	for _, name := range services {
		p.addService(name)
	}
	return p, nil
}

// Issuer returns the issuer of that name.
func (p *Plan) Issuer(name string) Issuer {
	return p.Issuers[slices.IndexFunc(p.Issuers, func(i Issuer) bool { return i.Name == name })]
}

func (p *Plan) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// path returns the path of a method; of all methods if it is none in particular.
func path(grpc, method string, one bool) string {
	if !one || method == "*" {
		method = "*"
	}
	return "/" + grpc + "/" + method
}

// addIssuer adds the issuer of that name, if a proxy can judge its tokens.
func (p *Plan) addIssuer(name string) bool {
	known := func(i Issuer) bool { return i.Name == name }
	if slices.ContainsFunc(p.Issuers, known) {
		return true
	}
	i := newIssuer(name, p.matrix)
	if why := i.unfit(); why != "" {
		p.note("issuer %q: %s", name, why)
		return false
	}
	p.Issuers = append(p.Issuers, i)
	return true
}
