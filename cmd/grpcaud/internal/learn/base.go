package learn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// base is the access matrix whose entries are replaced.
type base struct {
	file     *yaml.Node // the mapping at its top
	document yaml.Node
	policy   *access.Policy
	matrix   access.Matrix
}

// newBase reads a matrix.
func newBase(name string, text []byte, options []access.MethodOptions) (*base, error) {
	b := &base{}
	if yaml.Unmarshal(text, &b.document) == nil && len(b.document.Content) == 1 {
		b.file = b.document.Content[0]
		if ordered.Value(b.file, "includes") != nil {
			return nil, fmt.Errorf("%s: includes: the base is one file: put the services that the records are about, with issuers and clients, into it", name)
		}
	}
	policy, err := policyfile.Parse(name, text, options...) // which refuses what is no mapping
	if err != nil {
		return nil, err
	}
	b.policy, b.matrix = policy, policy.Matrix()
	if ordered.Value(b.file, "services") == nil {
		return nil, errors.New(name + ": the base has no services: list them, with their gRPC services")
	}
	return b, nil
}

// issuer returns the issuer of that URL, and why nothing of it is learnt.
func (b *base) issuer(iss string) (name string, issuer access.Issuer, bad string) {
	for _, name := range slices.Sorted(maps.Keys(b.matrix.Issuers)) {
		if issuer := b.matrix.Issuers[name]; issuer.URL == iss {
			if ordered.Value(ordered.Value(b.file, "issuers"), name) == nil {
				return name, issuer, tenant
			}
			return name, issuer, ""
		}
	}
	return "", access.Issuer{}, notInBase
}

// service returns the service of that name.
func (b *base) service(name string) (access.Service, string) {
	s, known := b.matrix.Services[name]
	if !known || ordered.Value(ordered.Value(b.file, "services"), name) == nil {
		return s, serviceMissing
	}
	return s, ""
}

// issuersOf returns the issuers of a service.
func (b *base) issuersOf(s access.Service) []access.Issuer {
	var all []access.Issuer
	for _, name := range s.Issuers {
		all = append(all, b.matrix.Issuers[name])
	}
	return all
}

// refuses returns why an entry for a cell cannot be put into the base; empty if it can.
func (b *base) refuses(s access.Service, issuer string, k cellKey, e *cell, grpc, method string) string {
	operation := slices.ContainsFunc(b.policy.Operations(k.service), func(o access.Operation) bool { return o.Method == method })
	public := func(entry string) bool { return slices.Contains(b.matrix.Public, entry) }
	replaced := s.InsecureNoAudience != "" || len(s.InsecureNoAudienceRoles) > 0
	switch {
	case !slices.Contains(s.Issuers, issuer):
		return notInBase
	case grpc == "" && !operation:
		return overHTTP
	case grpc != "" && !slices.Contains(s.GRPC, grpc):
		return serviceMissing
	case slices.Contains(s.Closed, method):
		return closedInBase
	case public(grpc), public(grpc + "/" + method), public(k.service + "/" + method):
		return publicInBase
	case replaced && (s.InsecureNoAudience == "" || !slices.ContainsFunc(e.scopes, func(x string) bool { return strings.HasPrefix(x, s.InsecureNoAudience) })):
		return demandedBy
	case e.bare && !replaced && !s.Self:
		return noAudience
	case len(e.audience) > 0 && !slices.ContainsFunc(e.audience, func(v string) bool { return slices.Contains(s.Audiences, v) }):
		return otherAudience
	}
	return ""
}

// lost lists what the entries of a service demand that learnt ones do not.
func lost(s access.Service) []string {
	var all []string
	for i, a := range s.Allow {
		var demands []string
		for what, demanded := range map[string]bool{
			"roles": len(a.Roles) > 0, "claims": len(a.Claims) > 0, "acr": len(a.ACR) > 0, "max_auth_age": a.MaxAuthAge > 0,
			"online": a.Online, "any_scopes": len(a.AnyScopes) > 0, "optional": a.Optional, "clients: any": a.AnyClient,
		} {
			if demanded {
				demands = append(demands, what)
			}
		}
		if slices.Sort(demands); len(demands) > 0 {
			all = append(all, fmt.Sprintf("allow[%d] has %s", i, strings.Join(demands, ", ")))
		}
	}
	return all
}
