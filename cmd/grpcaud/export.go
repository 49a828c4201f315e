package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/login"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const exportHelp = `Export writes the access matrix for another system to enforce:

  keycloak   a realm, for kc.sh start --import-realm and the admin API: clients,
             client scopes and audience mappers, so that each client can get the
             tokens that it needs and no others. The partial import of the admin
             console reads only the clients
  istio      for each service a RequestAuthentication, and an AuthorizationPolicy
             that refuses what no rule allows
  envoy      the HTTP filters that do the same in Envoy; with --bootstrap, a whole
             configuration

What cannot be expressed there is named on standard error, one line each. An entry
with a demand that a proxy cannot check is left out, so that less is allowed. What a
proxy admits beyond the matrix is described at the top of the output: for Envoy, forms
of tokens and of keys; for Istio, also lifetimes and algorithms.

No secret is written. Keycloak creates one for each client that needs it. A client of
--login can use the authorization code flow, and only with PKCE (RFC 7636): its login
must send code_challenge_method=S256, or Keycloak refuses it.

A proxy does less than a server. It answers a token for another audience with
PERMISSION_DENIED instead of UNAUTHENTICATED, without a reason; it does not end a
stream when the token expires; it does not check the certificate that a token is bound
to, nor whether a token was revoked.

With --authz a proxy decides nothing itself: it asks "grpcaud authz" about each request.
Then its verdicts and reasons are those of a server. Only streams differ: they are
judged when they open, and may last as long as --max-stream says.`

const exportExamples = `  grpcaud export access.yaml --to keycloak > corp.json
  grpcaud export access.yaml --to keycloak --login backoffice-portal=https://backoffice.example.com/callback
  grpcaud export access.yaml --to istio --namespace shop | kubectl apply -f -
  grpcaud export access.yaml --to envoy --service order-status --bootstrap --upstream 127.0.0.1:50051 > envoy.yaml
  grpcaud export access.yaml --to envoy --service order-status --authz 127.0.0.1:9191 --bootstrap > envoy.yaml
  grpcaud export access.yaml --to istio --namespace shop --authz grpcaud-authz | kubectl apply -f -`

// exportOptions are the flags of the command export.
type exportOptions struct {
	target      cli.Choice
	descriptors string
	keycloak    keycloakFlags
	mesh        meshFlags
	istio       istioFlags
	envoy       envoyFlags
	authz       authzFlags
}

// export writes the policy for the chosen system. The notes say what was left out.
func (e *exportOptions) export(cmd *cobra.Command, policy *access.Policy) (notes []string, err error) {
	if err := e.authz.check(cmd, e.target.Value); err != nil {
		return nil, err
	}
	if e.authz.at != "" {
		return nil, e.exportAuthz(cmd, policy)
	}
	switch e.target.Value {
	case "istio":
		return e.istio.export(cmd, policy, e.mesh)
	case "envoy":
		return e.envoy.export(cmd, policy, e.mesh)
	default:
		return e.keycloak.export(cmd, policy)
	}
}

func exportCommand() *cobra.Command {
	var e exportOptions
	cmd := &cobra.Command{
		Use:   "export access.yaml --to keycloak|istio|envoy",
		Short: "Export the access matrix for Keycloak, Istio or Envoy",
		Long:  exportHelp, Example: exportExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	e.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, _, err := files.Load(cmd, args[0], e.descriptors)
		if err != nil {
			return err
		}
		notes, err := e.export(cmd, policy)
		if err != nil {
			return err
		}
		for _, p := range login.Check(policy.Matrix()) {
			if p.Severity == access.Warning {
				fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: warning: %s\n", output.Printable(p.Error()))
			}
		}
		output.WriteNotes(cmd.ErrOrStderr(), "exported", notes)
		return nil
	}
	return cmd
}

func (e *exportOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	e.target.Values = []string{"keycloak", "istio", "envoy"}
	flags.Var(&e.target, "to", "one of keycloak, istio, envoy (required)")
	cli.Complete(cmd, "to", func([]string) []string { return e.target.Values })
	flags.StringVar(&e.descriptors, "descriptors", "", descriptor.Usage)
	e.keycloak.flags(cmd)
	e.mesh.flags(cmd)
	e.istio.flags(cmd)
	e.envoy.flags(cmd)
	e.authz.flags(cmd)
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err) // the flag does not exist
	}
}
