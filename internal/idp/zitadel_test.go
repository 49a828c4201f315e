package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

func TestZitadel(t *testing.T) {
	s := idp.Zitadel(t)
	audience := func(name string) string { return "urn:zitadel:iam:org:project:id:" + name + ":aud" }
	provider{
		Server: s,
		token:  "/oauth/token",
		requests: []request{
			{
				name: "audience", client: "customer-portal", form: url.Values{"scope": {audience("order-status") + " orders.read orders.write"}},
				header: claims{"typ": "JWT", "alg": "RS256"},
				payload: claims{
					"iss": s.Issuer, "aud": []any{"order-status"}, "client_id": "customer-portal", "sub": "customer-portal",
					"scope": "orders.read", "azp": nil,
				},
			},
			{
				name: "two audiences", client: "backoffice-portal", form: url.Values{"scope": {audience("order-status") + " " + audience("human-resource")}},
				payload: claims{"aud": []any{"order-status", "human-resource"}, "azp": nil},
			},
			{
				name: "audience is ignored", client: "customer-portal", form: url.Values{"audience": {"order-status"}, "resource": {"order-status"}},
				payload: claims{"aud": []any{"customer-portal"}},
			},
			{
				name: "denied", client: "customer-portal", form: url.Values{"scope": {audience("human-resource")}},
				refusal: "client customer-portal may not request human-resource",
			},
		},
		login: url.Values{"scope": {"openid offline_access orders.read " + audience("order-status")}},
		id:    claims{"aud": []any{"backoffice-portal", "order-status"}, "sub": "alice", "azp": "backoffice-portal"},
		access: claims{
			"aud": []any{"backoffice-portal", "order-status"}, "sub": "alice", "client_id": "backoffice-portal",
			"scope": "orders.read", "azp": nil,
		},
		exchanges: []request{
			{
				name: "onward", client: "backoffice-portal", form: url.Values{"audience": {"order-status"}, "scope": {"orders.read"}},
				payload: claims{
					"aud": []any{"order-status"}, "sub": "alice", "client_id": "backoffice-portal", "scope": "orders.read",
					"act": claims{"sub": "backoffice-portal"},
				},
			},
			{
				name: "denied", client: "order-status", form: url.Values{"audience": {"order-status"}},
				refusal: "client order-status may not request order-status",
			},
			{
				name: "addressed to another", client: "human-resource", form: url.Values{"audience": {"order-status"}},
				refusal: "not for human-resource",
			},
		},
		hop: request{
			client: "order-status", form: url.Values{"audience": {"human-resource"}},
			payload: claims{
				"aud": []any{"human-resource"}, "sub": "alice", "client_id": "order-status",
				"act": claims{"sub": "order-status", "act": claims{"sub": "backoffice-portal"}},
			},
		},
	}.exercise(t)
}

func TestZitadelRefusesLogin(t *testing.T) {
	s := idp.Zitadel(t)
	for name, l := range map[string]idp.Login{
		"stranger": {User: "mallory"},
		"password": {User: "alice", Password: "guess"},
		"secret":   {User: "alice", Secret: "guess"},
	} {
		l.Client = "customer-portal"
		if grant, err := s.Login(t.Context(), l); err == nil {
			t.Errorf("%s: got %v, want an error", name, grant)
		}
	}
}

func TestZitadelIntrospection(t *testing.T) {
	s := idp.Zitadel(t)
	p := provider{Server: s, token: "/oauth/token"}
	grant, _ := p.ask(t, "customer-portal", url.Values{"scope": {"urn:zitadel:iam:org:project:id:order-status:aud"}})
	for client, want := range map[string]bool{"order-status": true, "customer-portal": true, "human-resource": false} {
		_, answer := post(t, http.DefaultClient, s.Issuer+"/oauth/introspect", client, url.Values{"token": {grant.AccessToken}})
		if got := strings.Contains(answer, `"active":true`); got != want {
			t.Errorf("%s is told %s, want active %t", client, answer, want)
		}
	}
}
