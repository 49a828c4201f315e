package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// onlyFrom gives all clients, and all services, one issuer.
func onlyFrom(m *access.Matrix, issuer string) {
	for name, c := range m.Clients {
		c.Issuer = issuer
		m.Clients[name] = c
	}
	for name, s := range m.Services {
		s.Issuers = []string{issuer}
		m.Services[name] = s
	}
}

// frontAndVault is a matrix in which web can reach vault through front, and both clients are known.
func frontAndVault(change func(*access.Matrix)) access.Matrix {
	allow := func(client string, methods ...string) []access.Allow {
		return []access.Allow{{Clients: []string{client}, Methods: methods, NoScopes: true}}
	}
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{
			"front": {GRPC: []string{"a.Front"}, Allow: allow("web", "Open")},
			"vault": {GRPC: []string{"a.Vault"}, Allow: allow("front", "Read", "List"), CallsNobody: true},
			"other": {GRPC: []string{"a.Other"}, Allow: allow("job", "Do")},
		},
		Clients:  map[string]access.Client{"web": {}, "front": {}, "job": {}},
		External: map[string]access.External{"bank": {Clients: []string{"front"}}},
	}
	change(&m)
	return m
}

func never(all ...access.Never) func(*access.Matrix) {
	return func(m *access.Matrix) { m.Never = all }
}

