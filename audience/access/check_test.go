package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefuses shows that no policy can be built that leaves a question open.
func TestNewRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*access.Matrix)
		want   string
	}{
		"nothing": {func(m *access.Matrix) { *m = access.Matrix{} }, "issuers: no issuer"},
		"no issuer url": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{} }, "issuers.corp.url: no url",
		},
		"http": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: "http://idp.example.com"} }, "is not https",
		},
		"http elsewhere than loopback": {
			func(m *access.Matrix) {
				m.Issuers["corp"] = access.Issuer{URL: "http://idp.example.com", InsecureLoopback: true}
			}, "is not https",
		},
		"url without host": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: "idp.example.com"} }, "is not an absolute URL",
		},
		"gRPC service twice": {
			func(m *access.Matrix) {
				m.Services["x"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B", "a.B"}}
			}, "services.x.grpc[1]: a.B is listed twice",
		},
		"url with a query": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: "https://idp.example.com?x"} }, "neither query",
		},
		"url with a user": {
			func(m *access.Matrix) {
				m.Issuers["corp"] = access.Issuer{URL: "https://me:hunter2@idp.example.com"}
			}, "me:xxxxx@",
		},
		"url with a user, of another form": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: "me:hunter2@idp.example.com"} }, `"idp.example.com" is not an absolute URL`,
		},
		"jwks elsewhere by http": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, JWKS: "http://keys.example"} }, "issuers.corp.jwks",
		},
		"unknown preset": {
			func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Preset: "keyclock"} }, `did you mean "keycloak"?`,
		},
		"two issuers of one url": {
			func(m *access.Matrix) { m.Issuers["other"] = access.Issuer{URL: corp} }, "would not tell which of the two issued it",
		},
		"unknown issuer of a service": {
			func(m *access.Matrix) { m.Services["x"] = access.Service{Issuers: []string{"crop"}} }, `services.x.issuers[0]: unknown issuer "crop", did you mean "corp"?`,
		},
		"which issuer": {
			func(m *access.Matrix) { m.Services["x"] = access.Service{GRPC: []string{"a.B"}} }, `services.x.issuer: no issuer: name one of "corp" "partner"`,
		},
		"audience with white space": {
			func(m *access.Matrix) {
				m.Services["x"] = access.Service{Issuers: []string{"corp"}, Audiences: []string{" "}}
			}, "white space",
		},
		"no gRPC service": {
			func(m *access.Matrix) { m.Services["x"] = access.Service{Issuers: []string{"corp"}} }, "services.x.grpc: no gRPC service",
		},
		"path for a gRPC service": {
			func(m *access.Matrix) {
				m.Services["x"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"/a.B/"}}
			}, "services.x.grpc[0]",
		},
		"unknown client": {
			allow(access.Allow{Clients: []string{"custmer-portal"}, Methods: []string{"*"}, NoScopes: true}), `services.human-resource.allow[0].clients[0]: unknown client "custmer-portal", did you mean "customer-portal"?`,
		},
		"any in a list":    {allow(access.Allow{Clients: []string{"any"}, Methods: []string{"*"}, NoScopes: true}), "write clients: any"},
		"none in a list":   {allow(access.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"none"}}), "write scopes: none"},
		"no clients":       {allow(access.Allow{Methods: []string{"*"}, NoScopes: true}), "no clients"},
		"any and a list":   {allow(access.Allow{AnyClient: true, Clients: []string{"order-status"}, Methods: []string{"*"}, NoScopes: true}), "both any"},
		"no methods":       {allow(access.Allow{AnyClient: true, NoScopes: true}), "no methods"},
		"path as a method": {allow(access.Allow{AnyClient: true, Methods: []string{"a/B"}, NoScopes: true}), "is not the name of a method"},
		"no scopes":        {allow(access.Allow{AnyClient: true, Methods: []string{"*"}}), "no scopes"},
		"none and a list":  {allow(access.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Scopes: []string{"a"}}), "both none"},
		"scope of two":     {allow(access.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"a b"}}), "is not a scope"},
		"public twice": {
			func(m *access.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource") }, "is public as well",
		},
		"public method twice": {
			func(m *access.Matrix) { m.Public = append(m.Public, "acme.orders.v1.OrderStatus/GetOrderStatus") }, "is public as well",
		},
		"public path": {func(m *access.Matrix) { m.Public = []string{"/grpc.health.v1.Health/Check"} }, "public[0]"},
		"the same client twice": {
			func(m *access.Matrix) { m.Clients["x"] = access.Client{Issuer: "corp", ID: "order-status"} }, "is the same client",
		},
		"self of nobody": {
			func(m *access.Matrix) {
				m.Services["x"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Self: true}
			}, "self needs a client",
		},
		"two places for a secret": {
			func(m *access.Matrix) {
				m.Clients["x"] = access.Client{Issuer: "corp", Secret: access.SecretRef{File: "f", Env: "E"}}
			}, "clients.x.secret: both",
		},
	} {
		m := company()
		row.change(&m)
		policy, err := access.New(m)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: New = %v, %v, want an error that says %q", name, policy, err, row.want)
			continue
		}
		var problem *access.Problem
		if !errors.As(err, &problem) || len(problem.Path) == 0 {
			t.Errorf("%s: %v holds no Problem with a path", name, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v tells a secret", name, err)
		}
	}
}

