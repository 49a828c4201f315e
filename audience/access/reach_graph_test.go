package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestReachKnowsWhatTokensCanBe shows ways that exist, and ways that do not, by what the
// provider's tokens can be and by what a service's entries and options mean together.
func TestReachKnowsWhatTokensCanBe(t *testing.T) {
	vault := func(change func(*access.Service)) func(*access.Matrix) {
		return func(m *access.Matrix) {
			s := m.Services["vault"]
			change(&s)
			m.Services["vault"] = s
		}
	}
	admits := func(client string, callers access.CallerKind) func(*access.Matrix) {
		return vault(func(s *access.Service) { s.Allow[0].Clients, s.Allow[0].Callers = []string{client}, callers })
	}
	preset := func(name string) func(*access.Matrix) {
		return func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Preset: name} }
	}
	lasts := func(d time.Duration, clients ...string) func(*access.Matrix) {
		return vault(func(s *access.Service) {
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(d), Clients: clients}}
		})
	}
	from := func(client, through string, methods ...string) func(*access.Matrix) {
		return never(access.Never{From: []string{client}, To: "vault", Through: through, Methods: methods})
	}
	shared := func(m *access.Matrix) {
		for _, name := range []string{"front", "vault"} {
			s := m.Services[name]
			s.Audiences, s.SoleAudience = []string{name, "shared"}, true
			m.Services[name] = s
		}
	}
	for name, row := range map[string]struct {
		changes []func(*access.Matrix)
		options []access.MethodOptions
		want    string // empty if there is no way
	}{
		"a rollout that ended":          {changes: []func(*access.Matrix){admits("job", ""), lasts(-time.Hour, "web"), from("web", "")}},
		"a rollout for the middle":      {[]func(*access.Matrix){admits("job", ""), lasts(time.Hour, "front"), from("web", "")}, nil, "vault/List,Read rules are not enforced"},
		"a rollout, and what is closed": {changes: []func(*access.Matrix){admits("job", ""), lasts(time.Hour, "web"), vault(func(s *access.Service) { s.Allow[0].Methods, s.Closed = []string{"*"}, []string{"Burn"} }), from("web", "", "Burn")}},

		"users of a provider without users": {changes: []func(*access.Matrix){preset("kubernetes"), admits("front", access.UsersOnly), from("front", "")}},
		"services of a provider without them": {changes: []func(*access.Matrix){func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Dialect: access.Dialect{Types: []string{"JWT"}, Client: []string{"azp"}, NoServices: true}}
		}, admits("front", access.ServicesOnly), from("front", "")}},
		"a user, exchanged":             {[]func(*access.Matrix){admits("front", access.UsersOnly), from("web", "")}, nil, "on behalf of the user, client front"},
		"a provider without exchange":   {changes: []func(*access.Matrix){preset("hydra"), admits("front", access.UsersOnly), from("web", "")}},
		"a provider without an address": {changes: []func(*access.Matrix){preset("supabase"), admits("front", access.UsersOnly), from("web", "")}},

		"one audience for both, the sole one":  {[]func(*access.Matrix){shared, admits("web", ""), from("web", "front")}, nil, "vault/Read,List forwards the token"},
		"two audiences":                        {[]func(*access.Matrix){admits("web", ""), from("web", "front")}, nil, "vault/Read,List forwards the token"},
		"two audiences, where tokens have one": {changes: []func(*access.Matrix){preset("okta"), admits("web", ""), from("web", "front")}},

		"a service that only options define": {
			[]func(*access.Matrix){from("web", "", "Burn")},
			[]access.MethodOptions{{GRPC: "a.Solo", Method: "Read", Place: "solo.proto", Audience: "solo", Demands: access.Allow{Clients: []string{"web"}, NoScopes: true}}},
			`can reach "a.Solo", and the matrix does not say as which client that calls on: only .proto options define it, so write it under services, with its entries`,
		},
		"an option that refuses": {
			[]func(*access.Matrix){from("front", "", "Read")},
			[]access.MethodOptions{{GRPC: "a.Vault", Method: "Read", Place: "vault.proto", Demands: access.Allow{Callers: access.UsersOnly}}},
			"vault/Read",
		},
		"an option that lets calls without a token be": {
			[]func(*access.Matrix){admits("front", ""), vault(func(s *access.Service) { s.Allow[0].Optional = true }), from("job", "", "Read")},
			[]access.MethodOptions{{GRPC: "a.Vault", Method: "Read", Place: "vault.proto", Demands: access.Allow{Callers: access.UsersOnly, Optional: true}}},
			"vault/Read,List without a token",
		},
		"the service's own token without aud": {[]func(*access.Matrix){preset("cognito"), func(m *access.Matrix) {
			s := m.Services["front"]
			s.Self, s.SoleAudience, s.RunsAs, s.Allow[0].Clients = true, true, []string{"job"}, []string{"front"}
			m.Services["front"] = s
		}, vault(func(s *access.Service) {
			s.SoleAudience, s.InsecureNoAudience = true, "vault/"
			s.Allow = []access.Allow{{Clients: []string{"front"}, Methods: []string{"Read"}, Scopes: []string{"vault/read"}}}
		}), from("front", "front")}, nil, "vault/Read forwards the token"},
		"options of one of two gRPC services": {
			[]func(*access.Matrix){vault(func(s *access.Service) { s.GRPC = append(s.GRPC, "a.Vault2") }), admits("front", access.ServicesOnly), from("front", "", "Read")},
			[]access.MethodOptions{{GRPC: "a.Vault", Method: "Read", Place: "vault.proto", Demands: access.Allow{Callers: access.UsersOnly}}},
			"vault/Read",
		},
		"options of both gRPC services": {
			[]func(*access.Matrix){vault(func(s *access.Service) { s.GRPC = append(s.GRPC, "a.Vault2") }), admits("front", access.ServicesOnly), from("front", "", "Read")},
			[]access.MethodOptions{
				{GRPC: "a.Vault", Method: "Read", Place: "vault.proto", Demands: access.Allow{Callers: access.UsersOnly}},
				{GRPC: "a.Vault2", Method: "Read", Place: "vault2.proto", Demands: access.Allow{Callers: access.UsersOnly}},
			},
			"",
		},
		"claims that only another issuer's tokens can have": {changes: []func(*access.Matrix){func(m *access.Matrix) {
			m.Issuers["google"] = access.Issuer{URL: "https://accounts.google.com", Preset: "google"}
			onlyFrom(m, "corp")
		}, vault(func(s *access.Service) {
			s.Issuers = []string{"corp", "google"}
			s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"Read"}, NoScopes: true, Claims: map[string][]string{"email": {"a@example.com"}}}}
		}), from("web", "")}},
	} {
		m := frontAndVault(func(m *access.Matrix) {
			for _, change := range row.changes {
				change(m)
			}
		})
		_, err := access.New(m, row.options...)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: New = %v, want no error", name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: New = %v, want %q", name, err, row.want)
		}
	}
}
