package access_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

func TestMode(t *testing.T) {
	day := time.Now().AddDate(0, 0, 1)
	of := func(mode access.Mode, clients, methods []string) access.Rollout {
		return access.Rollout{Mode: mode, Until: day, Clients: clients, Methods: methods}
	}
	portal, get, update := []string{"customer-portal"}, []string{"GetOrderStatus"}, []string{"UpdateOrderStatus"}
	for _, row := range []struct {
		name    string
		rollout []access.Rollout
		members members // nil: no genuine token
		at      time.Time
		want    access.Mode
	}{
		{"none", nil, members{}, now, access.Enforce},
		{"everybody", []access.Rollout{of(access.Observe, nil, nil)}, members{"aud": "invoices"}, now, access.Observe},
		{"nobody", []access.Rollout{of(access.Warn, nil, nil)}, nil, now, access.Warn},
		{"just before its end", []access.Rollout{of(access.Warn, nil, nil)}, nil, day.Add(-1), access.Warn},
		{"at its end", []access.Rollout{of(access.Warn, nil, nil)}, nil, day, access.Enforce},
		{"of this method", []access.Rollout{of(access.Warn, nil, get)}, members{}, now, access.Warn},
		{"of another method", []access.Rollout{of(access.Warn, nil, update)}, members{}, now, access.Enforce},
		{"of this client", []access.Rollout{of(access.Warn, portal, nil)}, members{"scope": nil}, now, access.Warn},
		{"of another client", []access.Rollout{of(access.Warn, portal, nil)}, members{"azp": "backoffice-portal"}, now, access.Enforce},
		{"of a client without token", []access.Rollout{of(access.Warn, portal, nil)}, nil, now, access.Enforce},
		{"of a client with another's token", []access.Rollout{of(access.Warn, portal, nil)}, members{"aud": "invoices"}, now, access.Enforce},
		{"of a client without aud", []access.Rollout{of(access.Warn, portal, nil)}, members{"aud": nil}, now, access.Enforce},
		{"of a client of another issuer", []access.Rollout{of(access.Warn, portal, nil)}, members{"iss": partner}, now, access.Enforce},
		{"of a client whose token others may use too", []access.Rollout{of(access.Warn, portal, nil)}, members{"aud": []string{"order-status", "invoices"}}, now, access.Warn},
		{"the first counts", []access.Rollout{of(access.Warn, portal, nil), of(access.Observe, nil, nil)}, members{}, now, access.Warn},
		{"the first that applies", []access.Rollout{of(access.Warn, portal, nil), of(access.Observe, nil, nil)}, nil, now, access.Observe},
	} {
		t.Run(row.name, func(t *testing.T) {
			service := entry(nil)
			service.Rollout, service.SoleAudience = row.rollout, true
			var c *claims.Claims
			if row.members != nil {
				var err error
				if c, err = read(t, "keycloak", token(row.members)); err != nil {
					t.Fatal(err)
				}
			}
			if got := ruleOf(t, access.Issuer{}, service).Mode(c, row.at); got != row.want {
				t.Errorf("Mode = %v, want %v", got, row.want)
			}
		})
	}
}

// TestModeOfStrangers shows that no mode is for a client whose tokens the
// service does not accept.
func TestModeOfStrangers(t *testing.T) {
	m := company()
	m.Clients["stranger"] = access.Client{Issuer: "partner", ID: "customer-portal"}
	rolling(access.Rollout{Mode: access.Warn, Until: time.Now().AddDate(0, 0, 1), Clients: []string{"stranger", "customer-portal"}})(&m)
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard("human-resource")
	if err != nil {
		t.Fatal(err)
	}
	for iss, want := range map[string]access.Mode{partner: access.Enforce, corp: access.Warn} {
		c, err := read(t, "keycloak", token(members{"iss": iss, "aud": "human-resource"}))
		if err != nil {
			t.Fatal(err)
		}
		if got := guard.Rule(getEmployee).Mode(c, now); got != want {
			t.Errorf("Mode for a client of %s = %v, want %v", iss, got, want)
		}
	}
}

func TestModeString(t *testing.T) {
	for mode, want := range map[access.Mode]string{access.Enforce: "enforce", access.Warn: "warn", access.Observe: "observe", 9: "enforce"} {
		if got := mode.String(); got != want {
			t.Errorf("Mode(%d) = %q, want %q", mode, got, want)
		}
	}
}
