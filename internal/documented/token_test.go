package documented_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/documented"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// TestEveryPresetIsDocumented shows that each preset has an access token, and a token of
// another kind.
func TestEveryPresetIsDocumented(t *testing.T) {
	for _, name := range provider.Presets() {
		accepted, refused := 0, 0
		for _, token := range documented.Tokens(name) {
			if token.Refused == "" {
				accepted++
			} else {
				refused++
			}
			if token.Name == "" || token.Header["alg"] == nil || token.Issuer() == "" {
				t.Errorf("%s: %+v lacks its name, alg or iss", name, token)
			}
			now := time.Now()
			claims := token.IssuedAt(now)
			if claims["iat"] != now.Unix() || claims["exp"].(int64) <= now.Unix() {
				t.Errorf("%s, %s: issued at %v until %v, want it issued now", name, token.Name, claims["iat"], claims["exp"])
			}
		}
		if accepted == 0 || refused == 0 {
			t.Errorf("%s: %d tokens are accepted and %d refused, want some of both", name, accepted, refused)
		}
	}
}
