package explain

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// Judgement is the verdict on a token at every method of every service of a matrix.
type Judgement struct {
	Decoded
	Services []ServiceJudgement

	Verified   string // how the token was verified; empty if it is not genuine, or not known to be
	Unverified string // why it is not known whether the token is genuine
}

// ServiceJudgement is the verdict at the methods of one service.
type ServiceJudgement struct {
	Name    string
	Methods []MethodsJudgement
}

// MethodsJudgement is the verdict at methods that judge a token alike.
type MethodsJudgement struct {
	Names []string // with their gRPC service, if the service consists of several
	At    string   // the place of the entry in the file; empty if it is not known
	*Explanation
}

// Judge judges a token at every method that the matrix or the descriptors name, and at
// the other methods of each service. A token is verified once for each set of issuers. The
// error is about the keys.
func Judge(ctx context.Context, policy *access.Policy, set descriptor.Set, keys Keys, token string, now time.Time) (*Judgement, error) {
	j := &Judgement{Decoded: Decode(token)}
	m := policy.Matrix() // a copy
	verifications := map[string]verified{}
	for _, name := range files.GuardedServiceNames(m) {
		t, err := newGuardedService(policy, m, name)
		if err != nil {
			return nil, err
		}
		issuers := t.issuerURLs()
		v, ok := verifications[issuers]
		if !ok {
			if v, err = t.verifyOnce(ctx, keys, token); err != nil {
				return nil, err
			}
			verifications[issuers] = v
			j.note(t, v, keys)
		}
		j.Services = append(j.Services, t.judge(policy, set, v, token, now))
	}
	return j, nil
}

// note notes how the token was verified for a service, or why it was not.
func (j *Judgement) note(t *GuardedMethod, v verified, keys Keys) {
	issuer, _ := t.IssuerOf(j.Decoded)
	switch {
	case v.refusal != nil && v.refusal.Reason() != audience.ReasonIssuerUnavailable:
	case v.refusal != nil && keys.Offline:
		j.Unverified = "no issuer was asked (--offline)"
	case v.refusal != nil:
		j.Unverified = "the issuer could not be asked"
	case issuer.URL != "" && keys.JWKS != nil:
		j.Verified = "the signature was verified with the keys in the file of --jwks"
	case issuer.KeysFile != "":
		j.Verified = "the signature was verified with the keys in the keys_file of its issuer, " + issuer.URL
	case issuer.URL != "" && issuer.Introspection == (access.Introspection{}):
		j.Verified = "the signature was verified with the keys that its issuer publishes, " + issuer.URL
	default:
		j.Verified = "its issuer, " + v.claims.Issuer() + ", was asked about it, and says that it is active"
	}
}

// issuerURLs returns the URLs of the issuers of a service, as a key.
func (t *GuardedMethod) issuerURLs() string {
	var urls []string
	for _, issuer := range t.Guard.Issuers() {
		urls = append(urls, issuer.URL)
	}
	return strings.Join(urls, "\n")
}

// verifyOnce verifies a token as the server of a service does.
func (t *GuardedMethod) verifyOnce(ctx context.Context, keys Keys, token string) (verified, error) {
	v, err := keys.Verifier(t, token)
	if err != nil {
		return verified{}, err
	}
	defer v.Close()
	return verify(ctx, v, token), nil
}

// judge judges a token at the methods of a service. Neighbours with the same verdict
// share one.
func (t *GuardedMethod) judge(policy *access.Policy, set descriptor.Set, v verified, token string, now time.Time) ServiceJudgement {
	s := ServiceJudgement{Name: t.serviceName}
	methods := t.withOperations(t.methods(policy.Public(), set))
	for _, full := range methods {
		x := t.at(full).explain(func() verified { return v }, token, now)
		name := t.nameOf(full, len(methods) == len(t.service.GRPC))
		if n := len(s.Methods); n > 0 && alike(s.Methods[n-1].Explanation, x) {
			s.Methods[n-1].Names = append(s.Methods[n-1].Names, name)
			continue
		}
		s.Methods = append(s.Methods, MethodsJudgement{[]string{name}, t.place(policy, x.Entry), x})
	}
	return s
}

// at returns the method of that full name; its last part may be [descriptor.EveryMethod].
func (t *GuardedMethod) at(full string) *GuardedMethod {
	one := *t
	one.Method = full
	if rest, ok := strings.CutSuffix(full, descriptor.EveryMethod); ok {
		full = rest + anyOtherMethod
	}
	one.rule = t.Guard.Rule(full)
	return &one
}

// nameOf returns the name of a method for people, with its gRPC service if the service
// consists of several. It may be the only name for its gRPC service.
func (t *GuardedMethod) nameOf(full string, only bool) string {
	grpc, method, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	if !strings.HasPrefix(full, "/") {
		return method // an operation
	}
	name := method
	switch {
	case method == descriptor.EveryMethod && only:
		name = "all methods"
	case method == descriptor.EveryMethod:
		name = "all other methods"
	}
	switch {
	case len(t.service.GRPC) == 1:
		return name
	case method == descriptor.EveryMethod:
		return name + " of " + grpc
	default:
		return grpc + "/" + method
	}
}

// methods returns the full names of the methods that are known of a service, sorted, and
// for each gRPC service whose methods are not described the name that stands for the
// others.
func (t *GuardedMethod) methods(public []string, set descriptor.Set) []string {
	var all []string
	for _, grpc := range t.service.GRPC {
		names, described := set.Methods[grpc]
		names = append(slices.Concat(names, t.service.Closed), files.MethodNames(t.service)...)
		for _, entry := range public {
			if method, ok := strings.CutPrefix(entry, grpc+"/"); ok {
				names = append(names, method)
			}
		}
		slices.Sort(names)
		if !described {
			names = append(names, descriptor.EveryMethod)
		}
		for _, name := range slices.Compact(names) {
			all = append(all, "/"+grpc+"/"+name)
		}
	}
	return all
}

// withOperations adds the full names of the operations to those of the methods. An operation
// with the name of a method of the only gRPC service has its rule.
func (t *GuardedMethod) withOperations(methods []string) []string {
	all := slices.Clone(methods)
	for _, o := range t.Guard.Operations() {
		if len(t.service.GRPC) != 1 || !slices.Contains(methods, "/"+t.service.GRPC[0]+"/"+o.Method) {
			all = append(all, o.Name)
		}
	}
	return all
}

// place returns where an entry stands in its file; empty if that is not known.
func (t *GuardedMethod) place(policy *access.Policy, entry string) string {
	rest, _ := strings.CutPrefix(entry, "services."+t.serviceName+".allow[")
	i, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil {
		return ""
	}
	return policy.Place("services", t.serviceName, "allow", strconv.Itoa(i))
}

// alike reports whether two explanations differ in their method alone.
func alike(a, b *Explanation) bool {
	other := *b
	other.Method = a.Method
	return reflect.DeepEqual(*a, other)
}
