package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/istio"
)

// istioFlags are what the matrix does not say of a mesh.
type istioFlags struct{ namespace, selector string }

func (i *istioFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&i.namespace, "namespace", "", "for istio: the namespace of the services (default: that of whoever applies it)")
	flags.StringVar(&i.selector, "selector", "app={service}", "for istio: the label of a service's pods")
}

const istioHead = `# Made by grpcaud from the access matrix: change that, and export it again.
#
# Istio answers a token for somebody else with 403 (PERMISSION_DENIED) and names no
# reason. Issuers and audiences are compared without http(s):// and without a slash
# at their end when a token is verified, and exactly by the rules after that. A call
# with two authorization headers, a typ header and an iat in the future are not
# looked at.
`

func (e *exporting) toIstio(cmd *cobra.Command, policy *audience.Policy) ([]string, error) {
	plan, keys, err := e.plan(policy)
	if err != nil {
		return nil, err
	}
	manifests, notes, err := istio.Manifests(plan, istio.Options{
		Namespace: e.istio.namespace, Selector: e.istio.selector, Keys: keys, Forward: e.forward,
	})
	if err != nil {
		return nil, err
	}
	return append(notes, plan.Notes...), writeYAML(cmd, istioHead, manifests...)
}
