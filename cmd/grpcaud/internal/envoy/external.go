package envoy

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/loopback"
)

// External is the wiring of Envoy with an external authorization service, which decides
// instead of Envoy's own filters.
type External struct {
	// Addr is where the service listens: host:port, or unix: and the path of a
	// socket. Other hosts than this machine are called over TLS. Required.
	Addr string

	// CAFile is the path of the certificates to trust for Addr, in PEM, where Envoy runs.
	CAFile string

	// MaxStream is how long a call may last, since it is judged only when it opens.
	// Required.
	MaxStream time.Duration

	// Listen and Upstream are host:port, for a whole configuration.
	Listen, Upstream string

	// Services are the services of the policy that are behind Envoy.
	Services []string

	// GRPC are the gRPC services of each of the services.
	GRPC map[string][]string

	// HTTP are the authorities of each service that has HTTP operations.
	HTTP map[string][]string
}

// NewExternal returns the wiring for these services of the policy, or for all of them if
// none is named.
func NewExternal(policy *access.Policy, services []string) (External, error) {
	if len(services) == 0 {
		services = policy.Services()
	}
	e := External{Services: services, GRPC: map[string][]string{}, HTTP: map[string][]string{}}
	if _, err := policy.Guard(services...); err != nil {
		return e, err
	}
	all := policy.Matrix().Services
	for _, name := range services {
		e.GRPC[name] = all[name].GRPC
		if len(policy.Operations(name)) > 0 {
			e.HTTP[name] = all[name].Authorities
		}
	}
	for name, hosts := range e.HTTP {
		if len(services) > 1 && len(hosts) == 0 {
			return e, fmt.Errorf("service %q has HTTP operations, and other services are behind the same Envoy: list its hosts under authorities, or export each service with --service", name)
		}
	}
	return e, nil
}

const (
	externalFilter  = "envoy.filters.http.ext_authz"
	externalCluster = "grpcaud"
)

// Parts returns the filter, the virtual host and the cluster, for a configuration that
// exists.
func (e External) Parts() (object, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	return object{"http_filters", []object{e.filter()}, "virtual_hosts", e.virtualHosts(), "clusters", []object{cluster}}, nil
}

// Bootstrap returns a whole configuration: a listener, the filter, the service behind
// them, and the service that decides.
func (e External) Bootstrap() (object, error) {
	decides, err := e.cluster()
	if err != nil {
		return nil, err
	}
	return bootstrap(e.Listen, e.Upstream, len(e.HTTP) > 0, []object{e.filter()}, e.virtualHosts(), decides)
}

// filter asks about each request. What it reports is what a guard needs: all headers as
// they came, the certificate of the client, and whether the connection has TLS.
func (e External) filter() object {
	return filter(externalFilter, "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", object{
		"transport_api_version", "V3",
		"grpc_service",
		object{"envoy_grpc", object{"cluster_name", externalCluster}, "timeout", "2s"},
		"failure_mode_allow", false,
		"status_on_error",
		object{"code", "ServiceUnavailable"},
		"encode_raw_headers", true,
		"include_peer_certificate", true,
		"include_tls_session", true,
	})
}

// virtualHosts tell the filter the service of the matrix: by the gRPC service of a call,
// and by the host of another request. The last route for calls is for public methods,
// which every server may have.
func (e External) virtualHosts() []object {
	if only := e.Services[0]; len(e.Services) == 1 {
		_, overHTTP := e.HTTP[only]
		return []object{virtualHost(only, []string{"*"}, e.route("/", only, !overHTTP))}
	}
	var hosts, calls []object
	for _, name := range e.Services {
		for _, grpc := range e.GRPC[name] {
			calls = append(calls, e.route("/"+grpc+"/", name, true))
		}
		if domains := domainsOf(e.HTTP[name]); len(domains) > 0 {
			hosts = append(hosts, virtualHost(name, domains, e.route("/", name, false)))
		}
	}
	return append(hosts, virtualHost("calls", []string{"*"}, append(calls, e.route("/", e.Services[0], true))...))
}

func virtualHost(name string, domains []string, routes ...object) object {
	return object{"name", name, "domains", domains, "routes", routes}
}

// domainsOf returns authorities in the form of Envoy: one without a port means every port.
func domainsOf(authorities []string) []string {
	var domains []string
	for _, authority := range authorities {
		domains = append(domains, authority)
		if _, _, err := net.SplitHostPort(authority); err != nil {
			domains = append(domains, authority+":*")
		}
	}
	return domains
}

// route leads to the service, and says which one it is. Only a route for calls is limited
// to gRPC.
func (e External) route(prefix, service string, calls bool) object {
	match := object{"prefix", prefix}
	if calls {
		match = append(match, "grpc", object{})
	}
	return object{
		"match", match,
		"route",
		object{"cluster", "service", "timeout", "0s", "max_stream_duration", object{"max_stream_duration", duration(e.MaxStream)}},
		"typed_per_filter_config",
		object{externalFilter, object{
			"@type", "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
			"check_settings",
			object{"context_extensions", object{"service", service}},
		}},
	}
}

// cluster is the service that decides, over HTTP/2.
func (e External) cluster() (object, error) {
	if path, ok := strings.CutPrefix(e.Addr, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("--authz: got %q, want unix: and an absolute path", e.Addr)
		}
		return overHTTP2(clusterAt(externalCluster, "STATIC", object{"pipe", object{"path", path}})), nil
	}
	host, port, err := split(e.Addr)
	if err != nil {
		return nil, fmt.Errorf("--authz: %w, or unix: and the path of a socket", err)
	}
	c := overHTTP2(clusterAt(externalCluster, "STRICT_DNS", address(host, port)))
	if !loopback.Host(host) {
		c = append(c, "transport_socket", verifiedTLS(host, e.CAFile))
	}
	return c, nil
}
