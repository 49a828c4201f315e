package main

import (
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
