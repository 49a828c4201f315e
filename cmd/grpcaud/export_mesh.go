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
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keyset"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// plan returns the plan that a proxy has to enforce, and the keys for it.
func (e *exportOptions) plan(policy *access.Policy) (*mesh.Plan, map[string][]byte, error) {
	for _, name := range e.services {
		if err := files.CheckName("service", name, slices.Values(policy.Services())); err != nil {
			return nil, nil, err
		}
	}
	plan, err := mesh.New(policy, e.services...)
	if err != nil {
		return nil, nil, err
	}
	keys, notes, err := e.keys(policy.Matrix().Issuers)
	plan.Notes = append(plan.Notes, notes...)
	return plan, keys, err
}

// keys reads the keys of --jwks-file and of keys_file, by issuer. The notes say which
// were left out.
func (e *exportOptions) keys(issuers map[string]access.Issuer) (keys map[string][]byte, notes []string, err error) {
	paths := map[string]string{}
	for name, issuer := range issuers {
		if issuer.KeysFile != "" {
			paths[name] = issuer.KeysFile
		}
	}
	for _, v := range e.keysFiles {
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
