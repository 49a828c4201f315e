package main

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/istio"
)

// istioFlags are the flags for Istio.
type istioFlags struct{ namespace, selector string }

func (i *istioFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&i.namespace, "namespace", "", "for istio: the namespace of the services (default: that of kubectl apply)")
	flags.StringVar(&i.selector, "selector", "app={service}", "for istio: the label of a service's pods")
}

const istioHead = `# Made by grpcaud from the access matrix: change that, and export it again.
#
# Istio answers a token for another audience, and a call without a token, with 403
# (PERMISSION_DENIED), without a reason; a token that it cannot verify is a 401
# (UNAUTHENTICATED). Issuers and audiences are compared without http(s):// and
# without a slash at their end when a token is verified, and exactly by the rules
# after that. It guards the pods with the label while its proxy runs there.
#
# It admits what a server refuses, since a RequestAuthentication cannot express it:
#   - any lifetime of a token, also beyond the default of 24 hours, and a token without
#     exp; an iat in the future; 60 seconds of leeway for exp and nbf
#   - any algorithm that fits a key of the issuer's set, also one of a shared key;
#     keys with use: enc; tokens without kid, of several keys
#   - any header: typ, crit, b64, jwk, jku, x5u
#   - two authorization values, and Bearer with a token anywhere in the value; another
#     spelling of a token; tokens of any size
#   - claims of other types than they must have: act, sub, auth_time, roles, and those that
#     say who calls, such as repository; scopes with several spaces or forbidden characters;
#     with clients: any, azp and client_id that differ; a login without sub
#   - streams whose token has expired, and tokens that were revoked
`

const istioAuthzHead = `# Made by grpcaud from the access matrix: change that, and export it again.
#
# The proxy of each service asks "grpcaud authz" about each request. The configuration of
# the mesh (meshConfig) must say where that runs:
#
#   extensionProviders:
#   - name: %[1]s
#     envoyExtAuthzGrpc:
#       service: %[2]s
#       port: %[3]d
#       timeout: 2s
#       failOpen: false       # must stay so: without an answer, a request is refused
#       statusOnError: "503"
#
# The EnvoyFilters add what that does not express: raw headers, so that two tokens are
# seen as two; the certificate of the client; whether the connection has TLS; and for
# which service of the matrix the proxy asks.
#
# A stream is judged only when it opens: it does not end when its token expires or is
# revoked, or when the matrix changes. max_stream_duration is the limit instead.
#
# The service reads the caller in the headers x-grpcaud-*, and must accept connections
# from its proxy alone (mutual TLS in mode STRICT).
`

// exportAuthz writes the wiring of a mesh with an authorization service.
func (i *istioFlags) exportAuthz(cmd *cobra.Command, services []string, a authzFlags) error {
	name, at, given := strings.Cut(a.at, "=")
	if !given {
		at = net.JoinHostPort(fmt.Sprintf("%s.%s.svc.cluster.local", name, cmp.Or(i.namespace, "default")), "9191")
	}
	host, portText, err := net.SplitHostPort(at)
	port, portErr := strconv.ParseUint(portText, 10, 16)
	if err != nil || portErr != nil || host == "" || name == "" || strings.ContainsFunc(a.at, unicode.IsSpace) {
		return fmt.Errorf("--authz: got %q, want the name of the extension provider, or NAME=HOST:PORT", a.at)
	}
	manifests, err := istio.ExternalManifests(services, istio.External{Provider: name, MaxStream: a.maxStream}, istio.Options{Namespace: i.namespace, Selector: i.selector})
	if err != nil {
		return err
	}
	return writeYAML(cmd, fmt.Sprintf(istioAuthzHead, name, host, port), manifests...)
}

// export writes the manifests for the policy.
func (i *istioFlags) export(cmd *cobra.Command, policy *access.Policy, m meshFlags) ([]string, error) {
	plan, keys, err := m.plan(policy)
	if err != nil {
		return nil, err
	}
	manifests, notes, err := istio.Manifests(plan, istio.Options{
		Namespace: i.namespace, Selector: i.selector, Keys: keys, Forward: m.forward,
	})
	if err != nil {
		return nil, err
	}
	return append(notes, plan.Notes...), writeYAML(cmd, istioHead, manifests...)
}
