package audience_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

// TestNewRefuses holds that no policy can be built that leaves a question open.
func TestNewRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*audience.Matrix)
		want   string
	}{
		"nothing": {func(m *audience.Matrix) { *m = audience.Matrix{} }, "issuers: no issuer"},
		"no issuer url": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{} }, "issuers.corp.url: no url",
		},
		"http": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "http://idp.example.com"} }, "is not https",
		},
		"http elsewhere than loopback": {
			func(m *audience.Matrix) {
				m.Issuers["corp"] = audience.Issuer{URL: "http://idp.example.com", InsecureLoopback: true}
			}, "is not https",
		},
		"url without host": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "idp.example.com"} }, "is not an absolute URL",
		},
		"gRPC service twice": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B", "a.B"}}
			}, "services.x.grpc[1]: a.B stands here twice",
		},
		"url with a query": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "https://idp.example.com?x"} }, "neither query",
		},
		"url with a user": {
			func(m *audience.Matrix) {
				m.Issuers["corp"] = audience.Issuer{URL: "https://me:hunter2@idp.example.com"}
			}, "me:xxxxx@",
		},
		"url with a user, of another form": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "me:hunter2@idp.example.com"} }, `"idp.example.com" is not an absolute URL`,
		},
		"jwks elsewhere by http": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: corp, JWKS: "http://keys.example"} }, "issuers.corp.jwks",
		},
		"unknown preset": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: corp, Preset: "keyclock"} }, `did you mean "keycloak"?`,
		},
		"two issuers of one url": {
			func(m *audience.Matrix) { m.Issuers["other"] = audience.Issuer{URL: corp} }, "could not tell the two apart",
		},
		"unknown issuer of a service": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{Issuers: []string{"crop"}} }, `services.x.issuers[0]: unknown issuer "crop", did you mean "corp"?`,
		},
		"which issuer": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{GRPC: []string{"a.B"}} }, `services.x.issuer: no issuer: name one of "corp" "partner"`,
		},
		"audience with white space": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, Audiences: []string{" "}}
			}, "white space",
		},
		"no gRPC service": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{Issuers: []string{"corp"}} }, "services.x.grpc: no gRPC service",
		},
		"path for a gRPC service": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"/a.B/"}}
			}, "services.x.grpc[0]",
		},
		"unknown client": {
			allow(audience.Allow{Clients: []string{"custmer-portal"}, Methods: []string{"*"}, NoScopes: true}), `services.human-resource.allow[0].clients[0]: unknown client "custmer-portal", did you mean "customer-portal"?`,
		},
		"any in a list":    {allow(audience.Allow{Clients: []string{"any"}, Methods: []string{"*"}, NoScopes: true}), "write clients: any"},
		"none in a list":   {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"none"}}), "write scopes: none"},
		"no clients":       {allow(audience.Allow{Methods: []string{"*"}, NoScopes: true}), "no clients"},
		"any and a list":   {allow(audience.Allow{AnyClient: true, Clients: []string{"order-status"}, Methods: []string{"*"}, NoScopes: true}), "both any"},
		"no methods":       {allow(audience.Allow{AnyClient: true, NoScopes: true}), "no methods"},
		"path as a method": {allow(audience.Allow{AnyClient: true, Methods: []string{"a/B"}, NoScopes: true}), "is not the name of a method"},
		"no scopes":        {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}}), "no scopes"},
		"none and a list":  {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Scopes: []string{"a"}}), "both none"},
		"scope of two":     {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"a b"}}), "is not a scope"},
		"public twice": {
			func(m *audience.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource") }, "is public as well",
		},
		"public method twice": {
			func(m *audience.Matrix) { m.Public = append(m.Public, "acme.orders.v1.OrderStatus/GetOrderStatus") }, "is public as well",
		},
		"public path": {func(m *audience.Matrix) { m.Public = []string{"/grpc.health.v1.Health/Check"} }, "public[0]"},
		"the same client twice": {
			func(m *audience.Matrix) { m.Clients["x"] = audience.Client{Issuer: "corp", ID: "order-status"} }, "is the same client",
		},
		"self of nobody": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Self: true}
			}, "self needs a client",
		},
		"two places for a secret": {
			func(m *audience.Matrix) {
				m.Clients["x"] = audience.Client{Issuer: "corp", Secret: audience.Secret{File: "f", Env: "E"}}
			}, "clients.x.secret: both",
		},
	} {
		m := company()
		row.change(&m)
		policy, err := audience.New(m)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: New = %v, %v, want an error that says %q", name, policy, err, row.want)
			continue
		}
		var problem *audience.Problem
		if !errors.As(err, &problem) || len(problem.Path) == 0 {
			t.Errorf("%s: %v holds no Problem with a path", name, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v tells a secret", name, err)
		}
	}
}

