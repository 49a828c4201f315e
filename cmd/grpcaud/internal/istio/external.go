package istio

import (
	"strconv"
	"time"
)

const (
	externalFilter = "envoy.filters.http.ext_authz"
	externalConfig = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3."
)

// External is the wiring of a mesh with an external authorization service.
type External struct {
	// Provider is the name of the extension provider. Required.
	Provider string

	// MaxStream is how long a call may last, since it is judged only when it opens.
	// Required.
	MaxStream time.Duration
}

// ExternalManifests returns the manifests that make the proxies of these services ask e
// about each request.
func ExternalManifests(services []string, e External, o Options) ([]object, error) {
	w := writer{Options: o, names: map[string]string{}}
	for _, service := range services {
		name, err := w.name(service)
		if err != nil {
			return nil, err
		}
		pods, err := o.pods(service)
		if err != nil {
			return nil, err
		}
		w.add("AuthorizationPolicy", name, object{
			"selector",
			object{"matchLabels", pods},
			"action", "CUSTOM", "provider",
			object{"name", e.Provider},
			"rules",
			[]object{{}}, // every request
		})
		w.addOf("networking.istio.io/v1alpha3", "EnvoyFilter", name, object{
			"workloadSelector", object{"labels", pods}, "configPatches", []object{completeFilter(), e.completeRoutes(service)},
		})
	}
	return w.manifests, nil
}

// completeFilter makes the filter report what the interface of Istio cannot express: all
// headers as they came, and whether the connection has TLS.
func completeFilter() object {
	return patch("HTTP_FILTER", object{"listener", object{"filterChain", object{"filter", object{
		"name", "envoy.filters.network.http_connection_manager", "subFilter", object{"name", externalFilter},
	}}}}, object{"name", externalFilter, "typed_config", object{
		"@type", externalConfig + "ExtAuthz",
		"failure_mode_allow", false,
		"encode_raw_headers", true,
		"include_peer_certificate", true,
		"include_tls_session", true,
	}})
}

// completeRoutes tells the filter the service of the matrix, and bounds calls.
func (e External) completeRoutes(service string) object {
	return patch("HTTP_ROUTE", nil, object{
		"route",
		object{"max_stream_duration", object{"max_stream_duration", strconv.FormatFloat(e.MaxStream.Seconds(), 'f', -1, 64) + "s"}},
		"typed_per_filter_config",
		object{externalFilter, object{
			"@type", externalConfig + "ExtAuthzPerRoute",
			"check_settings",
			object{"context_extensions", object{"service", service}},
		}},
	})
}

func patch(applyTo string, match, value object) object {
	return object{
		"applyTo", applyTo, "match", append(object{"context", "SIDECAR_INBOUND"}, match...),
		"patch",
		object{"operation", "MERGE", "value", value},
	}
}