// TestNeverRefuses shows what a statement refuses, and statements that are refused.
func TestNeverRefuses(t *testing.T) {
	web := []string{"web"}
	for name, row := range map[string]struct {
		change func(*access.Matrix)
		want   string // empty if the matrix is right
	}{
		"direct":                   {never(access.Never{From: web, To: "front"}), `never[0]: "web" can reach front/Open: web → front/Open for a user (services.front.allow[0])`},
		"through another":          {never(access.Never{From: web, To: "vault"}), "→ vault/Read,List on behalf of the user, client front (services.vault.allow[0])"},
		"without the user":         {never(access.Never{From: web, To: "vault", WithoutUser: true}), "can reach vault/Read, List without the user"},
		"an API of others":         {never(access.Never{From: web, To: "bank"}), "bank/* on behalf of the user, client front (external.bank.clients)"},
		"any client":               {never(access.Never{FromAny: true, To: "vault", Except: []string{"Read"}}), "can reach vault/List"},
		"one method":               {never(access.Never{From: web, To: "vault", Methods: []string{"Read"}}), "can reach vault/Read:"},
		"through it":               {never(access.Never{From: web, To: "vault", Through: "front"}), "can reach vault"},
		"through nothing":          {never(access.Never{From: web, To: "vault", Through: "other"}), ""},
		"all methods are excepted": {never(access.Never{From: web, To: "vault", Except: []string{"Read", "List"}}), ""},
		"another method":           {never(access.Never{From: web, To: "vault", Methods: []string{"Write"}}), ""},
		"another client":           {never(access.Never{From: []string{"job"}, To: "vault"}), `never[0]: not proven: "job" can reach "other"`},

		"nobody":               {never(access.Never{To: "vault"}), "never[0].from: no clients"},
		"an unknown client":    {never(access.Never{From: []string{"wep"}, To: "vault"}), `never[0].from[0]: unknown client "wep", did you mean "web"?`},
		"any in a list":        {never(access.Never{From: []string{"any"}, To: "vault"}), "write from: any, without a list"},
		"any and a list":       {never(access.Never{From: web, FromAny: true, To: "vault"}), "both any and a list"},
		"an unknown service":   {never(access.Never{From: web, To: "vualt"}), `never[0].to: unknown service "vualt", did you mean "vault"?`},
		"no service":           {never(access.Never{From: web}), `never[0].to: unknown service ""`},
		"a gRPC service":       {never(access.Never{From: web, To: "a.Vault"}), `it is a gRPC service of "vault"`},
		"a method as service":  {never(access.Never{From: web, To: "vault/Read"}), "write to: vault, and methods: [Read]"},
		"unknown on the way":   {never(access.Never{From: web, To: "vault", Through: "fornt"}), `never[0].through: unknown service "fornt", did you mean "front"?`},
		"through its own end":  {never(access.Never{From: web, To: "vault", Through: "vault"}), "is where the way ends"},
		"methods and except":   {never(access.Never{From: web, To: "vault", Methods: []string{"Read"}, Except: []string{"List"}}), "both methods and except"},
		"a star":               {never(access.Never{From: web, To: "vault", Methods: []string{"*"}}), "leave methods out for all of them"},
		"no name of a method":  {never(access.Never{From: web, To: "vault", Except: []string{"get it"}}), "is not the name of a method"},
		"a method twice":       {never(access.Never{From: web, To: "vault", Methods: []string{"Write", "Write"}}), "Write is listed twice"},
		"two that exclude":     {never(access.Never{From: web, To: "vault", Except: []string{"Read", "List"}}, access.Never{FromAny: true, To: "vault", Methods: []string{"List"}}), "never[0].except: List, but never[1] forbids that: the two exclude each other"},
		"two that go together": {never(access.Never{From: web, To: "vault", Except: []string{"Read", "List"}}, access.Never{From: web, To: "vault", Methods: []string{"Write"}}), ""},

		"a public method": {func(m *access.Matrix) {
			m.Public = []string{"a.Vault/Status"}
			never(access.Never{From: []string{"job"}, To: "vault", Methods: []string{"Status"}})(m)
		}, `"job" can reach vault/Status: job → vault/Status without a token (public[0])`},
		"a rollout": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour), Clients: web}}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", Through: ""})(m)
		}, "web → vault/List,Read rules are not enforced (services.vault.rollout[0])"},
		"a forwarded token that a rollout lets through": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour), Clients: web}}
			s.Allow[0].Clients = []string{"job"}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", Through: "front"})(m)
		}, "web → front/Open for a user (services.front.allow[0]) → vault/List,Read rules are not enforced (services.vault.rollout[0])"},
		"a forwarded token for an API of others": {func(m *access.Matrix) {
			m.External["bank"] = access.External{Clients: web}
			never(access.Never{From: web, To: "bank", Through: "front"})(m)
		}, "→ bank/* forwards the token (external.bank.clients)"},
		"a forwarded token without aud": {func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Preset: "cognito"}
			for name, scope := range map[string]string{"front": "front/", "vault": "vault/"} {
				s := m.Services[name]
				s.SoleAudience, s.InsecureNoAudience = true, scope
				s.Allow = []access.Allow{{Clients: web, Methods: []string{"Read"}, Scopes: []string{scope + "read"}}}
				m.Services[name] = s
			}
			never(access.Never{From: web, To: "vault", Through: "front"})(m)
		}, "→ vault/Read forwards the token (services.vault.allow[0])"},
		"a client that no entry names": {func(m *access.Matrix) {
			m.Issuers["partner"] = access.Issuer{URL: partner}
			onlyFrom(m, "corp")
			s := m.Services["other"]
			s.Issuers, s.CallsNobody, s.Allow = []string{"partner"}, true, []access.Allow{{AnyClient: true, Methods: []string{"Do"}, NoScopes: true}}
			m.Services["other"] = s
			never(access.Never{FromAny: true, To: "other"})(m)
		}, `"any client of partner" can reach other/Do: any client of partner → other/Do for a user (services.other.allow[0])`},
		"a login": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.Allow[0].ACR = []string{"gold"}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", WithoutUser: true})(m)
		}, ""},
		"a login, where tokens do not tell users from services": {func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Preset: "authentik"}
			s := m.Services["vault"]
			s.Allow[0].ACR = []string{"gold"}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", WithoutUser: true})(m)
		}, "vault/Read,List as itself, client front (services.vault.allow[0])"},
		"a rollout of a service without entries": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.Allow, s.Closed = nil, []string{"Open"}
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour), Clients: web}}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", Methods: []string{"Write", "Open"}})(m)
		}, `"web" can reach vault/Write: web → vault/* rules are not enforced (services.vault.rollout[0])`},
		"a rollout of a method without an entry": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour), Methods: []string{"Write"}}}
			m.Services["vault"] = s
			never(access.Never{From: web, To: "vault", Methods: []string{"Write"}})(m)
		}, `"web" can reach vault/Write: web → vault/Write rules are not enforced (services.vault.rollout[0])`},
		"runs as another": {func(m *access.Matrix) {
			s := m.Services["front"]
			s.RunsAs = []string{"job"}
			m.Services["front"] = s
			never(access.Never{From: web, To: "other"})(m)
		}, "other/Do on behalf of the user, client job"},
		"runs as nobody": {func(m *access.Matrix) {
			s := m.Services["front"]
			s.RunsAs = []string{"jop"}
			m.Services["front"] = s
		}, `services.front.runs_as[0]: unknown client "jop", did you mean "job"?`},
		"runs as none and another": {func(m *access.Matrix) {
			s := m.Services["vault"]
			s.RunsAs = []string{"job"}
			m.Services["vault"] = s
		}, "services.vault.runs_as: both none and a list"},
		"runs as none, and calls": {func(m *access.Matrix) {
			s := m.Services["front"]
			s.CallsNobody = true
			m.Services["front"] = s
		}, `services.front.runs_as: none, but client "front" has the name of the service, and services.vault.allow[0] admits it`},
	} {
		_, err := access.New(frontAndVault(row.change))
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: New = %v, want no error", name, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: New = %v, want %q", name, err, row.want)
		}
	}
}

