package envoy

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// Options say what the plan does not. The zero value is of use.
type Options struct {
	// Keys are the JWK sets of issuers, by their names; those of others are
	// fetched.
	Keys map[string][]byte

	// Forward leaves the token in the call, for a service that looks at it too.
	Forward bool

	// Listen and Upstream are host:port of a whole configuration, and CAFile the
	// path of the authorities that vouch for the issuers, in PEM.
	Listen, Upstream, CAFile string
}

type object = ordered.Map

// Filters returns the HTTP filters, without the router.
func Filters(p *mesh.Plan, o Options) ([]object, error) {
	jwt, err := authentication(p, o)
	if err != nil {
		return nil, err
	}
	return []object{
		rbac("authorization", "DENY", misshapen(p)),
		filter("envoy.filters.http.jwt_authn", "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", jwt),
		rbac("access-tokens", "DENY", strangers(p, o)),
		rbac("token-times", "ALLOW", times(p)),
		rbac("access-matrix", "ALLOW", matrix(p)),
	}, nil
}

func filter(name, kind string, config object) object {
	return object{"name", name, "typed_config", append(object{"@type", "type.googleapis.com/" + kind}, config...)}
}

func rbac(name, action string, policies object) object {
	return filter(name, "envoy.extensions.filters.http.rbac.v3.RBAC", object{"rules", object{"action", action, "policies", policies}})
}

// authentication is the configuration of jwt_authn. Whatever path it does not
// name needs no token there, and is refused later.
func authentication(p *mesh.Plan, o Options) (object, error) {
	providers := object{}
	for _, i := range p.Issuers {
		source, err := keys(i, o)
		if err != nil {
			return nil, err
		}
		for n, url := range i.URLs {
			providers = append(providers, provider(i, n), object{
				"issuer", url,
				"from_headers",
				[]object{
					{"name", "authorization", "value_prefix", "Bearer "},
					{"name", "authorization", "value_prefix", "bearer "},
				},
				"forward", o.Forward,
				"require_expiration", true,
				"max_lifetime", duration(i.MaxLifetime()),
				"clock_skew_seconds", max(1, int(i.Leeway().Seconds())), // 0 means 60
				"payload_in_metadata", i.Name,
				"header_in_metadata", headerOf(i.Name),
				source[0], source[1],
			})
		}
	}
	return object{"providers", providers, "rules", requirements(p)}, nil
}

// provider is what jwt_authn calls an issuer by the nth spelling of its URL.
func provider(i mesh.Issuer, n int) string {
	if n == 0 {
		return i.Name
	}
	return fmt.Sprintf("%s, spelling %d", i.Name, n+1)
}

// headerOf is under which name the header of an issuer's token is kept.
func headerOf(issuer string) string { return "header of " + issuer }

// requirements say which calls need a token, the narrower paths first.
func requirements(p *mesh.Plan) []object {
	var rules []object
	for _, path := range p.Public {
		rules = append(rules, object{"match", match(path)})
	}
	for _, s := range p.Services {
		for _, path := range s.Optional {
			rules = append(rules, object{"match", match(path), "requires", requires(p, s, object{"allow_missing", object{}})})
		}
	}
	for _, s := range p.Services {
		if len(s.Issuers) == 0 {
			continue // no token will do
		}
		for _, path := range s.Paths {
			rules = append(rules, object{"match", match(path), "requires", requires(p, s)})
		}
	}
	return rules
}

// requires is a token of one of the issuers of s, or else.
func requires(p *mesh.Plan, s mesh.Service, also ...object) object {
	var either []object
	for _, name := range s.Issuers {
		i := p.Issuer(name)
		for n := range i.URLs {
			one := object{"provider_and_audiences", object{"provider_name", provider(i, n), "audiences", s.Audiences}}
			if s.Bare {
				one = object{"provider_name", provider(i, n)}
			}
			either = append(either, one)
		}
	}
	either = append(either, also...)
	if len(either) == 1 {
		return either[0]
	}
	return object{"requires_any", object{"requirements", either}}
}

// match is a path as routes have it.
func match(path string) object {
	if service, whole := strings.CutSuffix(path, "*"); whole {
		return object{"prefix", service}
	}
	return object{"path", path}
}
