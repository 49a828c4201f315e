package interceptor_test

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// loginRow is how an issuer is asked at a login for calls to the orders, whose scope is
// orders.read, and to the invoices, whose scopes are invoices.pay and orders.read. A text
// is the scopes and the parameter that are requested, or a part of the error.
type loginRow struct {
	preset     string
	ask        access.Ask
	exchange   string // on behalf of the user, to both
	forward    string // to the orders
	forwardTwo string // to both
}

const (
	demanded   = "invoices.pay orders.read"
	oneAtATime = "one login at issuer"
)

var loginRows = map[string]loginRow{
	"the default":          {"", access.Ask{}, demanded, "orders.read audience=urn:orders", oneAtATime},
	"rfc9068":              {"rfc9068", access.Ask{}, demanded, "orders.read audience=urn:orders", oneAtATime},
	"keycloak":             {"keycloak", access.Ask{}, demanded, "orders.read urn:orders", "invoices.pay orders.read urn:invoices urn:orders"},
	"auth0":                {"auth0", access.Ask{}, demanded, "orders.read audience=urn:orders", oneAtATime},
	"auth0-rfc9068":        {"auth0-rfc9068", access.Ask{}, demanded, "orders.read audience=urn:orders", oneAtATime},
	"oidc-provider":        {"oidc-provider", access.Ask{}, demanded, "orders.read resource=urn:orders", oneAtATime},
	"duende":               {"duende", access.Ask{}, demanded, "orders.read resource=urn:orders", oneAtATime},
	"logto":                {"logto", access.Ask{}, demanded, "orders.read resource=urn:orders", oneAtATime},
	"okta":                 {"okta", access.Ask{}, demanded, "orders.read", oneAtATime},
	"pingone":              {"pingone", access.Ask{}, demanded, "orders.read", demanded},
	"cognito":              {"cognito", access.Ask{}, "Cognito has no token exchange", "have no aud", "have no aud"},
	"hydra":                {"hydra", access.Ask{}, "Hydra has no token exchange", "orders.read audience=urn:orders", oneAtATime},
	"dex":                  {"dex", access.Ask{}, demanded, "audience:server:client_id:urn:orders orders.read", "audience:server:client_id:urn:invoices audience:server:client_id:urn:orders invoices.pay orders.read"},
	"spring":               {"spring", access.Ask{}, demanded, "orders.read urn:orders", "invoices.pay orders.read urn:invoices urn:orders"},
	"authentik":            {"authentik", access.Ask{}, demanded, "orders.read urn:orders", "invoices.pay orders.read urn:invoices urn:orders"},
	"zitadel":              {"zitadel", access.Ask{}, zitadelBoth, "orders.read urn:zitadel:iam:org:project:id:urn:orders:aud", zitadelBoth},
	"zitadel-oidc":         {"zitadel-oidc", access.Ask{}, zitadelBoth, "orders.read urn:zitadel:iam:org:project:id:urn:orders:aud", zitadelBoth},
	"entra":                {"entra", access.Ask{}, "p-1/.default", "urn:orders/.default", oneAtATime},
	"entra-v1":             {"entra-v1", access.Ask{}, "p-1/.default", "urn:orders/.default", oneAtATime},
	"azure-b2c":            {"azure-b2c", access.Ask{}, demanded, "urn:orders/.default", oneAtATime},
	"adfs":                 {"adfs", access.Ask{}, "resource=p-1", "orders.read resource=urn:orders", oneAtATime},
	"ask: audience":        {"keycloak", access.Ask{Parameter: "audience"}, demanded, "orders.read audience=urn:orders", oneAtATime},
	"ask: resource":        {"", access.Ask{Parameter: "resource"}, demanded, "orders.read resource=urn:orders", oneAtATime},
	"ask: nothing":         {"", access.Ask{Parameter: "nothing"}, demanded, "orders.read", demanded},
	"ask: scope":           {"", access.Ask{Scope: "aud:{audience}"}, demanded, "aud:urn:orders orders.read", "aud:urn:invoices aud:urn:orders invoices.pay orders.read"},
	"ask: scope, at Entra": {"entra", access.Ask{Scope: "api://{audience}/.default"}, "api://p-1/.default", "api://urn:orders/.default", oneAtATime},
	"ask: token_urls": {
		"",
		access.Ask{TokenURLs: map[string]string{"orders": "https://idp.example.com/a", "invoices": "https://idp.example.com/b"}},
		demanded, "a token endpoint for each audience", "a token endpoint for each audience",
	},
}

const zitadelBoth = demanded + " urn:zitadel:iam:org:project:id:urn:invoices:aud urn:zitadel:iam:org:project:id:urn:orders:aud"

// loginClient is a client at an issuer, which may call the orders and the invoices and not
// the payroll.
func loginClient(t *testing.T, row loginRow, changes ...func(*access.Matrix)) *interceptor.Client {
	t.Helper()
	service := func(name string, scopes ...string) access.Service {
		s := access.Service{GRPC: []string{"acme." + name}, Audiences: []string{"urn:" + name}}
		s.Allow = []access.Allow{{Clients: []string{"portal"}, Methods: []string{"*"}, Scopes: scopes}}
		return s
	}
	payroll := service("payroll", "payroll.read")
	payroll.Allow[0].Clients = []string{"other"}
	m := access.Matrix{
		Issuers:  map[string]access.Issuer{"corp": {URL: corp, Preset: row.preset, Ask: row.ask}},
		Services: map[string]access.Service{"orders": service("orders", "orders.read"), "invoices": service("invoices", "orders.read", "invoices.pay"), "payroll": payroll},
		Clients:  map[string]access.Client{"portal": {ID: "p-1", Secret: access.SecretRef{File: filepath.Join(t.TempDir(), "secret")}}, "other": {}},
	}
	for _, change := range changes {
		change(&m)
	}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, newIssuer(), policy, "portal")
}

