package tokentype_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/tokentype"
)

func TestCheckAlias(t *testing.T) {
	for kind, good := range map[string]bool{
		"BearerToken": true, "JWT": true, "access_token": true, "x-bearer.1": true,
		"": false, "Bearer": false, "BEARER": false, "DPoP": false, "dpop": false, "PoP": false, "MAC": false, "N_A": false, "n_a": false,
		"a b": false, "*": false, "urn:x": false, "ſ": false, strings.Repeat("x", 65): false,
	} {
		if err := tokentype.CheckAlias(kind); (err == nil) != good {
			t.Errorf("CheckAlias(%q) = %v, want good = %v", kind, err, good)
		}
	}
}

// TestRemedy shows that what can be accepted is advised to be, and nothing else.
func TestRemedy(t *testing.T) {
	for _, kind := range []string{"BearerToken", "JWT", "DPoP", "pop", "mac", "N_A", "", "a b", "Bearer x"} {
		accept := strings.Contains(tokentype.Remedy(kind), "set token_type")
		if err := tokentype.CheckAlias(kind); accept != (err == nil) {
			t.Errorf("Remedy(%q) = %q, and CheckAlias = %v", kind, tokentype.Remedy(kind), err)
		}
	}
}
