package claims_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

const (
	corp    = "https://idp.example.com/realms/corp"
	partner = "https://login.partner.example"
)

type members = map[string]any

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// null is the JSON value; a nil in [token] takes a claim out.
var null = json.RawMessage("null")

// token returns the claims of a good token of the customer portal for the
// order status, changed as the members say; a nil removes one.
func token(change members) members {
	all := members{
		"iss": corp, "sub": "alice", "aud": "order-status", "azp": "customer-portal", "typ": "Bearer",
		"scope": "orders.read", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": "1",
	}
	for name, value := range change {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

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
