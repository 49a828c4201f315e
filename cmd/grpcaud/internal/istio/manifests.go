package istio

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// Options say what the plan does not.
type Options struct {
	// Namespace is where the services are; empty leaves it to whoever applies the
	// manifests.
	Namespace string

	// Selector is the label of the pods of a service, as key=value, with {service}
	// in the place of its name. Required.
	Selector string

	// Keys are the JWK sets of issuers, by their names; those of others are
	// fetched.
	Keys map[string][]byte

	// Forward leaves the token in the call, for a service that looks at it too.
	Forward bool
}

type object = ordered.Map

// Manifests returns the manifests of all services, in the order of applying them,
// and what was left out.
func Manifests(p *mesh.Plan, o Options) ([]object, []string, error) {
	w := writer{Plan: p, Options: o, names: map[string]string{}}
	for _, s := range p.Services {
		if err := w.service(s); err != nil {
			return nil, nil, err
		}
	}
	for _, i := range p.Issuers {
		w.remark(i)
	}
	return w.manifests, w.notes, nil
}

// writer collects manifests.
type writer struct {
	*mesh.Plan
	Options
	names     map[string]string // of services, by those of their manifests
	manifests []object
	notes     []string
}

func (w *writer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// remark notes what Istio does not see of the tokens of i.
func (w *writer) remark(i mesh.Issuer) {
	w.note("algorithms of issuer %q, %s: any will do that goes with one of its keys, a shared key included", i.Name, strings.Join(i.Algorithms(), ", "))
	w.note("max_lifetime of issuer %q, %v: its tokens may live for longer, and without exp for ever", i.Name, i.MaxLifetime())
	w.note("leeway of issuer %q, %v: it is that of Istio, 60 seconds", i.Name, i.Leeway())
	for _, c := range i.Must {
		if members, odd := unseen[c.Claim[0]]; odd && len(members) == 0 {
			w.note("what issuer %q asks of the claim %q: it is no text, and not seen", i.Name, c.Claim[0])
		}
	}
	w.note("the typ header of tokens of issuer %q: what else tells its access tokens from others is compared", i.Name)
}

func (w *writer) service(s mesh.Service) error {
	name, err := w.name(s.Name)
	if err != nil {
		return err
	}
	key, value, ok := strings.Cut(strings.ReplaceAll(w.Selector, "{service}", s.Name), "=")
	if !ok || key == "" || !label.MatchString(value) {
		return fmt.Errorf("--selector: got %q for service %q, want a label, as KEY=VALUE of letters, digits, dots, dashes and underscores", key+"="+value, s.Name)
	}
	selector := object{"matchLabels", object{key, value}}
	w.add("RequestAuthentication", name, object{"selector", selector, "jwtRules", w.jwtRules(s)})
	if flaws := w.flaws(s); len(flaws) > 0 {
		w.add("AuthorizationPolicy", name+"-access-tokens", object{"selector", selector, "action", "DENY", "rules", flaws})
	}
	// A policy without rules is one that allows nothing.
	w.add("AuthorizationPolicy", name, object{"selector", selector, "action", "ALLOW", "rules", w.rules(s)})
	return nil
}

func (w *writer) add(kind, name string, spec object) {
	metadata := object{"name", name}
	if w.Namespace != "" {
		metadata = append(metadata, "namespace", w.Namespace)
	}
	w.manifests = append(w.manifests, object{
		"apiVersion", "security.istio.io/v1", "kind", kind, "metadata", metadata, "spec", spec,
	})
}

// label is what a label's value may be.
var label = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// odd are the characters that the name of a manifest may not have.
var odd = regexp.MustCompile(`[^a-z0-9]+`)

// name returns how the manifests of a service are called.
func (w *writer) name(service string) (string, error) {
	name := strings.Trim("grpcaud-"+odd.ReplaceAllString(strings.ToLower(service), "-"), "-")
	if other, taken := w.names[name]; taken {
		return "", fmt.Errorf("services %q and %q would both have the manifest %q: export them one by one with --service", other, service, name)
	}
	w.names[name] = service
	return name, nil
}

// jwtRules verify tokens of the issuers of s.
func (w *writer) jwtRules(s mesh.Service) []object {
	rules := []object{}
	for _, name := range s.Issuers {
		i := w.Issuer(name)
		for _, url := range i.URLs {
			rule := object{"issuer", url}
			if !s.Bare {
				rule = append(rule, "audiences", s.Audiences)
			}
			if set, ok := w.Keys[name]; ok {
				rule = append(rule, "jwks", string(set))
			} else if i.JWKS() != "" {
				rule = append(rule, "jwksUri", i.JWKS())
			}
			rules = append(rules, append(rule,
				"fromHeaders", []object{{"name", "authorization", "prefix", "Bearer "}},
				"forwardOriginalToken", w.Forward))
		}
	}
	return rules
}