func allow(a audience.Allow) func(*audience.Matrix) {
	return func(m *audience.Matrix) {
		s := m.Services["human-resource"]
		s.Allow = []audience.Allow{a}
		m.Services["human-resource"] = s
	}
}

func TestWarnings(t *testing.T) {
	m := company()
	m.Clients["idle"] = audience.Client{Issuer: "corp"}
	m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Audiences: []string{"account"}}
	m.Services["y"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.C"}, Audiences: []string{"account"}}
	for _, change := range []func(*audience.Matrix){
		demanding(func(a *audience.Allow) { a.Roles = []string{"clerk"} }),
		rolling(audience.Rollout{Mode: audience.Observe, Until: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}),
		issuer(func(i *audience.Issuer) { i.Preset = "hydra" }),
	} {
		change(&m)
	}
	policy, err := audience.New(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range policy.Warnings() {
		if w.Severity != audience.Info {
			got = append(got, w.Error())
		}
	}
	want := []string{
		"services.human-resource.rollout[0]: it has ended at 2026-01-01T00:00:00Z: the rules are enforced",
		"services.human-resource.allow[0].roles: tokens of preset hydra have no roles",
		`services.x.audience: "account" is what Keycloak puts into every token: it does not tell this service from another`,
		`services.x: nobody may call "x": no allow`,
		`services.y.audience: "account" is what Keycloak puts into every token: it does not tell this service from another`,
		`services.y.audience: "account" is the audience of "x" too: the two accept each other's tokens`,
		`services.y: nobody may call "y": no allow`,
		`public[1]: acme.orders.v1.OrderStatus/Version is open to anybody, though "order-status" is guarded`,
		`clients.idle: no rule names client "idle"`,
	}
	policy.Warnings()[0] = nil
	if policy.Warnings()[0] == nil {
		t.Error("what Warnings returns is not a copy")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
}

// TestWide holds that what is wide on purpose is information, and that the
// defaults of providers are told from audiences of ours.
func TestWide(t *testing.T) {
	m := company()
	for name, s := range m.Services {
		s.Audiences, s.Allow = []string{"api://" + name}, []audience.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"Get"}, Scopes: []string{"read"}}}
		m.Services[name] = s
	}
	for name, wide := range map[string]audience.Allow{
		"clients": {AnyClient: true, Methods: []string{"Get"}, Scopes: []string{"read"}},
		"methods": {Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"read"}},
		"scopes":  {Clients: []string{"backoffice-portal"}, Methods: []string{"Get"}, NoScopes: true},
	} {
		allow(wide)(&m)
		want := "info services.human-resource.allow[0]." + name
		if got := told(t, m, audience.Info); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q, want one that begins with %q", got, want)
		}
	}
	for _, shared := range []string{"api://default", "https://kubernetes.default.svc", "00000003-0000-0000-c000-000000000000", "https://corp.eu.auth0.com/userinfo"} {
		service(func(s *audience.Service) { s.Audiences = []string{shared} })(&m)
		if got := strings.Join(told(t, m, audience.Warning), "\n"); !strings.Contains(got, "warning services.human-resource.audience: \""+shared) {
			t.Errorf("%q does not warn of %s", got, shared)
		}
	}
}

