package revocation_test

import (
	"encoding/json"
	"testing"

	"github.com/grpcaud/grpcaud/audience/claims"
)

const (
	corp    = "https://idp.example.com/realms/corp"
	partner = "https://login.partner.example"
)

type members = map[string]any

func read(t testing.TB, preset string, members map[string]any) (*claims.Claims, error) {
	t.Helper()
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := claims.LookupPreset(preset)
	if !ok {
		t.Fatalf("no preset %q", preset)
	}
	return p.Claims(payload)
}
