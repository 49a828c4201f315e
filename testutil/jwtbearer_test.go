package testutil_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

// asserted returns a request of the grant jwt-bearer for freight.
func asserted(assertion string, pairs ...string) url.Values {
	return form(append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", assertion, "audience", "freight"}, pairs...)...)
}

func TestJWTBearerGrant(t *testing.T) {
	const partner = "https://idp.partner.example"
	home, away := corp(), testutil.NewIssuer(partner)
	ask := func(form url.Values, id, secret string) answer {
		r := request(t, "POST", partner+"/token", form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if id != "" {
			r.SetBasicAuth(id, secret)
		}
		return send(t, away, r)
	}
	away.Register(testutil.Client{ID: "portal", Secret: "s3cret", Audiences: []string{"freight"}})
	about := func(sub string, aud any) string { return home.Mint(testutil.Claims{"sub": sub, "aud": aud}) }

	if got := ask(asserted(about("alice", partner)), "portal", "s3cret"); got.status != 400 {
		t.Errorf("nobody is trusted: answer = %+v, want 400", got)
	}
	away.Trust(home)
	tests := []struct {
		name, assertion, id, secret string
		pairs                       []string
		status                      int
		act                         any
	}{
		{"a user", about("alice", partner), "portal", "s3cret", nil, 200, map[string]any{"sub": "portal"}},
		{"the client itself", about("portal", []string{partner}), "", "", nil, 200, nil},
		{"a stranger, alone", about("alice", partner), "", "", nil, 401, nil},
		{"nothing, alone", "", "", "", nil, 400, nil},
		{"for two", about("alice", []string{partner, issuerURL}), "portal", "s3cret", nil, 400, nil},
		{"for others", about("alice", issuerURL), "portal", "s3cret", nil, 400, nil},
		{"expired", home.Mint(testutil.Claims{"sub": "alice", "aud": partner, "exp": time.Now().Unix()}), "portal", "s3cret", nil, 400, nil},
		{"forged", home.Mint(testutil.Claims{"sub": "alice", "aud": partner}, testutil.SignedBy(testutil.NewKey("ES256"))), "portal", "s3cret", nil, 400, nil},
		{"wrong secret", about("alice", partner), "portal", "x", nil, 401, nil},
		{"unknown use", about("alice", partner), "portal", "s3cret", []string{"requested_token_use", "x"}, 400, nil},
		{"on behalf of, not allowed", about("alice", partner), "portal", "s3cret", []string{"requested_token_use", "on_behalf_of"}, 400, nil},
	}
	for _, tt := range tests {
		got := ask(asserted(tt.assertion, tt.pairs...), tt.id, tt.secret)
		if got.status != tt.status {
			t.Errorf("%s: answer = %+v, want %d", tt.name, got, tt.status)
		}
		if got.status == 200 {
			if diff := cmp.Diff(tt.act, part(t, got.json(t)["access_token"].(string), 1)["act"]); diff != "" {
				t.Errorf("%s: act (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}

// In the on-behalf-of flow the assertion is a token that is addressed to the client.
func TestEntraOnBehalfOfGrant(t *testing.T) {
	issuer := corp()
	for audience, status := range map[string]int{"order-status": 200, "human-resource": 400} {
		r := form("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use", "on_behalf_of",
			"assertion", issuer.User("customer-portal", "alice", audience), "audience", "human-resource")
		if got := post(t, issuer, testutil.Token, "order-status", "s3cret", r); got.status != status {
			t.Errorf("a token for %s: answer = %+v, want %d", audience, got, status)
		}
	}
}

// A JWT that is asked for as such is no bearer token (RFC 8693, section 2.2.1).
func TestExchangeForAnAssertion(t *testing.T) {
	issuer := corp()
	r := swap(issuer.User("customer-portal", "alice", "order-status"), "human-resource", "requested_token_type", "urn:ietf:params:oauth:token-type:jwt")
	if got := post(t, issuer, testutil.Token, "order-status", "s3cret", r).json(t); got["token_type"] != "N_A" {
		t.Errorf("answer = %v, want token_type N_A", got)
	}
}

func TestAudienceScope(t *testing.T) {
	issuer := corp(testutil.AudienceScope("aud:{audience}"))
	for _, tt := range []struct {
		form url.Values
		aud  any
		code any
	}{
		{clientCredentials("scope", "aud:order-status orders.read"), "order-status", nil},
		{clientCredentials("scope", "aud:order-status aud:human-resource"), []any{"order-status", "human-resource"}, nil},
		{clientCredentials("scope", "aud:payroll"), nil, "invalid_scope"},
		{clientCredentials("scope", "orders.read"), nil, "invalid_scope"},
		{clientCredentials("audience", "order-status"), nil, "invalid_target"},
	} {
		got := post(t, issuer, testutil.Token, "backoffice-portal", "s3:cret+%&", tt.form).json(t)
		var aud any
		if token, ok := got["access_token"].(string); ok {
			aud = part(t, token, 1)["aud"]
		}
		if !cmp.Equal(tt.aud, aud) || got["error"] != tt.code {
			t.Errorf("%v: got aud %v, %v, want %v, %v", tt.form, aud, got["error"], tt.aud, tt.code)
		}
	}
	token := issuer.User("customer-portal", "alice", "order-status")
	for _, scope := range []string{"", "aud:human-resource"} {
		form := swap(token, "human-resource")
		form.Set("scope", scope)
		if got := post(t, issuer, testutil.Token, "order-status", "s3cret", form); got.status != 200 {
			t.Errorf("exchange with scope %q: answer = %+v, want 200", scope, got)
		}
	}
}

func TestMutualTLSAlias(t *testing.T) {
	const discovery = issuerURL + "/.well-known/openid-configuration"
	if got := get(t, corp(), discovery).json(t)["mtls_endpoint_aliases"]; got != nil {
		t.Errorf("aliases = %v, want none", got)
	}
	want := map[string]any{
		"token_endpoint":         "https://mtls.idp.example.com/realms/corp/token",
		"introspection_endpoint": "https://mtls.idp.example.com/realms/corp/introspect",
	}
	got := get(t, corp(testutil.MutualTLSAlias("https://mtls.idp.example.com")), discovery).json(t)["mtls_endpoint_aliases"]
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}
