package envoy

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// keys returns the field that tells jwt_authn where the keys of i are, with its value.
func keys(i mesh.Issuer, o Options) ([2]any, error) {
	if set, ok := o.Keys[i.Name]; ok {
		return [2]any{"local_jwks", object{"inline_string", string(set)}}, nil
	}
	if i.JWKS() == "" {
		return [2]any{}, fmt.Errorf("issuer %q: Envoy asks for no metadata document: say where the keys are, by jwks in the file or by --jwks-file", i.Name)
	}
	return [2]any{"remote_jwks", object{
		"http_uri",
		object{"uri", i.JWKS(), "cluster", keyCluster(i), "timeout", "5s"},
		"cache_duration", "600s",
		"async_fetch",
		object{"fast_listener", true, "failed_refetch_duration", "1s"},
	}}, nil
}

func keyCluster(i mesh.Issuer) string { return "keys of " + i.Name }

// keyClusters are the clusters from which keys are fetched.
func keyClusters(p *mesh.Plan, o Options) ([]object, error) {
	var clusters []object
	for _, i := range p.Issuers {
		if _, ok := o.Keys[i.Name]; ok {
			continue
		}
		u, err := url.Parse(i.JWKS())
		if err != nil || u.Hostname() == "" {
			return nil, fmt.Errorf("issuer %q: got %q for its keys, want a URL", i.Name, i.JWKS())
		}
		port, tls := "80", u.Scheme == "https"
		if tls {
			port = "443"
		}
		if u.Port() != "" {
			port = u.Port()
		}
		c, err := cluster(keyCluster(i), u.Hostname(), port)
		if err != nil {
			return nil, err
		}
		if tls {
			c = append(c, "transport_socket", verifiedTLS(u.Hostname(), cmp.Or(i.Settings.CAFile, o.CAFile)))
		}
		clusters = append(clusters, c)
	}
	return clusters, nil
}

// verifiedTLS is TLS with a server that has a certificate for host, trusted by the
// certificates in a file.
func verifiedTLS(host, authorities string) object {
	return object{"name", "envoy.transport_sockets.tls", "typed_config", object{
		"@type", "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
		"sni", host,
		"common_tls_context",
		object{"validation_context", object{
			"trusted_ca",
			object{"filename", authorities},
			"match_typed_subject_alt_names",
			[]object{{"san_type", "DNS", "matcher", object{"exact", host}}},
		}},
	}}
}

func cluster(name, host, port string) (object, error) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("got port %q, want a number", port)
	}
	return clusterAt(name, "STRICT_DNS", address(host, number)), nil
}

// clusterAt is a cluster of one address. kind says how Envoy finds it.
func clusterAt(name, kind string, at object) object {
	return object{
		"name", name, "type", kind, "connect_timeout", "5s",
		"load_assignment",
		object{"cluster_name", name, "endpoints", []object{{"lb_endpoints", []object{
			{"endpoint", object{"address", at}},
		}}}},
	}
}

func address(host string, port uint64) object {
	return object{"socket_address", object{"address", host, "port_value", port}}
}

// duration writes d as protobuf does in JSON.
func duration(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}
