package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
)

const exportHelp = `Export writes the access matrix down for somebody else to enforce:

  keycloak   a realm, as kc.sh start --import-realm and the admin API take it:
             clients, client scopes and audience mappers, so that each client can
             have the tokens that it needs and no others. The admin console's
             partial import takes the clients alone
  istio      for each service a RequestAuthentication, and an AuthorizationPolicy
             that refuses what no rule allows
  envoy      the HTTP filters that do the same in Envoy; with --bootstrap, a whole
             configuration

What cannot be said there is named on standard error, a line each. An entry with a
demand that a proxy cannot check is left out, so that less is allowed. What a proxy
lets in all the same, beyond the matrix, stands in the head of what is written: for
Envoy it is a matter of forms and of keys, for Istio also of the life of tokens and
of algorithms.

No secret is written. Keycloak makes one for each client that needs it.

A proxy does not do all that a server does. It answers a token for somebody else
with PERMISSION_DENIED instead of UNAUTHENTICATED, without a reason; it does not
end a stream when the token ends; it checks no certificate that a token is bound
to, and asks nobody whether a token was revoked.`

const exportExamples = `  grpcaud export access.yaml --to keycloak > corp.json
  grpcaud export access.yaml --to keycloak --login backoffice-portal=https://backoffice.example.com/callback
  grpcaud export access.yaml --to istio --namespace shop | kubectl apply -f -
  grpcaud export access.yaml --to envoy --service order-status --bootstrap --upstream 127.0.0.1:50051 > envoy.yaml`

// exporting is what the command export is asked.
type exporting struct {
	to          choice
	descriptors string
	services    []string
	keysFiles   []string
	forward     bool
	keycloak    keycloakFlags
	istio       istioFlags
	envoy       envoyFlags
}

// exporters are what the matrix is exported to.
var exporters = map[string]func(*exporting, *cobra.Command, *audience.Policy) ([]string, error){
	"keycloak": (*exporting).toKeycloak,
	"istio":    (*exporting).toIstio,
	"envoy":    (*exporting).toEnvoy,
}

func exportCommand() *cobra.Command {
	var e exporting
	cmd := &cobra.Command{
		Use:   "export access.yaml --to keycloak|istio|envoy",
		Short: "Write the access matrix down for Keycloak, Istio or Envoy",
		Long:  exportHelp, Example: exportExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	e.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := readDescriptors(e.descriptors)
		if err != nil {
			return err
		}
		policy, err := loadMatrix(cmd, args[0], set.options...)
		if err != nil {
			return err
		}
		notes, err := exporters[e.to.word](&e, cmd, policy)
		if err != nil {
			return err
		}
		warn(cmd.ErrOrStderr(), "exported", notes)
		return nil
	}
	return cmd
}

func (e *exporting) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	e.to.words = []string{"keycloak", "istio", "envoy"}
	flags.Var(&e.to, "to", "one of keycloak, istio, envoy (required)")
	suggest(cmd, "to", func([]string) []string { return e.to.words })
	flags.StringVar(&e.descriptors, "descriptors", "", descriptorsUsage)
	flags.StringSliceVar(&e.services, "service", nil, "for istio and envoy: the services to guard (default: all)")
	suggest(cmd, "service", ofFile(guardedNames))
	flags.StringArrayVar(&e.keysFiles, "jwks-file", nil, "for istio and envoy: the file that holds the keys of an issuer, as ISSUER=FILE, or FILE if there is one issuer")
	flags.BoolVar(&e.forward, "forward", false, "for istio and envoy: leave the token in the call, for a service that looks at it too")
	e.keycloak.flags(cmd)
	e.istio.flags(cmd)
	e.envoy.flags(cmd)
	if err := cmd.MarkFlagRequired("to"); err != nil {
		panic(err) // there is no such flag
	}
}

// warn writes what was not done, such as "exported", each text once.
func warn(w io.Writer, done string, notes []string) {
	slices.Sort(notes)
	for _, note := range slices.Compact(notes) {
		fmt.Fprintf(w, "grpcaud: not %s: %s\n", done, printable(note))
	}
}

// pairs reads the values of a flag that are NAME=VALUE.
func pairs(flag string, values []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("--%s: got %q, want NAME=VALUE", flag, v)
		}
		all[name] = append(all[name], value)
	}
	return all, nil
}
