package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keyset"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// meshFlags are the flags for both proxies.
type meshFlags struct {
	services  []string
	keysFiles []string
	forward   bool
}

func (m *meshFlags) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&m.services, "service", nil, "for istio and envoy: the services to guard (default: all)")
	cli.Complete(cmd, "service", cli.FromMatrix(files.GuardedServiceNames))
	flags.StringArrayVar(&m.keysFiles, "jwks-file", nil, "for istio and envoy: the file with the keys of an issuer, as ISSUER=FILE, or FILE if there is one issuer")
	flags.BoolVar(&m.forward, "forward", false, "for istio and envoy: leave the token in the call, for a service that reads it too")
}

// plan returns the plan that a proxy has to enforce, and the keys for it.
func (m *meshFlags) plan(policy *access.Policy) (*mesh.Plan, map[string][]byte, error) {
	services, err := serviceNames(policy, m.services)
	if err != nil {
		return nil, nil, err
	}
	plan, err := mesh.New(policy, services...)
	if err != nil {
		return nil, nil, err
	}
	keys, notes, err := m.keys(policy.Matrix().Issuers)
	plan.Notes = append(plan.Notes, notes...)
	return plan, keys, err
}

// keys reads the keys of --jwks-file and of keys_file, by issuer. The notes say which
// were left out.
func (m *meshFlags) keys(issuers map[string]access.Issuer) (keys map[string][]byte, notes []string, err error) {
	paths := map[string]string{}
	for name, issuer := range issuers {
		if issuer.KeysFile != "" {
			paths[name] = issuer.KeysFile
		}
	}
	for _, v := range m.keysFiles {
		name, path, named := strings.Cut(v, "=")
		if _, ok := issuers[name]; !named || !ok {
			only := slices.Collect(maps.Keys(issuers))
			if len(only) != 1 {
				return nil, nil, fmt.Errorf("--jwks-file: got %q, want ISSUER=FILE, with one of %s", v, output.List(slices.Sorted(maps.Keys(issuers))))
			}
			name, path = only[0], v
		}
		paths[name] = path
	}
	keys = map[string][]byte{}
	for name, path := range paths {
		set, unfit, err := keyset.PublicKeys(path)
		if err != nil {
			return nil, nil, err
		}
		keys[name] = set
		notes = append(notes, unfit...)
	}
	return keys, notes, nil
}

// writeYAML writes documents, with comments before them.
func writeYAML(cmd *cobra.Command, head string, documents ...ordered.Map) error {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	for _, d := range documents {
		if err := encoder.Encode(d); err != nil {
			return err
		}
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s%s", head, text.String()) })
}
