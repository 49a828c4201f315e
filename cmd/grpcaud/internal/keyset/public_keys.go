package keyset

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/jwkset"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// PublicKeys reads a JWK set and keeps the keys that tokens may be verified with. A set
// with a private or a shared key is refused, since the result is published. The notes
// say which keys were left out, and why.
func PublicKeys(path string) (set []byte, notes []string, err error) {
	data, err := regularfile.Read(path, 1<<20)
	if err != nil {
		return nil, nil, err
	}
	var all struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(data, &all); err != nil || len(all.Keys) == 0 {
		what := cmp.Or(jwkset.Misfit(data), "its list is empty")
		return nil, nil, fmt.Errorf("%s: not a JWK set with keys: %w; %s", path, cmp.Or(err, errors.New("there are none")), what)
	}
	var kept []json.RawMessage
	var ids []string
	for n, raw := range all.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil {
			return nil, nil, fmt.Errorf("%s: not a JWK set with keys: %w", path, err)
		}
		if !key.IsPublic() {
			return nil, nil, fmt.Errorf("%s: key %q is not public", path, key.KeyID)
		}
		if why := unfitReason(raw, key); why != "" {
			notes = append(notes, fmt.Sprintf("key %d of %s, kid %q: %s", n, path, key.KeyID, why))
			continue
		}
		kept, ids = append(kept, raw), append(ids, key.KeyID)
	}
	if len(kept) > 1 && slices.Contains(ids, "") {
		return nil, nil, fmt.Errorf("%s: several keys, and one without kid: a proxy would use it for tokens of any kid; name it, or leave it out", path)
	}
	if len(kept) == 0 {
		return nil, nil, fmt.Errorf("%s: no key of it can verify a token: %s", path, output.List(notes))
	}
	set, err = json.Marshal(map[string]any{"keys": kept})
	return set, notes, err
}

// unfitReason says why tokens may not be verified with a key; empty if they may.
func unfitReason(raw json.RawMessage, key jose.JSONWebKey) string {
	var members map[string]any
	_ = json.Unmarshal(raw, &members) // it is a key
	if use, ok := members["use"]; ok && use != "sig" {
		return "by its use, it is not for signatures"
	}
	if operations, ok := members["key_ops"]; ok {
		if list, _ := operations.([]any); !slices.Contains(list, any("verify")) {
			return "by its key_ops, it is not for verifying"
		}
	}
	algorithms, err := jwkset.Algorithms(key.Key)
	if err != nil {
		return "its kind or its size is not accepted"
	}
	if alg, ok := members["alg"]; ok {
		if name, _ := alg.(string); !slices.Contains(algorithms, name) {
			return "its alg is not accepted, or is not of its kind"
		}
	}
	return ""
}
