package istio

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// Options are what the plan does not say.
type Options struct {
	// Namespace is the namespace of the services; empty leaves it to kubectl.
	Namespace string

	// Selector is the label of the pods of a service, as key=value, with {service} for its name.
	// Required.
	Selector string

	// Keys are the JWK sets of issuers, by name; those of others are fetched.
	Keys map[string][]byte

	// Forward leaves the token in the call, for a service that reads it too.
	Forward bool
}

type object = ordered.Map

// Manifests returns the manifests of all services, in the order for applying them, and what
// was left out.
func Manifests(p *mesh.Plan, o Options) ([]object, []string, error) {
	w := writer{Plan: p, Options: o, names: map[string]string{}}
	for _, s := range p.Services {
		if err := w.service(s); err != nil {
			return nil, nil, err
		}
	}
	for _, i := range p.Issuers {
		w.noteLimits(i)
	}
	return w.manifests, w.notes, nil
}

// writer collects manifests.
type writer struct {
	*mesh.Plan
	Options
	names     map[string]string // of services, by the names of their manifests
	manifests []object
	notes     []string
}

func (w *writer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// noteLimits notes what Istio does not check in the tokens of i.
func (w *writer) noteLimits(i mesh.Issuer) {
	w.note("algorithms of issuer %q, %s: Istio accepts each algorithm that fits one of its keys, also one of a shared key", i.Name, strings.Join(i.Algorithms(), ", "))
	w.note("max_lifetime of issuer %q, %v: Istio accepts longer lifetimes, and tokens without exp", i.Name, i.MaxLifetime())
	w.note("leeway of issuer %q, %v: that of Istio is 60 seconds", i.Name, i.Leeway())
	for _, c := range i.Must {
		if members, odd := nonTextClaims[c.Claim[0]]; odd && len(members) == 0 {
			w.note("the demand of issuer %q on the claim %q: Istio does not see claims that are no texts", i.Name, c.Claim[0])
		}
	}
	w.note("the typ header of tokens of issuer %q: Istio does not see headers", i.Name)
}

// pods returns the label of the pods of a service.
func (o Options) pods(service string) (object, error) {
	key, value, ok := strings.Cut(strings.ReplaceAll(o.Selector, "{service}", service), "=")
	if !ok || key == "" || !label.MatchString(value) {
		return nil, fmt.Errorf("--selector: got %q for service %q, want a label, as KEY=VALUE of letters, digits, dots, dashes and underscores", key+"="+value, service)
	}
	return object{key, value}, nil
}

func (w *writer) service(s mesh.Service) error {
	name, err := w.name(s.Name)
	if err != nil {
		return err
	}
	pods, err := w.pods(s.Name)
	if err != nil {
		return err
	}
	selector := object{"matchLabels", pods}
	w.add("RequestAuthentication", name, object{"selector", selector, "jwtRules", w.jwtRules(s)})
	if flaws := w.denials(s); len(flaws) > 0 {
		w.add("AuthorizationPolicy", name+"-access-tokens", object{"selector", selector, "action", "DENY", "rules", flaws})
	}
	// A policy without rules admits nothing.
	w.add("AuthorizationPolicy", name, object{"selector", selector, "action", "ALLOW", "rules", w.rules(s)})
	return nil
}

func (w *writer) add(kind, name string, spec object) {
	w.addOf("security.istio.io/v1", kind, name, spec)
}

// addOf adds a manifest of a version of one of Istio's interfaces.
func (w *writer) addOf(version, kind, name string, spec object) {
	metadata := object{"name", name}
	if w.Namespace != "" {
		metadata = append(metadata, "namespace", w.Namespace)
	}
	w.manifests = append(w.manifests, object{
		"apiVersion", version, "kind", kind, "metadata", metadata, "spec", spec,
	})
}

// label is the form of a label's value.
var label = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// invalidInName are the characters that the name of a manifest may not have.
var invalidInName = regexp.MustCompile(`[^a-z0-9]+`)

// name returns the name of the manifests of a service.
func (w *writer) name(service string) (string, error) {
	name := strings.Trim("grpcaud-"+invalidInName.ReplaceAllString(strings.ToLower(service), "-"), "-")
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
			if !s.OmitsAudience {
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