// told returns what a policy tells of that severity.
func told(t *testing.T, m audience.Matrix, s audience.Severity) []string {
	t.Helper()
	policy, err := audience.New(m)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, w := range policy.Warnings() {
		if w.Severity == s {
			told = append(told, w.Severity.String()+" "+w.Error())
		}
	}
	return told
}

func issuer(change func(*audience.Issuer)) func(*audience.Matrix) {
	return func(m *audience.Matrix) {
		i := m.Issuers["corp"]
		change(&i)
		m.Issuers["corp"] = i
	}
}

func service(change func(*audience.Service)) func(*audience.Matrix) {
	return func(m *audience.Matrix) {
		s := m.Services["human-resource"]
		change(&s)
		m.Services["human-resource"] = s
	}
}

// demanding changes an entry that is good.
func demanding(change func(*audience.Allow)) func(*audience.Matrix) {
	a := audience.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}
	change(&a)
	return allow(a)
}

// rolling replaces the rollout of human-resource by one.
func rolling(o audience.Rollout) func(*audience.Matrix) {
	return service(func(s *audience.Service) { s.Rollout = []audience.Rollout{o} })
}

// TestNewRefusesDemands holds the same of the finer demands.
func TestNewRefusesDemands(t *testing.T) {
	day := 24 * time.Hour
	for want, change := range map[string]func(*audience.Matrix){
		`issuers.corp.algorithms[1]: "HS256" is not an asymmetric`:          issuer(func(i *audience.Issuer) { i.Algorithms = []string{"RS256", "HS256"} }),
		`"none" is not an asymmetric`:                                       issuer(func(i *audience.Issuer) { i.Algorithms = []string{"none"} }),
		`did you mean "EdDSA"?`:                                             issuer(func(i *audience.Issuer) { i.Algorithms = []string{"eddsa"} }),
		"issuers.corp.keys_file: both a file":                               issuer(func(i *audience.Issuer) { i.KeysFile, i.JWKS = "f", corp+"/keys" }),
		"issuers.corp.leeway: want between 0 and 5m0s":                      issuer(func(i *audience.Issuer) { i.Leeway = 6 * time.Minute }),
		"leeway: want between 0 and 5m0s, got -1s":                          issuer(func(i *audience.Issuer) { i.Leeway = -time.Second }),
		"issuers.corp.max_lifetime: want more than 0":                       issuer(func(i *audience.Issuer) { i.MaxLifetime = -1 }),
		"issuers.corp.max_age: want more than 0":                            issuer(func(i *audience.Issuer) { i.MaxAge = -1 }),
		"issuers.corp.introspection.client: no client":                      issuer(func(i *audience.Issuer) { i.Introspection.URL = corp + "/introspect" }),
		"issuers.corp.introspection.secret: no secret":                      issuer(func(i *audience.Issuer) { i.Introspection.ClientID = "orders" }),
		"issuers.corp.introspection.url: \"http://idp.example.com\" is not": issuer(func(i *audience.Issuer) { i.Introspection = audience.Introspection{URL: "http://idp.example.com"} }),
		"issuers.corp.introspection.secret: both":                           issuer(func(i *audience.Issuer) { i.Introspection.Secret = audience.Secret{File: "f", Env: "E"} }),

		"allow[0].scopes: both none":                             demanding(func(a *audience.Allow) { a.AnyScopes = []string{"a"} }),
		`allow[0].any_scopes[0]: "a b" is not a scope`:           demanding(func(a *audience.Allow) { a.AnyScopes = []string{"a b"} }),
		"allow[0].roles[1]: \"\" begins or ends":                 demanding(func(a *audience.Allow) { a.Roles = []string{"a", ""} }),
		"allow[0].claims.department: no values":                  demanding(func(a *audience.Allow) { a.Claims = map[string][]string{"department": nil} }),
		`allow[0].claims.department[0]: " hr" begins`:            demanding(func(a *audience.Allow) { a.Claims = map[string][]string{"department": {" hr"}} }),
		`allow[0].claims.aud: claim "aud" cannot be demanded`:    demanding(func(a *audience.Allow) { a.Claims = map[string][]string{"aud": {"x"}} }),
		`allow[0].acr[0]: "a\"b" is not an acr value`:            demanding(func(a *audience.Allow) { a.ACR = []string{`a"b`} }),
		"allow[0].max_auth_age: want more than 0":                demanding(func(a *audience.Allow) { a.MaxAuthAge = -1 }),
		"allow[0].callers: want users or services, got \"both\"": demanding(func(a *audience.Allow) { a.Callers = "both" }),
		"allow[0].callers: services do not log in":               demanding(func(a *audience.Allow) { a.Callers, a.MaxAuthAge = audience.ServicesOnly, time.Hour }),

		"rollout[0].mode: want observe or warn":                    rolling(audience.Rollout{Until: time.Now().Add(day)}),
		"rollout[0].until: no until":                               rolling(audience.Rollout{Mode: audience.Warn}),
		"is more than 90 days ahead":                               rolling(audience.Rollout{Mode: audience.Warn, Until: time.Now().Add(91 * day)}),
		`rollout[0].clients[0]: unknown client "x"`:                rolling(audience.Rollout{Mode: audience.Warn, Until: time.Now().Add(day), Clients: []string{"x"}}),
		`rollout[0].methods[0]: leave methods out for all of them`: rolling(audience.Rollout{Mode: audience.Warn, Until: time.Now().Add(day), Methods: []string{"*"}}),
		`rollout[0].methods[0]: "a/B" is not the name of a method`: rolling(audience.Rollout{Mode: audience.Warn, Until: time.Now().Add(day), Methods: []string{"a/B"}}),
	} {
		newRefuses(t, change, want)
	}
}

