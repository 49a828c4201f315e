package explain

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/spiffe"
)

// GuardedMethod is one method as the server of its service guards it.
type GuardedMethod struct {
	Guard  *access.Guard
	Method string // the full name: "/grpc.Service/Method", or "service/Operation"

	serviceName string // in the matrix
	service     access.Service
	rule        *access.Rule // nil if there is none
}

// NewGuardedMethod returns a method of the service of that name. The method is written
// as "Method" or "grpc.Service/Method"; an operation as "Operation", "service/Operation", or
// as a request that calls it: "GET /v1/orders/5", or with a host before the path.
func NewGuardedMethod(policy *access.Policy, service, method string) (*GuardedMethod, error) {
	t, err := newGuardedService(policy, policy.Matrix(), service)
	if err != nil {
		return nil, err
	}
	if t.Method, err = t.fullName(method); err != nil {
		return nil, err
	}
	t.rule = t.Guard.Rule(t.Method)
	return t, nil
}

// newGuardedService returns what the methods of a service have in common. m is the matrix
// of the policy.
func newGuardedService(policy *access.Policy, m access.Matrix, service string) (*GuardedMethod, error) {
	if err := files.CheckService(m, service, maps.Keys(m.Services)); err != nil {
		return nil, err
	}
	guard, err := policy.Guard(service)
	return &GuardedMethod{Guard: guard, serviceName: service, service: m.Services[service]}, err
}

// fullName returns the full name of a method, as gRPC has it.
func (t *GuardedMethod) fullName(method string) (string, error) {
	if verb, target, isRequest := strings.Cut(method, " "); isRequest {
		slash := max(strings.IndexByte(target, '/'), 0)
		name, err := t.Guard.Operation(verb, target[:slash], target[slash:])
		if err != nil {
			return "", fmt.Errorf("service %q refuses %s: %w", t.serviceName, output.Printable(method), err)
		}
		return name, nil
	}
	method = strings.TrimPrefix(method, "/")
	if operation := t.operation(method); operation != "" {
		return operation, nil
	}
	grpc := t.service.GRPC
	if len(grpc) == 0 {
		return "", fmt.Errorf("service %q has no operation %q", t.serviceName, output.Printable(method))
	}
	if service, _, full := strings.Cut(method, "/"); full {
		if t.Guard.Rule("/"+method) == nil && !slices.Contains(grpc, service) {
			return "", fmt.Errorf("service %q consists of %s, not of %s", t.serviceName, output.List(grpc), output.Printable(service))
		}
		return "/" + method, nil
	}
	with := ServicesWith(grpc, method, nil)
	if len(with) > 1 {
		return "", fmt.Errorf("service %q consists of %s: write the method with its gRPC service, such as %s/%s", t.serviceName, output.List(grpc), with[0], method)
	}
	return "/" + with[0] + "/" + method, nil
}

// operation returns the full name of the operation of that name; empty if there is none. A
// short name is that of a method of the only gRPC service, if there is one: both have one rule.
func (t *GuardedMethod) operation(name string) string {
	short := strings.TrimPrefix(name, t.serviceName+"/")
	if short == name && len(t.service.GRPC) == 1 {
		return ""
	}
	for _, o := range t.Guard.Operations() {
		if o.Method == short {
			return o.Name
		}
	}
	return ""
}

// Misspelling says that the file does not name the method, but one like it; empty if
// there is none.
func (t *GuardedMethod) Misspelling() string {
	method, named := path.Base(t.Method), files.MethodNames(t.service)
	if hint := nearest.Hint(method, named); hint != "" && !slices.Contains(named, method) {
		return fmt.Sprintf("the file does not name %q%s", method, hint)
	}
	return ""
}

// Unnamed notes that the file does not name the method, so that an entry for all methods
// judges it; with descriptors, whether there is such a method.
func (t *GuardedMethod) Unnamed(set descriptor.Set) []string {
	if !strings.HasPrefix(t.Method, "/") {
		return nil // the matrix has every operation
	}
	grpc, method, _ := strings.Cut(strings.TrimPrefix(t.Method, "/"), "/")
	known, described := set.Methods[grpc]
	switch {
	case described && !slices.Contains(known, method):
		return []string{fmt.Sprintf("%s has no method %q%s: a server answers UNIMPLEMENTED", grpc, method, nearest.Hint(method, known))}
	case described, t.rule == nil, t.rule.Public(), slices.Contains(files.MethodNames(t.service), method), t.Misspelling() != "":
		return nil
	}
	return []string{fmt.Sprintf("the file does not name %q, so its entry for all methods judges it; only with --descriptors is it known whether there is such a method", method)}
}

// IssuerOf returns the issuer that a token names by its iss, or, without iss, by the
// trust domain of its sub.
func (t *GuardedMethod) IssuerOf(d Decoded) (access.Issuer, bool) {
	iss, _ := d.Claims["iss"].(string)
	domain := ""
	if _, ok := d.Claims["iss"]; !ok {
		subject, _ := d.Claims["sub"].(string)
		domain = spiffe.TrustDomain(subject)
	}
	issuers := t.Guard.Issuers()
	i := slices.IndexFunc(issuers, func(i access.Issuer) bool {
		if domain != "" {
			return i.TrustDomain == domain
		}
		return slices.Contains(i.TokenPreset().Issuers(i.URL), iss)
	})
	if i < 0 {
		return access.Issuer{}, false
	}
	return issuers[i], true
}

// anyOtherMethod stands for the methods that the matrix does not name.
const anyOtherMethod = "AnyOther"

// GuardedMethodAt is [NewGuardedMethod], and takes [descriptor.EveryMethod] as well: that
// means the methods that the matrix does not name.
func GuardedMethodAt(policy *access.Policy, service, method string) (*GuardedMethod, error) {
	if path.Base(method) != descriptor.EveryMethod {
		return NewGuardedMethod(policy, service, method)
	}
	t, err := NewGuardedMethod(policy, service, strings.TrimSuffix(method, descriptor.EveryMethod)+anyOtherMethod)
	if err == nil {
		t.Method = strings.TrimSuffix(t.Method, anyOtherMethod) + descriptor.EveryMethod
	}
	return t, err
}
