package tokensource_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/claims"
	servers "github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/tokensource"
)

const (
	uri           = "https://orders.example.com"
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	bearerGrant   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// TestPresets shows what each preset sends for the client itself and for a subject.
func TestPresets(t *testing.T) {
	scope := func(s string) url.Values { return url.Values{"scope": {s}} }
	byAudience, byResource, nothing := url.Values{"audience": {uri}}, url.Values{"resource": {uri}}, url.Values{}
	rows := map[string]struct {
		own, subject url.Values
		grant        string
	}{
		"":              {byAudience, byAudience, exchangeGrant},
		"rfc9068":       {byAudience, byAudience, exchangeGrant},
		"oidc-provider": {byResource, byResource, exchangeGrant},
		"keycloak":      {scope(uri), url.Values{"scope": {uri}, "audience": {uri}}, exchangeGrant},
		"auth0":         {byAudience, byAudience, exchangeGrant},
		"auth0-rfc9068": {byAudience, byAudience, exchangeGrant},
		"okta":          {nothing, nothing, exchangeGrant},
		"entra":         {scope(uri + "/.default"), scope(uri + "/.default"), bearerGrant},
		"entra-v1":      {scope(uri + "/.default"), scope(uri + "/.default"), bearerGrant},
		"hydra":         {byAudience, byAudience, exchangeGrant},
		"zitadel":       {scope("urn:zitadel:iam:org:project:id:" + uri + ":aud"), byAudience, exchangeGrant},
		"zitadel-oidc":  {scope("urn:zitadel:iam:org:project:id:" + uri + ":aud"), byAudience, exchangeGrant},
		"dex":           {scope("audience:server:client_id:" + uri), scope("audience:server:client_id:" + uri), exchangeGrant},
		"duende":        {byResource, byResource, exchangeGrant},
		"pingone":       {nothing, nothing, exchangeGrant},
		"cognito":       {nothing, nothing, exchangeGrant},
		"spring":        {scope(uri), url.Values{"scope": {uri}, "audience": {uri}}, exchangeGrant},
		"authentik":     {scope(uri), scope(uri), exchangeGrant},
		"logto":         {byResource, byResource, exchangeGrant},
		"azure-b2c":     {scope(uri + "/.default"), scope(uri + "/.default"), exchangeGrant},
		"adfs":          {byResource, byResource, bearerGrant},
	}
	for name, row := range rows {
		own := form(t, tokensource.Request{Audience: uri}, tokensource.Preset(name))
		if diff := cmp.Diff(row.own, own); diff != "" {
			t.Errorf("%s: form (-want +got):\n%s", name, diff)
		}
		subject := form(t, tokensource.Request{Audience: uri, Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer}, tokensource.Preset(name))
		if got := subject.Get("grant_type"); got != row.grant {
			t.Errorf("%s: grant: got %s, want %s", name, got, row.grant)
		}
		if on := subject.Get("requested_token_use") == "on_behalf_of"; on != (row.grant == bearerGrant) {
			t.Errorf("%s: on behalf of: got %v", name, on)
		}
		for asked := range subject {
			if !slices.Contains([]string{"audience", "resource", "scope"}, asked) {
				subject.Del(asked)
			}
		}
		if diff := cmp.Diff(row.subject, subject); diff != "" {
			t.Errorf("%s: form for a subject (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range claims.Presets() {
		_, known := rows[name]
		s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.Preset(name))
		if s != nil {
			s.Close()
		}
		if known != (err == nil) || !known && !strings.Contains(err.Error(), "token_files") {
			t.Errorf("%s: got %v, want a source, or to be told what to use instead", name, err)
		}
	}
}

// TestDialectIsAskedAsItSays shows that a server which the matrix describes is asked in its
// own way, and in another one for an exchange.
func TestDialectIsAskedAsItSays(t *testing.T) {
	p := servers.Custom()
	p.Request = servers.Request{Audience: servers.Ask{Scope: "api:{audience}"}, Exchange: servers.Ask{Parameter: "resource"}}
	if diff := cmp.Diff(url.Values{"scope": {"api:" + uri}}, form(t, tokensource.Request{Audience: uri}, tokensource.Preset(p))); diff != "" {
		t.Errorf("own (-want +got):\n%s", diff)
	}
	got := form(t, tokensource.Request{Audience: uri, Subject: tokensource.NewToken("s", time.Time{}), SubjectIssuer: issuer}, tokensource.Preset(p))
	if got.Get("resource") != uri || got.Has("scope") || got.Has("audience") {
		t.Errorf("exchange: got %v, want resource=%s alone", got, uri)
	}
	if form := form(t, tokensource.Request{Audience: uri}, tokensource.Preset(p), tokensource.Preset("auth0")); form.Get("audience") != uri {
		t.Errorf("the last preset counts: got %v", form)
	}
}

// TestOptionsOverruleThePreset shows that the order of options does not matter, and
// that a token exchange which the preset states differently stays.
func TestOptionsOverruleThePreset(t *testing.T) {
	subject := tokensource.NewToken("s", time.Time{})
	ask, preset := tokensource.AskWithoutAudience(), tokensource.Preset("keycloak")
	for _, opts := range [][]tokensource.OAuthOption{{ask, preset}, {preset, ask}} {
		if got := form(t, tokensource.Request{Audience: uri}, opts...); len(got) != 0 {
			t.Errorf("own: got %v, want nothing", got)
		}
		got := form(t, tokensource.Request{Audience: uri, Subject: subject, SubjectIssuer: issuer}, opts...)
		if got.Get("audience") != uri || got.Has("scope") {
			t.Errorf("exchange: got audience %q and scope %q, want %q alone", got.Get("audience"), got.Get("scope"), uri)
		}
	}
	got := form(t, tokensource.Request{Audience: uri, Subject: subject, SubjectIssuer: issuer}, tokensource.Preset("entra"), tokensource.SubjectGrant(tokensource.TokenExchange))
	if got.Get("grant_type") != exchangeGrant {
		t.Errorf("got %v, want an exchange", got)
	}
}

func TestRemedyOfARefusalNamesTheSetting(t *testing.T) {
	for _, row := range []struct{ preset, code, description, want string }{
		{"keycloak", "invalid_scope", "Invalid scopes: order-status", `create a client scope named "order-status" with an audience mapper for "order-status", and add it to client "backoffice-portal" as optional`},
		{"keycloak", "invalid_request", "Standard token exchange is not enabled for the requested client", "switch on Standard Token Exchange"},
		{"auth0", "access_denied", "Client is not authorized to access \"order-status\"", `authorize client "backoffice-portal" for the API "order-status"`},
		{"hydra", "invalid_request", "Requested audience 'order-status' has not been whitelisted", `add "order-status" to the audience list of client "backoffice-portal"`},
		{"dex", "invalid_scope", "", `trustedPeers of client "order-status"`},
		{"", "invalid_target", "", "at https://idp.example.com/realms/corp; if the issuer wants to be asked otherwise, set ask"},
	} {
		body, err := json.Marshal(map[string]string{"error": row.code, "error_description": row.description})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{token: always(reply(400, string(body)))}
		_, err = newSource(t, w, tokensource.Preset(row.preset)).Token(t.Context(), orders)
		refused, ok := errors.AsType[*tokensource.TokenError](err)
		if !ok || !strings.Contains(refused.Hint, row.want) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s, %s: got %v, want %q in it", row.preset, row.code, err, row.want)
		}
	}
	w := &wire{token: refusal("never_heard_of")}
	_, err := newSource(t, w, tokensource.Preset("keycloak")).Token(t.Context(), orders)
	if refused, ok := errors.AsType[*tokensource.TokenError](err); !ok || refused.Hint != "" {
		t.Errorf("a code that nobody knows: got %v, want no hint", err)
	}
}

// TestTokenWithoutAudienceIsAMismatch shows also the one exception, a provider whose
// tokens never have an audience.
func TestTokenWithoutAudienceIsAMismatch(t *testing.T) {
	for preset, want := range map[string]error{"cognito": nil, "pingone": tokensource.ErrMismatch, "": tokensource.ErrMismatch} {
		w := &wire{token: always(reply(200, grant(jwt(`{}`), `"expires_in":300`)))}
		if _, err := newSource(t, w, tokensource.Preset(preset)).Token(t.Context(), orders); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", preset, err, want)
		}
	}
	w := &wire{token: always(reply(200, grant(jwt(`{"aud":"other"}`), `"expires_in":300`)))}
	if _, err := newSource(t, w, tokensource.Preset("cognito")).Token(t.Context(), orders); !errors.Is(err, tokensource.ErrMismatch) {
		t.Errorf("another audience: got %v, want ErrMismatch", err)
	}
}
