package explain

import (
	"slices"

	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// ServicesWith returns the gRPC services that have a method. methods has the methods of
// the described services; the methods of Echo are always known. If no service is known to
// have the method, the result is the services whose methods are not known.
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
