package idp

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Variable is the environment variable that selects servers: a comma-separated list of
// keycloak, oidc-provider, zitadel, envoy, valkey and redis, or all. Empty selects none.
const Variable = "GRPCAUD_IDPS"

var names = []string{"keycloak", "oidc-provider", "zitadel", "envoy", "valkey", "redis", "all"}

// ask skips t unless the environment selects name.
func ask(t testing.TB, name string) {
	t.Helper()
	asked := strings.FieldsFunc(os.Getenv(Variable), func(r rune) bool { return r == ',' || r == ' ' })
	for _, a := range asked {
		if !slices.Contains(names, a) {
			t.Fatalf("idp: %s asks for %q, want some of %q", Variable, a, names)
		}
	}
	if !slices.Contains(asked, name) && !slices.Contains(asked, "all") {
		t.Skipf("idp: %s does not ask for %s", Variable, name)
	}
}
