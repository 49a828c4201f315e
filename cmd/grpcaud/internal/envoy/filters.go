package envoy

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// Options are what the plan does not say. The zero value is useful.
type Options struct {
	// Keys are the JWK sets of issuers, by name; those of others are fetched.
	Keys map[string][]byte

	// Forward leaves the token in the call, for a service that reads it too.
	Forward bool

	// Listen and Upstream are host:port, for a whole configuration, and CAFile is the path of the
	// certificates to trust for the issuers, in PEM.
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
		rbac("authorization", "DENY", malformedCalls(p)),
		filter("envoy.filters.http.jwt_authn", "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", jwt),
		rbac("access-tokens", "DENY", otherTokens(p, o)),
		rbac("token-times", "ALLOW", liveTokens(p)),
		rbac("access-matrix", "ALLOW", ruleFilter(p)),
	}, nil
}

func filter(name, kind string, config object) object {
	return object{"name", name, "typed_config", append(object{"@type", "type.googleapis.com/" + kind}, config...)}
}

func rbac(name, action string, policies object) object {
	return filter(name, "envoy.extensions.filters.http.rbac.v3.RBAC", object{"rules", object{"action", action, "policies", policies}})
}

// authentication is the configuration of jwt_authn. Paths that it does not name need no token
// there, and are refused later.
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
				"header_in_metadata", headerKey(i.Name),
				source[0], source[1],
			})
		}
	}
	return object{"providers", providers, "rules", requirements(p)}, nil
}

// provider returns the name by which jwt_authn knows an issuer with the nth spelling of its
// URL.
func provider(i mesh.Issuer, n int) string {
	if n == 0 {
		return i.Name
	}
	return fmt.Sprintf("%s, spelling %d", i.Name, n+1)
}

// headerKey returns the key of the header of an issuer's token.
func headerKey(issuer string) string { return "header of " + issuer }

// requirements say which calls need a token, the longest paths first.
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
			continue // no token is accepted
		}
		for _, path := range s.Paths {
			rules = append(rules, object{"match", match(path), "requires", requires(p, s)})
		}
	}
	return rules
}

// requires demands a token of one of the issuers of s, or one of these.
func requires(p *mesh.Plan, s mesh.Service, also ...object) object {
	var either []object
	for _, name := range s.Issuers {
		i := p.Issuer(name)
		for n := range i.URLs {
			one := object{"provider_and_audiences", object{"provider_name", provider(i, n), "audiences", s.Audiences}}
			if s.OmitsAudience {
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

// match is a path in the form of routes.
func match(path string) object {
	if service, whole := strings.CutSuffix(path, "*"); whole {
		return object{"prefix", service}
	}
	return object{"path", path}
}
