package explain

import (
	"slices"

	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// ServicesWith returns those of the gRPC services that have a method, as far as that is
// known: methods has the methods of those that are described; Echo is always known. If
// none is known to have it, they are those of which nothing is known.
func ServicesWith(services []string, method string, methods map[string][]string) []string {
	var certain, possible []string
	for _, name := range services {
		switch known, described := methods[name]; {
		case name == echov1.Echo_ServiceDesc.ServiceName && !described:
			if slices.Contains(echoMethods(), method) {
				certain = append(certain, name)
			}
		case !described:
			possible = append(possible, name)
		case slices.Contains(known, method):
			certain = append(certain, name)
		}
	}
	switch {
	case len(certain) > 0:
		return certain
	case len(possible) > 0:
		return possible
	default:
		return services
	}
}

func echoMethods() []string {
	var names []string
	for _, m := range echov1.Echo_ServiceDesc.Methods {
		names = append(names, m.MethodName)
	}
	for _, s := range echov1.Echo_ServiceDesc.Streams {
		names = append(names, s.StreamName)
	}
	return names
}