// TestNewRefusesDialects holds that a rule does not lean on what the tokens of
// its issuers cannot show.
func TestNewRefusesDialects(t *testing.T) {
	with := func(preset string, change func(*audience.Service)) func(*audience.Matrix) {
		return func(m *audience.Matrix) {
			issuer(func(i *audience.Issuer) { i.Preset = preset })(m)
			service(change)(m)
		}
	}
	prefix := func(s *audience.Service) { s.InsecureNoAudience = "hr/" }
	entry := func(a audience.Allow) func(*audience.Service) {
		return func(s *audience.Service) {
			prefix(s)
			a.Methods = []string{"*"}
			s.Allow = []audience.Allow{a}
		}
	}
	for want, change := range map[string]func(*audience.Matrix){
		"clients: any client of \"" + corp + "\" can get a token": with("entra", func(s *audience.Service) {
			s.Allow = []audience.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}}
		}),
		"callers: tokens of preset dex do not tell": with("dex", func(s *audience.Service) {
			s.Allow = slices.Clone(s.Allow)
			s.Allow[0].Callers = audience.UsersOnly
		}),
		"insecure_no_audience: its issuers put aud":      with("keycloak", prefix),
		"scope_prefix: \"hr\" is not the identifier":     with("cognito", func(s *audience.Service) { s.InsecureNoAudience = "hr" }),
		"scope_prefix: \"/\" is not the identifier":      with("cognito", func(s *audience.Service) { s.InsecureNoAudience = "/" }),
		"allow[0].scopes: no scope is too few":           with("cognito", prefix),
		"allow[0].clients: any client is too many":       with("cognito", entry(audience.Allow{AnyClient: true, Scopes: []string{"hr/read"}})),
		`allow[0].scopes[1]: "read" does not begin`:      with("cognito", entry(audience.Allow{Clients: []string{"backoffice-portal"}, Scopes: []string{"hr/read", "read"}})),
		`allow[0].any_scopes[0]: "hrx/read" does not be`: with("cognito", entry(audience.Allow{Clients: []string{"backoffice-portal"}, AnyScopes: []string{"hrx/read"}})),
	} {
		newRefuses(t, change, want)
	}
}

func newRefuses(t *testing.T, change func(*audience.Matrix), want string) {
	t.Helper()
	m := company()
	change(&m)
	policy, err := audience.New(m)
	var problem *audience.Problem
	if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &problem) || len(problem.Path) == 0 {
		t.Errorf("New = %v, %v, want a Problem that says %q", policy, err, want)
	}
}
