package audience_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

func TestMode(t *testing.T) {
	day := time.Now().AddDate(0, 0, 1)
	of := func(mode audience.Mode, clients, methods []string) audience.Rollout {
		return audience.Rollout{Mode: mode, Until: day, Clients: clients, Methods: methods}
	}
	portal, get, update := []string{"customer-portal"}, []string{"GetOrderStatus"}, []string{"UpdateOrderStatus"}
	for _, row := range []struct {
		name    string
		rollout []audience.Rollout
		members claims // nil: no genuine token
		at      time.Time
		want    audience.Mode
	}{
		{"none", nil, claims{}, now, audience.Enforce},
		{"everybody", []audience.Rollout{of(audience.Observe, nil, nil)}, claims{"aud": "invoices"}, now, audience.Observe},
		{"nobody", []audience.Rollout{of(audience.Warn, nil, nil)}, nil, now, audience.Warn},
		{"just before its end", []audience.Rollout{of(audience.Warn, nil, nil)}, nil, day.Add(-1), audience.Warn},
		{"at its end", []audience.Rollout{of(audience.Warn, nil, nil)}, nil, day, audience.Enforce},
		{"of this method", []audience.Rollout{of(audience.Warn, nil, get)}, claims{}, now, audience.Warn},
		{"of another method", []audience.Rollout{of(audience.Warn, nil, update)}, claims{}, now, audience.Enforce},
		{"of this client", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"scope": nil}, now, audience.Warn},
		{"of another client", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"azp": "backoffice-portal"}, now, audience.Enforce},
		{"of a client without token", []audience.Rollout{of(audience.Warn, portal, nil)}, nil, now, audience.Enforce},
		{"of a client with another's token", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"aud": "invoices"}, now, audience.Enforce},
		{"of a client without aud", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"aud": nil}, now, audience.Enforce},
		{"of a client of another issuer", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"iss": partner}, now, audience.Enforce},
		{"of a client whose token others may use too", []audience.Rollout{of(audience.Warn, portal, nil)}, claims{"aud": []string{"order-status", "invoices"}}, now, audience.Warn},
		{"the first counts", []audience.Rollout{of(audience.Warn, portal, nil), of(audience.Observe, nil, nil)}, claims{}, now, audience.Warn},
		{"the first that applies", []audience.Rollout{of(audience.Warn, portal, nil), of(audience.Observe, nil, nil)}, nil, now, audience.Observe},
	} {
		t.Run(row.name, func(t *testing.T) {
			service := entry(nil)
			service.Rollout, service.SoleAudience = row.rollout, true
			var c *audience.Claims
			if row.members != nil {
				var err error
				if c, err = read(t, "keycloak", token(row.members)); err != nil {
					t.Fatal(err)
				}
			}
			if got := ruleOf(t, audience.Issuer{}, service).Mode(c, row.at); got != row.want {
				t.Errorf("Mode = %v, want %v", got, row.want)
			}
		})
	}
}

// TestModeOfStrangers holds that no mode is for a client whose tokens the
// service does not accept.
func TestModeOfStrangers(t *testing.T) {
	m := company()
	m.Clients["stranger"] = audience.Client{Issuer: "partner", ID: "customer-portal"}
	rolling(audience.Rollout{Mode: audience.Warn, Until: time.Now().AddDate(0, 0, 1), Clients: []string{"stranger", "customer-portal"}})(&m)
	policy, err := audience.New(m)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard("human-resource")
	if err != nil {
		t.Fatal(err)
	}
	for iss, want := range map[string]audience.Mode{partner: audience.Enforce, corp: audience.Warn} {
		c, err := read(t, "keycloak", token(claims{"iss": iss, "aud": "human-resource"}))
		if err != nil {
			t.Fatal(err)
		}
		if got := guard.Rule(getEmployee).Mode(c, now); got != want {
			t.Errorf("Mode for a client of %s = %v, want %v", iss, got, want)
		}
	}
}

func TestModeString(t *testing.T) {
	for mode, want := range map[audience.Mode]string{audience.Enforce: "enforce", audience.Warn: "warn", audience.Observe: "observe", 9: "enforce"} {
		if got := mode.String(); got != want {
			t.Errorf("Mode(%d) = %q, want %q", mode, got, want)
		}
	}
}
