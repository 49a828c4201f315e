package verifier

import (
	"context"
	"fmt"
	"time"
)

// staticKeys returns a fetch of keys that were there from the start.
func staticKeys(jwks []byte) (fetchFunc, error) {
	keys, err := parseKeys(jwks)
	if err != nil {
		return nil, fmt.Errorf("static keys: %w", err)
	}
	return func(context.Context) (*snapshot, time.Duration, error) {
		fetched := *keys
		return &fetched, mostAge, nil
	}, nil
}
