package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// plan returns what a proxy has to enforce, and the keys that it is given.
func (e *exporting) plan(policy *audience.Policy) (*mesh.Plan, map[string][]byte, error) {
	for _, name := range e.services {
		if err := known("service", name, slices.Values(policy.Services())); err != nil {
			return nil, nil, err
		}
	}
	plan, err := mesh.New(policy, e.services...)
	if err != nil {
		return nil, nil, err
	}
	keys, err := e.keys(policy.Matrix().Issuers)
	return plan, keys, err
}

// keys reads the keys that are at hand: those of --jwks-file, and of keys_file.
func (e *exporting) keys(issuers map[string]audience.Issuer) (map[string][]byte, error) {
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
				return nil, fmt.Errorf("--jwks-file: got %q, want ISSUER=FILE, with one of %s", v, words(slices.Sorted(maps.Keys(issuers))))
			}
			name, path = only[0], v
		}
		paths[name] = path
	}
	keys := map[string][]byte{}
	for name, path := range paths {
		set, err := publicKeys(path)
		if err != nil {
			return nil, err
		}
		keys[name] = set
	}
	return keys, nil
}

// publicKeys reads a JWK set. One with a private or a shared key is refused: it
// would be written down for all to see.
func publicKeys(path string) ([]byte, error) {
	data, err := read(path, 1<<20)
	if err != nil {
		return nil, err
	}
	var set struct{ Keys []jose.JSONWebKey }
	if err := json.Unmarshal(data, &set); err != nil || len(set.Keys) == 0 {
		return nil, fmt.Errorf("%s: not a JWK set with keys: %w", path, cmp.Or(err, errors.New("there are none")))
	}
	for _, key := range set.Keys {
		if !key.IsPublic() {
			return nil, fmt.Errorf("%s: key %q is not public", path, key.KeyID)
		}
	}
	var short bytes.Buffer
	err = json.Compact(&short, data)
	return short.Bytes(), err
}

// writeYAML writes documents below a head of comments.
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
	return write(cmd, func(p *page) { p.printf("%s%s", head, text.String()) })
}