func allow(a access.Allow) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["human-resource"]
		s.Allow = []access.Allow{a}
		m.Services["human-resource"] = s
	}
}

func TestWarnings(t *testing.T) {
	m := company()
	m.Clients["idle"] = access.Client{Issuer: "corp"}
	m.Services["x"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Audiences: []string{"account"}}
	m.Services["y"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"a.C"}, Audiences: []string{"account"}}
	for _, change := range []func(*access.Matrix){
		demanding(func(a *access.Allow) { a.Roles = []string{"clerk"} }),
		rolling(access.Rollout{Mode: access.Observe, Until: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}),
		issuer(func(i *access.Issuer) { i.Preset = "hydra" }),
	} {
		change(&m)
	}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range policy.Warnings() {
		if w.Severity != access.Info {
			got = append(got, w.Error())
		}
	}
	want := []string{
		"services.human-resource.rollout[0]: the rollout ended at 2026-01-01T00:00:00Z: the rules are enforced",
		"services.human-resource.allow[0].roles: tokens of preset hydra have no roles",
		`services.x.audience: "account" is what Keycloak puts into every token: it does not distinguish this service from another`,
		`services.x: nobody may call "x": no allow`,
		`services.y.audience: "account" is what Keycloak puts into every token: it does not distinguish this service from another`,
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

// TestBroadRulesAreInformation shows that what is wide on purpose is information, and
// that the defaults of providers are told from audiences of ours.
func TestBroadRulesAreInformation(t *testing.T) {
	m := company()
	for name, s := range m.Services {
		s.Audiences, s.Allow = []string{"api://" + name}, []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"Get"}, Scopes: []string{"read"}}}
		m.Services[name] = s
	}
	for name, wide := range map[string]access.Allow{
		"clients": {AnyClient: true, Methods: []string{"Get"}, Scopes: []string{"read"}},
		"methods": {Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"read"}},
		"scopes":  {Clients: []string{"backoffice-portal"}, Methods: []string{"Get"}, NoScopes: true},
	} {
		allow(wide)(&m)
		want := "info services.human-resource.allow[0]." + name
		if got := told(t, m, access.Info); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q, want one that begins with %q", got, want)
		}
	}
	for _, shared := range []string{"api://default", "https://kubernetes.default.svc", "00000003-0000-0000-c000-000000000000", "https://corp.eu.auth0.com/userinfo"} {
		service(func(s *access.Service) { s.Audiences = []string{shared} })(&m)
		if got := strings.Join(told(t, m, access.Warning), "\n"); !strings.Contains(got, "warning services.human-resource.audience: \""+shared) {
			t.Errorf("%q does not warn of %s", got, shared)
		}
	}
}

// told returns what a policy tells of that severity.
func told(t *testing.T, m access.Matrix, s access.Severity) []string {
	t.Helper()
	policy, err := access.New(m)
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

func issuer(change func(*access.Issuer)) func(*access.Matrix) {
	return func(m *access.Matrix) {
		i := m.Issuers["corp"]
		change(&i)
		m.Issuers["corp"] = i
	}
}

func service(change func(*access.Service)) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["human-resource"]
		change(&s)
		m.Services["human-resource"] = s
	}
}

// demanding changes an entry that is good.
func demanding(change func(*access.Allow)) func(*access.Matrix) {
	a := access.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}
	change(&a)
	return allow(a)
}

// rolling replaces the rollout of human-resource by one.
func rolling(o access.Rollout) func(*access.Matrix) {
	return service(func(s *access.Service) { s.Rollout = []access.Rollout{o} })
}

