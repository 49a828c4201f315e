package envoy

import (
	"fmt"
	"net"
	"strconv"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// Bootstrap returns a whole configuration: a listener, the filters, and the service behind
// them.
func Bootstrap(p *mesh.Plan, o Options) (object, error) {
	filters, err := Filters(p, o)
	if err != nil {
		return nil, err
	}
	clusters, err := keyClusters(p, o)
	if err != nil {
		return nil, err
	}
	return bootstrap(o.Listen, o.Upstream, false, filters, []object{virtualHost("service", []string{"*"}, object{
		"match",
		object{"prefix", "/", "grpc", object{}},
		// A stream may last as long as the client wants.
		"route",
		object{"cluster", "service", "timeout", "0s"},
	})}, clusters...)
}

// bootstrap returns a listener with these filters and virtual hosts, the service behind
// them, and further clusters. If the service is not gRPC alone, HTTP/1.1 is spoken too.
func bootstrap(listen, service string, http1 bool, filters, hosts []object, clusters ...object) (object, error) {
	behind, err := upstream(service, http1)
	if err != nil {
		return nil, err
	}
	front, err := listener(listen, append(filters, filter("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router", nil)), hosts, http1)
	if err != nil {
		return nil, err
	}
	return object{"static_resources", object{
		"listeners",
		[]object{front},
		"clusters", append([]object{behind}, clusters...),
	}}, nil
}

func listener(at string, filters, virtualHosts []object, http1 bool) (object, error) {
	host, port, err := split(at)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	codec := "HTTP2"
	if http1 {
		codec = "AUTO"
	}
	manager := filter("envoy.filters.network.http_connection_manager", "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", object{
		"stat_prefix", "grpc",
		"codec_type", codec,
		"http_filters", filters,
		"route_config",
		object{"virtual_hosts", virtualHosts},
	})
	return object{"name", "grpc", "address", address(host, port), "filter_chains", []object{{"filters", []object{manager}}}}, nil
}

// upstream is the service, over HTTP/2, or over what the client speaks.
func upstream(at string, http1 bool) (object, error) {
	host, port, err := split(at)
	if err != nil {
		return nil, fmt.Errorf("--upstream: %w", err)
	}
	c, err := cluster("service", host, strconv.FormatUint(port, 10))
	if http1 {
		return over(c, "use_downstream_protocol_config", object{"http_protocol_options", object{}, "http2_protocol_options", object{}}), err
	}
	return overHTTP2(c), err
}

// overHTTP2 makes Envoy use HTTP/2 for a cluster.
func overHTTP2(c object) object {
	return over(c, "explicit_http_config", object{"http2_protocol_options", object{}})
}

// over says by a key and its value which version of HTTP Envoy uses for a cluster.
func over(c object, key string, value object) object {
	const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	return append(c, "typed_extension_protocol_options", object{options, object{
		"@type", "type.googleapis.com/" + options,
		key, value,
	}})
}

func split(at string) (host string, port uint64, err error) {
	host, text, err := net.SplitHostPort(at)
	if err == nil {
		port, err = strconv.ParseUint(text, 10, 16)
	}
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("got %q, want host:port", at)
	}
	return host, port, nil
}
