package envoy

import (
	"fmt"
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
}

// NewExternal returns the wiring for these services of the policy, or for all of them if
// none is named.
func NewExternal(policy *access.Policy, services []string) (External, error) {
	if len(services) == 0 {
		services = policy.Services()
	}
	e := External{Services: services, GRPC: map[string][]string{}}
	if _, err := policy.Guard(services...); err != nil {
		return e, err
	}
	all := policy.Matrix().Services
	for _, name := range services {
		e.GRPC[name] = all[name].GRPC
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
	return object{"http_filters", []object{e.filter()}, "virtual_hosts", []object{e.virtualHost()}, "clusters", []object{cluster}}, nil
}

// Bootstrap returns a whole configuration: a listener, the filter, the service behind
// them, and the service that decides.
func (e External) Bootstrap() (object, error) {
	decides, err := e.cluster()
	if err != nil {
		return nil, err
	}
	return bootstrap(e.Listen, e.Upstream, []object{e.filter()}, e.virtualHost(), decides)
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

// virtualHost has a route for each gRPC service, which tells the filter the service of the
// matrix. The last route is for public methods, which every server may have.
func (e External) virtualHost() object {
	var routes []object
	for _, name := range e.Services {
		for _, grpc := range e.GRPC[name] {
			routes = append(routes, e.route("/"+grpc+"/", name))
		}
	}
	return object{"name", "service", "domains", []string{"*"}, "routes", append(routes, e.route("/", e.Services[0]))}
}

func (e External) route(prefix, service string) object {
	return object{
		"match",
		object{"prefix", prefix, "grpc", object{}},
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