// TestNewRefusesDemands shows the same of the finer demands.
func TestNewRefusesDemands(t *testing.T) {
	day := 24 * time.Hour
	for want, change := range map[string]func(*access.Matrix){
		`issuers.corp.algorithms[1]: "HS256" is not an asymmetric`:          issuer(func(i *access.Issuer) { i.Algorithms = []string{"RS256", "HS256"} }),
		`"none" is not an asymmetric`:                                       issuer(func(i *access.Issuer) { i.Algorithms = []string{"none"} }),
		`did you mean "EdDSA"?`:                                             issuer(func(i *access.Issuer) { i.Algorithms = []string{"eddsa"} }),
		"issuers.corp.keys_file: both a file":                               issuer(func(i *access.Issuer) { i.KeysFile, i.JWKS = "f", corp+"/keys" }),
		"issuers.corp.leeway: want between 0 and 5m0s":                      issuer(func(i *access.Issuer) { i.Leeway = 6 * time.Minute }),
		"leeway: want between 0 and 5m0s, got -1s":                          issuer(func(i *access.Issuer) { i.Leeway = -time.Second }),
		"issuers.corp.max_lifetime: want more than 0":                       issuer(func(i *access.Issuer) { i.MaxLifetime = -1 }),
		"issuers.corp.max_age: want more than 0":                            issuer(func(i *access.Issuer) { i.MaxAge = -1 }),
		"issuers.corp.introspection.client: no client":                      issuer(func(i *access.Issuer) { i.Introspection.URL = corp + "/introspect" }),
		"issuers.corp.introspection.secret: no secret":                      issuer(func(i *access.Issuer) { i.Introspection.ClientID = "orders" }),
		"issuers.corp.introspection.url: \"http://idp.example.com\" is not": issuer(func(i *access.Issuer) { i.Introspection = access.Introspection{URL: "http://idp.example.com"} }),
		"issuers.corp.introspection.secret: both":                           issuer(func(i *access.Issuer) { i.Introspection.Secret = access.SecretRef{File: "f", Env: "E"} }),

		"allow[0].scopes: both none":                             demanding(func(a *access.Allow) { a.AnyScopes = []string{"a"} }),
		`allow[0].any_scopes[0]: "a b" is not a scope`:           demanding(func(a *access.Allow) { a.AnyScopes = []string{"a b"} }),
		"allow[0].roles[1]: \"\" begins or ends":                 demanding(func(a *access.Allow) { a.Roles = []string{"a", ""} }),
		"allow[0].claims.department: no values":                  demanding(func(a *access.Allow) { a.Claims = map[string][]string{"department": nil} }),
		`allow[0].claims.department[0]: " hr" begins`:            demanding(func(a *access.Allow) { a.Claims = map[string][]string{"department": {" hr"}} }),
		`allow[0].claims.aud: claim "aud" cannot be demanded`:    demanding(func(a *access.Allow) { a.Claims = map[string][]string{"aud": {"x"}} }),
		`allow[0].acr[0]: "a\"b" is not an acr value`:            demanding(func(a *access.Allow) { a.ACR = []string{`a"b`} }),
		"allow[0].max_auth_age: want more than 0":                demanding(func(a *access.Allow) { a.MaxAuthAge = -1 }),
		"allow[0].callers: want users or services, got \"both\"": demanding(func(a *access.Allow) { a.Callers = "both" }),
		"allow[0].callers: services do not log in":               demanding(func(a *access.Allow) { a.Callers, a.MaxAuthAge = access.ServicesOnly, time.Hour }),

		"rollout[0].mode: want observe or warn":                    rolling(access.Rollout{Until: time.Now().Add(day)}),
		"rollout[0].until: no until":                               rolling(access.Rollout{Mode: access.Warn}),
		"is more than 90 days ahead":                               rolling(access.Rollout{Mode: access.Warn, Until: time.Now().Add(91 * day)}),
		`rollout[0].clients[0]: unknown client "x"`:                rolling(access.Rollout{Mode: access.Warn, Until: time.Now().Add(day), Clients: []string{"x"}}),
		`rollout[0].methods[0]: leave methods out for all of them`: rolling(access.Rollout{Mode: access.Warn, Until: time.Now().Add(day), Methods: []string{"*"}}),
		`rollout[0].methods[0]: "a/B" is not the name of a method`: rolling(access.Rollout{Mode: access.Warn, Until: time.Now().Add(day), Methods: []string{"a/B"}}),
	} {
		newRefuses(t, change, want)
	}
}

