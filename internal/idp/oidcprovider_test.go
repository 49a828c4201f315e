package idp_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/idp"
)

func TestOIDCProvider(t *testing.T) {
	s := idp.OIDCProvider(t)
	provider{
		Server: s,
		token:  "/token",
		requests: []request{
			{
				name: "audience", client: "customer-portal", form: url.Values{"resource": {"urn:acme:order-status"}, "scope": {"orders.read orders.write"}},
				header: claims{"typ": "at+jwt", "alg": "RS256"},
				payload: claims{
					"iss": s.Issuer, "aud": "urn:acme:order-status", "client_id": "customer-portal", "sub": "customer-portal",
					"scope": "orders.read", "azp": nil,
				},
			},
			{
				name: "denied", client: "customer-portal", form: url.Values{"resource": {"urn:acme:human-resource"}},
				refusal: "client customer-portal may not request urn:acme:human-resource",
			},
			{
				name: "two audiences", client: "backoffice-portal", form: url.Values{"resource": {"urn:acme:order-status", "urn:acme:human-resource"}},
				refusal: `"invalid_target"`,
			},
		},
		login:  url.Values{"scope": {"openid offline_access"}, "prompt": {"consent"}, "resource": {"urn:acme:backoffice-portal"}},
		id:     claims{"aud": "backoffice-portal", "sub": "alice", "azp": nil},
		access: claims{"aud": "urn:acme:backoffice-portal", "sub": "alice", "client_id": "backoffice-portal"},
		exchanges: []request{
			{
				name: "onward", client: "backoffice-portal", form: url.Values{"resource": {"urn:acme:order-status"}, "scope": {"orders.read"}},
				payload: claims{
					"aud": "urn:acme:order-status", "sub": "alice", "client_id": "backoffice-portal", "scope": "orders.read",
					"act": claims{"sub": "backoffice-portal"},
				},
			},
			{
				name: "denied", client: "backoffice-portal", form: url.Values{"resource": {"urn:acme:customer-portal"}},
				refusal: "client backoffice-portal may not request urn:acme:customer-portal",
			},
			{
				name: "addressed to another", client: "order-status", form: url.Values{"resource": {"urn:acme:human-resource"}},
				refusal: `"invalid_grant"`,
			},
		},
		hop: request{
			client: "order-status", form: url.Values{"resource": {"urn:acme:human-resource"}},
			payload: claims{
				"aud": "urn:acme:human-resource", "sub": "alice", "client_id": "order-status",
				"act": claims{"sub": "order-status", "act": claims{"sub": "backoffice-portal"}},
			},
		},
	}.exercise(t)
}

func TestOIDCProviderVariants(t *testing.T) {
	p := provider{Server: idp.OIDCProvider(t), token: "/token"}
	both := []any{"urn:acme:order-status", "urn:acme:human-resource"}
	for variant, want := range map[string]struct{ header, payload claims }{
		"PS256":          {header: claims{"alg": "PS256"}},
		"ES256":          {header: claims{"alg": "ES256"}},
		"EdDSA":          {header: claims{"alg": "EdDSA"}},
		"Ed25519":        {header: claims{"alg": "Ed25519"}},
		"several":        {payload: claims{"aud": both, "azp": "auditor"}},
		"several-no-azp": {payload: claims{"aud": both, "azp": nil}},
		"bad-azp":        {payload: claims{"azp": "someone-else", "client_id": "auditor"}},
		"no-client":      {payload: claims{"azp": nil, "client_id": nil}},
		"no-exp":         {payload: claims{"exp": nil}},
		"auth0":          {claims{"typ": "JWT"}, claims{"azp": "auditor", "sub": "auditor@clients", "scope": "orders.read"}},
		"entra":          {claims{"typ": "JWT"}, claims{"azp": "auditor", "roles": []any{"Orders.Read"}, "scp": nil, "scope": nil}},
		"okta":           {claims{"typ": "JWT"}, claims{"cid": "auditor", "scp": []any{"orders.read"}, "scope": nil}},
	} {
		t.Run(variant, func(t *testing.T) {
			grant, _ := p.ask(t, "auditor", url.Values{"resource": {"urn:acme:order-status:" + variant}, "scope": {"orders.read"}})
			wantClaims(t, grant.AccessToken, want.header, want.payload)
		})
	}
}

func TestOIDCProviderOpaque(t *testing.T) {
	p := provider{Server: idp.OIDCProvider(t), token: "/token"}
	grant, _ := p.ask(t, "auditor", url.Values{"resource": {"urn:acme:order-status:opaque"}, "scope": {"orders.read"}})
	_, answer := post(t, http.DefaultClient, p.Issuer+"/token/introspection", "order-status", url.Values{"token": {grant.AccessToken}})
	var told claims
	if err := json.Unmarshal([]byte(answer), &told); err != nil {
		t.Fatal(err)
	}
	if told["active"] != true || told["aud"] != "urn:acme:order-status" || told["client_id"] != "auditor" {
		t.Errorf("got %s, want the auditor's token for the order status", answer)
	}
}

func TestOIDCProviderClients(t *testing.T) {
	s := idp.OIDCProvider(t)
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {"urn:acme:order-status"}}
	grant, _ := post(t, http.DefaultClient, s.Issuer+"/token", "", with(form, url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion(t, s)},
	}))
	wantClaims(t, grant.AccessToken, nil, claims{"client_id": "batch"})

	grant, _ = post(t, trusting(s, "batch-mtls"), s.TLS+"/token", "", with(form, url.Values{"client_id": {"batch-mtls"}}))
	wantClaims(t, grant.AccessToken, nil, claims{"iss": s.Issuer, "client_id": "batch-mtls"})
	if cnf, _ := part(t, grant.AccessToken, 1)["cnf"].(claims); cnf["x5t#S256"] == nil {
		t.Errorf("got cnf %v, want the certificate's hash", cnf)
	}
	if _, answer := post(t, trusting(s, "other"), s.TLS+"/token", "", with(form, url.Values{"client_id": {"batch-mtls"}})); !strings.Contains(answer, `"invalid_client"`) {
		t.Errorf("got %s for another certificate, want invalid_client", answer)
	}
}

// assertion returns an assertion by which the client batch authenticates (RFC 7523,
// section 3).
func assertion(t *testing.T, s *idp.Server) string {
	encode := func(c claims) string {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(claims{"alg": "ES256", "kid": s.Key.ID()}) + "." + encode(claims{
		"iss": "batch", "sub": "batch", "aud": s.Issuer, "jti": rand.Text(), "exp": time.Now().Add(time.Minute).Unix(),
	})
	return signed + "." + base64.RawURLEncoding.EncodeToString(s.Key.Sign([]byte(signed)))
}
