package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

const (
	tenantA = "11111111-2222-4333-8444-555555555555"
	tenantB = "9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b"
	entra   = "https://login.microsoftonline.com/"
)

// tenanted is a matrix whose issuer has two tenants. The client portal is registered at
// both, the client batch at one.
func tenanted(changes ...func(*access.Issuer)) access.Matrix {
	issuer := access.Issuer{URL: entra + "{tenant}/v2.0", Preset: "entra", Tenants: []string{tenantA, tenantB}}
	for _, change := range changes {
		change(&issuer)
	}
	return access.Matrix{
		Issuers: map[string]access.Issuer{"acme": issuer},
		Services: map[string]access.Service{"orders": {
			GRPC:  []string{"acme.orders.v1.OrderStatus"},
			Allow: []access.Allow{{Clients: []string{"portal", "batch"}, Methods: []string{"*"}, NoScopes: true, Callers: access.ServicesOnly}},
		}},
		Clients:  map[string]access.Client{"portal": {ID: "p"}, "batch": {Issuer: "acme/" + tenantA}},
		External: map[string]access.External{"carrier": {Clients: []string{"portal"}}},
	}
}

// TestTenants shows that each tenant is an issuer of its own, wherever the policy is
// looked at, and that a policy made of its matrix is the same.
func TestTenants(t *testing.T) {
	policy, err := access.New(tenanted())
	if err != nil {
		t.Fatal(err)
	}
	m := policy.Matrix()
	want := access.Matrix{
		Issuers: map[string]access.Issuer{
			"acme/" + tenantA: {URL: entra + tenantA + "/v2.0", Preset: "entra"},
			"acme/" + tenantB: {URL: entra + tenantB + "/v2.0", Preset: "entra"},
		},
		Services: map[string]access.Service{"orders": {
			Issuers: []string{"acme/" + tenantA, "acme/" + tenantB}, Audiences: []string{"orders"}, GRPC: []string{"acme.orders.v1.OrderStatus"},
			Allow: []access.Allow{{Clients: []string{"portal/" + tenantA, "portal/" + tenantB, "batch"}, Methods: []string{"*"}, NoScopes: true, Callers: access.ServicesOnly}},
		}},
		Clients: map[string]access.Client{
			"portal/" + tenantA: {Issuer: "acme/" + tenantA, ID: "p"},
			"portal/" + tenantB: {Issuer: "acme/" + tenantB, ID: "p"},
			"batch":             {Issuer: "acme/" + tenantA, ID: "batch"},
		},
		External: map[string]access.External{"carrier": {Audience: "carrier", Clients: []string{"portal/" + tenantA, "portal/" + tenantB}}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
	again, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, again.Matrix()); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
	if _, _, err := policy.Client("portal"); err == nil || !strings.Contains(err.Error(), `"portal/`+tenantB+`"`) {
		t.Errorf("Client(portal) = %v, want the names of both", err)
	}
	target, err := policy.Target("portal/"+tenantB, "orders")
	if err != nil || target.Issuer.URL != entra+tenantB+"/v2.0" || len(target.Accepts) != 2 {
		t.Errorf("Target = %+v, %v", target, err)
	}
}

// TestOptionsNameClientsOfTenants shows that options of .proto files name the clients as
// the file does, and that their services accept all tenants of the only issuer.
func TestOptionsNameClientsOfTenants(t *testing.T) {
	options := []access.MethodOptions{
		{GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto", Demands: access.Allow{Clients: []string{"portal"}}},
		{GRPC: "acme.hr.v1.HumanResource", Method: "GetEmployee", Place: "hr.proto", Audience: "hr", Demands: access.Allow{Clients: []string{"portal"}, NoScopes: true}},
	}
	policy, err := access.New(tenanted(), options...)
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"portal/" + tenantA, "portal/" + tenantB}
	if got := policy.AddedDemands(); len(got) != 1 || !cmp.Equal(got[0].Demands.Clients, both) {
		t.Errorf("added demands %+v, want %q", got, both)
	}
	hr := policy.Matrix().Services["acme.hr.v1.HumanResource"]
	if !cmp.Equal(hr.Allow[0].Clients, both) || len(hr.Issuers) != 2 {
		t.Errorf("service of options: %+v", hr)
	}
	if diff := cmp.Diff(options, policy.GivenOptions()); diff != "" {
		t.Errorf("given options (-want +got):\n%s", diff)
	}
	if _, err := access.New(policy.Matrix(), policy.GivenOptions()...); err == nil {
		return
	} else if !strings.Contains(err.Error(), "give this service another name") {
		t.Errorf("again: %v", err)
	}
}

// TestTenantsRefused shows that only a complete list of tenants makes issuers.
func TestTenantsRefused(t *testing.T) {
	url := func(text string) func(*access.Issuer) {
		return func(i *access.Issuer) { i.URL, i.Tenants = text, nil }
	}
	list := func(tenants ...string) func(*access.Issuer) {
		return func(i *access.Issuer) { i.Tenants = tenants }
	}
	for name, row := range map[string]struct {
		change func(*access.Issuer)
		want   string
	}{
		"no list":               {list(), "issuers.acme.url: \"" + entra + "{tenant}/v2.0\" has a placeholder"},
		"the template of Entra": {url(entra + "{tenantid}/v2.0"), "has a placeholder"},
		"common":                {url(entra + "common/v2.0"), `no token has "common" in iss`},
		"organizations":         {url(entra + "organizations/v2.0"), `no token has "organizations" in iss`},
		"consumers, v1":         {func(i *access.Issuer) { url("https://sts.windows.net/consumers/")(i); i.Preset = "entra-v1" }, `no token has "consumers"`},
		"common as tenant":      {list("common"), "issuers.acme.tenants[0]: \"common\" is not what tokens of Entra ID have"},
		"a name as tenant":      {list(tenantA, "acme.onmicrosoft.com"), "issuers.acme.tenants[1]"},
		"upper case":            {list(strings.ToUpper(tenantB)), "a GUID in lower case"},
		"twice":                 {list(tenantA, tenantA), "is listed twice"},
		"another host":          {list(tenantA + ".evil.example/x"), "is not the id of a tenant"},
		"every tenant":          {list("*"), "is not the id of a tenant"},
		"up":                    {list(".."), "is not the id of a tenant"},
		"empty":                 {list(""), "is not the id of a tenant"},
		"the placeholder":       {list("{tenant}"), "is not the id of a tenant"},
		"no place for it":       {func(i *access.Issuer) { i.URL = entra + tenantA + "/v2.0" }, "issuers.acme.tenants: the url has no {tenant} in it"},
		"one discovery":         {func(i *access.Issuer) { i.Discovery = entra + "common/v2.0/.well-known/openid-configuration" }, "issuers.acme.discovery: one metadata document"},
		"one endpoint of a service": {func(i *access.Issuer) {
			i.Ask.TokenURLs = map[string]string{"orders": entra + tenantA + "/oauth2/v2.0/token"}
		}, "issuers.acme.ask.token_urls.orders: one token endpoint"},
		"one token endpoint":      {func(i *access.Issuer) { i.TokenURL = entra + tenantA + "/oauth2/v2.0/token" }, "issuers.acme.token_url: one token endpoint"},
		"a template as keys only": {func(i *access.Issuer) { url(entra + tenantA + "/v2.0")(i); i.JWKS = entra + "{tenant}/keys" }, "issuers.acme.jwks: \"" + entra + "{tenant}/keys\" has a placeholder"},
		"opaque tokens": {func(i *access.Issuer) {
			i.Introspection = access.Introspection{URL: entra + "introspect", ClientID: "x", Secret: access.SecretRef{Env: "X"}}
		}, "does not say which tenant"},
	} {
		if _, err := access.New(tenanted(row.change)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
	for name, row := range map[string]struct {
		change func(*access.Matrix)
		want   string
	}{
		"an issuer of that name": {func(m *access.Matrix) { m.Issuers["acme/"+tenantA] = access.Issuer{URL: "https://idp.example.com"} }, `"acme/` + tenantA + `" stands for "acme" at tenant`},
		"a client of that name": {func(m *access.Matrix) {
			m.Clients["portal/"+tenantA] = access.Client{Issuer: "acme/" + tenantB, ID: "evil"}
		}, `"portal/` + tenantA + `" stands for "portal" at tenant`},
		"a client of that name, of the only issuer": {func(m *access.Matrix) { m.Clients["portal/"+tenantA] = access.Client{ID: "evil"} }, `"portal/` + tenantA + `" stands for "portal" at tenant`},
		"an unlisted tenant":                        {func(m *access.Matrix) { m.Clients["batch"] = access.Client{Issuer: "acme/zzz"} }, `unknown issuer "acme/zzz"`},
		"an API of all tenants": {func(m *access.Matrix) {
			m.External["carrier"] = access.External{Issuer: "acme", Clients: []string{"portal"}}
		}, "it has tenants: name one of"},
		"two names for one at tenant": {func(m *access.Matrix) { m.Clients["other"] = access.Client{ID: "p", Issuer: "acme/" + tenantB} }, "is the same client of the same issuer"},
	} {
		m := tenanted()
		row.change(&m)
		if _, err := access.New(m); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

// TestSharedKeysOfTenants shows that keys which count for several tenants are warned of.
func TestSharedKeysOfTenants(t *testing.T) {
	for file, want := range map[string]bool{"keys.json": true, "{tenant}.json": false} {
		got := strings.Join(told(t, tenanted(func(i *access.Issuer) { i.KeysFile = file }), access.Warning), "\n")
		if strings.Contains(got, "the tenants share these keys") != want {
			t.Errorf("%s: got %q, want the warning = %v", file, got, want)
		}
	}
}

// TestWildcardsInAudiencesAreMistakes shows that wildcards in an audience are mistakes,
// and that variables in what is compared exactly are told of.
func TestWildcardsInAudiencesAreMistakes(t *testing.T) {
	for _, audience := range []string{"*", "https://*.example.com", "https://orders.example.com/*", "orders*"} {
		newRefuses(t, service(func(s *access.Service) { s.Audiences = []string{audience} }), "has a wildcard, and audiences are compared exactly")
	}
	for value, want := range map[string]string{
		"${AUDIENCE}": "${AUDIENCE} is taken literally", "https://$(HOST)/orders": "$(HOST) is taken literally", "$AUDIENCE": "$AUDIENCE is taken literally",
		"{{ .Values.audience }}": "is taken literally",
	} {
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: value, JWKS: corp + "/jwks"} }, want)
		for place, change := range map[string]func(*access.Matrix){
			"services.human-resource.audience": service(func(s *access.Service) { s.Audiences = []string{value} }),
			"clients.customer-portal.id":       func(m *access.Matrix) { m.Clients["customer-portal"] = access.Client{Issuer: "corp", ID: value} },
			"external.carrier.audience": func(m *access.Matrix) {
				m.External = map[string]access.External{"carrier": {Audience: value, Clients: []string{"customer-portal"}}}
			},
		} {
			m := company()
			change(&m)
			if got := strings.Join(told(t, m, access.Warning), "\n"); !strings.Contains(got, place) || !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q", place, got, want)
			}
		}
	}
	newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, JWKS: "https://${HOST}/jwks"} }, "issuers.corp.jwks: \"https://${HOST}/jwks\" has a placeholder")
}