// requested writes down what a login requests, as x/oauth2 sends it.
func requested(scopes []string, parameters []oauth2.AuthCodeOption, err error) string {
	if err != nil {
		return err.Error()
	}
	config := oauth2.Config{ClientID: "p-1", Scopes: scopes, Endpoint: oauth2.Endpoint{AuthURL: corp}}
	u, err := url.Parse(config.AuthCodeURL("s", parameters...))
	if err != nil {
		return err.Error()
	}
	all := []string{u.Query().Get("scope")}
	for _, name := range []string{"audience", "resource"} {
		if value := u.Query().Get(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return strings.TrimSpace(strings.Join(all, " "))
}

// TestLoginRequestsWhatTheCallsNeed shows for every way of asking an issuer what a login
// requests, so that the user's token can be exchanged or forwarded.
func TestLoginRequestsWhatTheCallsNeed(t *testing.T) {
	for name, row := range loginRows {
		t.Run(name, func(t *testing.T) {
			change := func(*access.Matrix) {}
			if row.preset == "cognito" {
				change = withoutAudiences
			}
			client := loginClient(t, row, change)
			got := []string{
				requested(client.LoginOnBehalfOf("orders", "invoices")), requested(client.LoginForward("orders")), requested(client.LoginForward("invoices", "orders")),
			}
			for i, want := range []string{row.exchange, row.forward, row.forwardTwo} {
				if got[i] != want && !(strings.HasPrefix(got[i], "interceptor: ") && strings.Contains(got[i], want)) {
					t.Errorf("%d: got %s\nwant %s", i, got[i], want)
				}
			}
		})
	}
}

// withoutAudiences writes the services for an issuer whose tokens have no aud.
func withoutAudiences(m *access.Matrix) {
	for name, s := range m.Services {
		s.InsecureNoAudience, s.Allow[0].Scopes = name+"/", []string{name + "/read"}
		m.Services[name] = s
	}
}

// TestEveryPresetWithATokenEndpointHasALogin shows that no preset is missing in the rows.
func TestEveryPresetWithATokenEndpointHasALogin(t *testing.T) {
	var missing []string
	for _, p := range provider.All() {
		if _, ok := loginRows[p.Preset]; !ok && p.Request.Alternative == "" {
			missing = append(missing, p.Preset)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no rows for %q", missing)
	}
}

// TestLoginWithoutSenseIsAnError shows which logins are refused before anybody is sent to
// one.
func TestLoginWithoutSenseIsAnError(t *testing.T) {
	client := loginClient(t, loginRow{})
	for want, services := range map[string][]string{
		"a login for no service":                   nil,
		`no service "order" in the policy`:         {"order"},
		`does not let "portal" call "payroll"`:     {"payroll"},
		`no service "" in the policy`:              {"orders", ""},
		`name portal in an entry of services.payr`: {"orders", "payroll"},
	} {
		for way, login := range map[string]func(...string) ([]string, []oauth2.AuthCodeOption, error){"OnBehalfOf": client.LoginOnBehalfOf, "Forward": client.LoginForward} {
			if scopes, parameters, err := login(services...); err == nil || !strings.Contains(err.Error(), want) || scopes != nil || parameters != nil {
				t.Errorf("%s %q: %v, %v, want %s", way, services, scopes, err, want)
			}
		}
	}
	named := loginClient(t, loginRow{preset: "oidc-provider"}, func(m *access.Matrix) {
		s := m.Services["orders"]
		s.Audiences = []string{"orders"}
		m.Services["orders"] = s
	})
	if _, _, err := named.LoginForward("orders"); err == nil || !strings.Contains(err.Error(), "want an absolute URI") {
		t.Errorf("a resource that is no URI: %v", err)
	}
	files := loginClient(t, loginRow{}, func(m *access.Matrix) {
		m.Clients["portal"] = access.Client{ID: "p-1", TokenFiles: map[string]string{"orders": "/run/token"}}
	})
	if _, _, err := files.LoginOnBehalfOf("orders"); err == nil || !strings.Contains(err.Error(), "exchanges no tokens") {
		t.Errorf("a client with token_files: %v", err)
	}
}

// TestLoginOfSeveralServicesWithOneAudience shows that services which share an audience
// need one login, and that a service may be named twice.
func TestLoginOfSeveralServicesWithOneAudience(t *testing.T) {
	client := loginClient(t, loginRow{}, func(m *access.Matrix) {
		for name, s := range m.Services {
			if name != "payroll" {
				s.Audiences = []string{"urn:shop"}
			}
			m.Services[name] = s
		}
	})
	scopes, parameters, err := client.LoginForward("orders", "invoices", "orders")
	if diff := cmp.Diff([]string{"invoices.pay", "orders.read"}, scopes); diff != "" || err != nil {
		t.Errorf("%v, scopes (-want +got):\n%s", err, diff)
	}
	if got := requested(slices.Clone(scopes), parameters, nil); got != demanded+" audience=urn:shop" {
		t.Errorf("got %s", got)
	}
}
