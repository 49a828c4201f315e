package conformance_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// part returns the header (0) or the payload (1) of a JWT, without verifying it.
func part(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Errorf("got %d parts of a token, want 3", len(parts))
		return nil
	}
	var claims map[string]any
	text, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Error(err)
	}
	return claims
}
