package verifier

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/internal/jwkset"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

const maxKeys = 100 // keys of one issuer that are read

var forever = time.Unix(1<<40, 0)

// snapshot has the keys of an issuer at one time. It does not change after it is
// published.
type snapshot struct {
	keys       []*key
	skipped    []error           // why keys were left out
	digest     [sha256.Size]byte // of the document
	number     uint64            // of the fetch that returned it
	generation uint64            // the number of the first of the fetches in a row that returned these keys
	began      time.Time         // when its fetch began, on the monotonic clock
	fetched    time.Time         // in wall time, since keys also age while the host is suspended; zero for static keys
}

// signing are the uses of a key that signs tokens (RFC 7517, section 4.2), and of one in
// the bundle of a trust domain that signs JWT-SVIDs (SPIFFE, JWT-SVID, section 6).
var (
	signing      = []string{"sig"}
	signingSVIDs = []string{"sig", "jwt-svid"}
)

// parseKeys reads a JWK set (RFC 7517, section 5). A key that cannot be used, or is for
// another use, is skipped; a set without a usable key is an error.
func parseKeys(data []byte, uses []string) (*snapshot, error) {
	if what := jwkset.Misfit(data); what != "" {
		return nil, remedy.With(errors.New("key set: no JWK set"), what)
	}
	var set map[string]json.RawMessage // a struct would match "Keys" too
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("key set: not a JSON object")
	}
	var keys []json.RawMessage
	if err := json.Unmarshal(set["keys"], &keys); err != nil {
		return nil, errors.New("key set: keys is not an array")
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("key set: %d keys, want at most %d", len(keys), maxKeys)
	}
	s := &snapshot{digest: sha256.Sum256(data)}
	for i, raw := range keys {
		k, err := parseKey(raw, uses)
		if err != nil {
			s.skipped = append(s.skipped, fmt.Errorf("key %d: %w", i, err))
			continue
		}
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 {
		return nil, fmt.Errorf("key set: no usable key among %d: %w", len(keys), errors.Join(s.skipped...))
	}
	return s, nil
}

// end returns when s is too old to be used. Static keys never are.
func (s *snapshot) end() time.Time {
	if s.fetched.IsZero() {
		return forever
	}
	return s.fetched.Add(maxStale)
}

// has reports whether s, which may be nil, has a key with this kid. Every key matches
// an empty kid.
func (s *snapshot) has(kid string) bool {
	return s != nil && (kid == "" || slices.ContainsFunc(s.keys, func(k *key) bool { return k.id == kid }))
}

// find returns the keys that may have signed a token with this header. For a token
// without kid it returns a key only if there is no other of that algorithm.
func (s *snapshot) find(kid, alg string) []*key {
	var found []*key
	for n, k := range s.keys {
		switch {
		case kid != "" && k.id != kid, !slices.Contains(k.algs, alg):
		case found == nil:
			found = s.keys[n : n+1 : n+1] // nearly always the only one; it is not copied
		default:
			found = append(found, k)
		}
	}
	if kid == "" && len(found) > 1 {
		return nil
	}
	return found
}
