package access_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestUnobtainableAudiences shows that an audience which no client can get, by the way
// in which its issuer is asked, is warned of.
func TestUnobtainableAudiences(t *testing.T) {
	const uri = "https://orders.example.com"
	for name, row := range map[string]struct {
		issuer   access.Issuer
		audience string
		change   func(*access.Matrix)
		want     string // empty: no warning
	}{
		"resource":                     {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, uri, nil, ""},
		"resource, no URI":             {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, "orders", nil, "services.orders.audience: no client of issuer \"corp\" can get a token for \"orders\": clients ask by the parameter resource"},
		"resource, a fragment":         {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, uri + "#x", nil, "which must be an absolute URI"},
		"resource, by the preset":      {access.Issuer{Preset: "oidc-provider"}, "orders", nil, "which must be an absolute URI"},
		"resource, and no client asks": {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, "orders", func(m *access.Matrix) { m.Clients["portal"] = access.Client{} }, ""},
		"resource, and tokens from files": {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, "orders", func(m *access.Matrix) {
			m.Clients["portal"] = access.Client{TokenFiles: map[string]string{"orders": "t"}}
		}, ""},
		"audience":                       {access.Issuer{Ask: access.Ask{Parameter: "audience"}}, "orders", nil, ""},
		"a scope":                        {access.Issuer{Ask: access.Ask{Scope: "{audience}/.default"}}, "orders", nil, ""},
		"a scope with white space":       {access.Issuer{Ask: access.Ask{Scope: "{audience}/.default"}}, "our orders", nil, "which can have no white space"},
		"a scope, by the preset":         {access.Issuer{URL: "https://idp.example.com/realms/corp", Preset: "keycloak"}, "our orders", nil, "which can have no white space"},
		"token endpoints":                {access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"orders": "https://idp.example.com/o"}}}, "orders", nil, ""},
		"a token endpoint of none":       {access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"tracking": "https://idp.example.com/o"}}}, "orders", nil, "token_urls has no token endpoint for it"},
		"an API by resource":             {access.Issuer{Ask: access.Ask{Parameter: "resource"}}, uri, func(m *access.Matrix) { m.External["tracking"] = access.External{Clients: []string{"portal"}} }, "external.tracking: no client"},
		"one server of Okta":             {access.Issuer{URL: "https://acme.okta.com/oauth2/default", Preset: "okta"}, "orders", func(m *access.Matrix) { delete(m.External, "tracking") }, ""},
		"one server of Okta for two":     {access.Issuer{URL: "https://acme.okta.com/oauth2/default", Preset: "okta"}, "orders", nil, "issuers.corp: an authorization server of Okta has one audience"},
		"no token endpoint for a secret": {access.Issuer{URL: "https://accounts.google.com", Preset: "google"}, "orders", nil, "clients.portal.secret: Google has no token endpoint"},
		"the URI of an API in v2 tokens": {access.Issuer{URL: "https://login.microsoftonline.com/9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b/v2.0", Preset: "entra"}, "api://orders", nil, "has \"api://orders\" in aud: Entra puts"},
		"the URI of an API in v1 tokens": {access.Issuer{URL: "https://sts.windows.net/9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b/", Preset: "entra-v1"}, "api://orders", nil, ""},
	} {
		if row.issuer.URL == "" {
			row.issuer.URL = "https://idp.example.com"
		}
		m := access.Matrix{
			Issuers: map[string]access.Issuer{"corp": row.issuer},
			Services: map[string]access.Service{"orders": {
				Audiences: []string{row.audience}, GRPC: []string{"acme.orders.v1.OrderStatus"},
				Allow: []access.Allow{{Clients: []string{"portal"}, Methods: []string{"*"}, NoScopes: true}},
			}},
			Clients:  map[string]access.Client{"portal": {Secret: access.SecretRef{Env: "SECRET"}}},
			External: map[string]access.External{"tracking": {Audience: "https://tracking.example.net", Clients: []string{"portal"}}},
		}
		if row.issuer.Ask.TokenURLs["orders"] != "" {
			delete(m.External, "tracking")
		}
		if row.change != nil {
			row.change(&m)
		}
		got := strings.Join(told(t, m, access.Warning), "\n")
		if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: warned %q, want %q in it", name, got, row.want)
		}
	}
}
