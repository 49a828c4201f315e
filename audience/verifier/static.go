package verifier

import "fmt"

// staticKeys returns a key set with these keys, which is never refreshed and never gets
// too old.
func staticKeys(from source, jwks []byte) (*keySet, error) {
	keys, err := parseKeys(jwks, from.uses())
	if err != nil {
		return nil, fmt.Errorf("static keys: %w", err)
	}
	k := newKeySet(from, nil, 0)
	k.current.Store(keys)
	return k, nil
}