// TestNewRefusesDialects shows that a rule does not lean on what the tokens of
// its issuers cannot show.
func TestNewRefusesDialects(t *testing.T) {
	with := func(preset string, change func(*access.Service)) func(*access.Matrix) {
		return func(m *access.Matrix) {
			issuer(func(i *access.Issuer) { i.Preset = preset })(m)
			service(change)(m)
		}
	}
	prefix := func(s *access.Service) { s.InsecureNoAudience = "hr/" }
	roles := func(list ...string) func(access.Allow) func(*access.Service) {
		return func(a access.Allow) func(*access.Service) {
			return func(s *access.Service) {
				s.InsecureNoAudienceRoles = list
				a.Methods, a.NoScopes = []string{"*"}, len(a.Scopes) == 0
				s.Allow = []access.Allow{a}
			}
		}
	}
	portal := []string{"backoffice-portal"}
	byClaim := func(claim string) func(*access.Service) {
		return func(s *access.Service) {
			s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Claims: map[string][]string{claim: {"x"}}}}
		}
	}
	entry := func(a access.Allow) func(*access.Service) {
		return func(s *access.Service) {
			prefix(s)
			a.Methods = []string{"*"}
			s.Allow = []access.Allow{a}
		}
	}
	for want, change := range map[string]func(*access.Matrix){
		"clients: any client of \"" + corp + "\" can get a token": with("entra", func(s *access.Service) {
			s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}}
		}),
		"callers: tokens of preset spring do not distinguish": with("spring", func(s *access.Service) {
			s.Allow[0].Callers = access.ServicesOnly
		}),
		"callers: tokens of preset zitadel do not distinguish": with("zitadel", func(s *access.Service) {
			s.Allow = slices.Clone(s.Allow)
			s.Allow[0].Callers = access.UsersOnly
		}),
		"insecure_no_audience: its issuers put aud":  with("keycloak", prefix),
		"scope_prefix: \"hr\" is not the identifier": with("cognito", func(s *access.Service) { s.InsecureNoAudience = "hr" }),
		"scope_prefix: \"/\" is not the identifier":  with("cognito", func(s *access.Service) { s.InsecureNoAudience = "/" }),
		"allow[0].scopes: none is not enough":        with("cognito", prefix),
		"services.human-resource.allow[0].clients: any client of \"" + corp + "\" can get a token for any audience: list clients or roles, or demand values of email under claims": with("google", byClaim("hd")),
		"services.human-resource.allow[0].clients: any client of \"" + corp + "\" can get a token for any audience: list clients or roles":                                         with("spiffe", byClaim("email")),
		"allow[0].clients: any is not enough without":  with("cognito", roles("clerk")(access.Allow{AnyClient: true, Roles: []string{"clerk"}})),
		`list some of the roles "clerk"`:               with("cognito", roles("clerk")(access.Allow{Clients: portal})),
		`allow[0].roles[1]: "boss" does not stand for`: with("cognito", roles("clerk")(access.Allow{Clients: portal, Roles: []string{"clerk", "boss"}})),
		`"hr/read" does not stand for the audience`:    with("cognito", roles("clerk")(access.Allow{Clients: portal, Scopes: []string{"hr/read"}})),
		`roles[1]: "clerk" is listed twice`:            with("cognito", roles("clerk", "clerk")(access.Allow{Clients: portal, Roles: []string{"clerk"}})),
		`insecure_no_audience.roles[0]: "" begins`:     with("cognito", roles("")(access.Allow{Clients: portal, Roles: []string{""}})),
		"insecure_no_audience: its issuers put":        with("keycloak", roles("clerk")(access.Allow{Clients: portal, Roles: []string{"clerk"}})),
		`"clerk" stands for the audience of "order-status" too`: func(m *access.Matrix) {
			with("cognito", roles("clerk")(access.Allow{Clients: portal, Roles: []string{"clerk"}}))(m)
			s := m.Services["order-status"]
			s.InsecureNoAudienceRoles = []string{"clerk"}
			m.Services["order-status"] = s
		},
		"allow[0].clients: any is not enough":            with("cognito", entry(access.Allow{AnyClient: true, Scopes: []string{"hr/read"}})),
		`allow[0].scopes[1]: "read" does not begin`:      with("cognito", entry(access.Allow{Clients: []string{"backoffice-portal"}, Scopes: []string{"hr/read", "read"}})),
		`allow[0].any_scopes[0]: "hrx/read" does not be`: with("cognito", entry(access.Allow{Clients: []string{"backoffice-portal"}, AnyScopes: []string{"hrx/read"}})),
	} {
		newRefuses(t, change, want)
	}
}

func newRefuses(t *testing.T, change func(*access.Matrix), want string) {
	t.Helper()
	m := company()
	change(&m)
	policy, err := access.New(m)
	var problem *access.Problem
	if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &problem) || len(problem.Path) == 0 {
		t.Errorf("New = %v, %v, want a Problem that says %q", policy, err, want)
	}
}