// TestNeverIsProvenInTime shows that statements which take too much work are refused: nobody
// can have a server search for hours when it starts.
func TestNeverIsProvenInTime(t *testing.T) {
	var many []string
	for i := range 1 << 15 {
		many = append(many, fmt.Sprintf("aud-%d", i))
	}
	m := frontAndVault(never(access.Never{From: []string{"web"}, To: "vault", Through: "front"}))
	for _, name := range []string{"front", "vault"} {
		s := m.Services[name]
		s.Allow[0].Clients, s.Audiences = []string{"web"}, many
		m.Services[name] = s
	}
	_, err := access.New(m)
	if want := "never: not proven: to follow all ways takes more than"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New = %v, want %q", err, want)
	}
	m.Never = slices.Repeat(m.Never[:1], 2001)
	_, err = access.New(m)
	if want := "never: 2001 statements, want at most 2000"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New = %v, want %q", err, want)
	}
}

// TestNeverOfTenants shows that a statement about a client is about that of each tenant.
func TestNeverOfTenants(t *testing.T) {
	m := frontAndVault(never(access.Never{From: []string{"web"}, To: "vault", Through: "front"}))
	m.Issuers["corp"] = access.Issuer{URL: "https://idp.example.com/{tenant}", Tenants: []string{"t1", "t2"}}
	_, err := access.New(m)
	for _, want := range []string{`"web/t1" can reach vault`, `"web/t2" can reach vault`, "client front/t1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want %q", err, want)
		}
	}
}

// TestNeverOfAnUnknownMethod shows that a server does not start with a statement about a
// method that it does not have, and that a service without gRPC has no other methods than
// its operations.
func TestNeverOfAnUnknownMethod(t *testing.T) {
	policy, err := access.New(frontAndVault(never(access.Never{From: []string{"web"}, To: "vault", Methods: []string{"Reed"}})))
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("vault")
	if err != nil {
		t.Fatal(err)
	}
	want := `the matrix names method "Reed", which a.Vault does not have, did you mean "Read"?`
	if err := g.CheckCoverage([]string{"/a.Vault/Read", "/a.Vault/List"}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("CheckCoverage = %v, want %q", err, want)
	}
	_, err = access.New(frontAndVault(func(m *access.Matrix) {
		s := m.Services["vault"]
		s.GRPC, s.HTTP = nil, &access.HTTP{Operations: map[string][]string{"Read": {"GET /read"}, "List": {"GET /list"}}}
		m.Services["vault"] = s
		never(access.Never{From: []string{"web"}, To: "vault", Methods: []string{"Reed"}})(m)
	}))
	if want := `never[0].methods[0]: "Reed" is no operation of "vault", did you mean "Read"?`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New = %v, want %q", err, want)
	}
}

// TestNeverWarnsOfNames shows that a method which nothing names is reported: it may be that
// of the future, or misspelled.
func TestNeverWarnsOfNames(t *testing.T) {
	policy, err := access.New(frontAndVault(never(access.Never{From: []string{"web"}, To: "vault", Methods: []string{"Reed"}})))
	if err != nil {
		t.Fatal(err)
	}
	want := `never[0].methods[0]: nothing in the matrix names a method Reed of "vault", did you mean "Read"?`
	for _, w := range policy.Warnings() {
		if w.Error() == want {
			return
		}
	}
	t.Errorf("Warnings = %v, want %s", policy.Warnings(), want)
}
