package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// TestPresetsListsEveryPreset shows the list, as text and as JSON, and that each page exists.
func TestPresetsListsEveryPreset(t *testing.T) {
	text := run(t, "", "presets")
	text.want(t, 0, "keycloak", "Keycloak", "docs/keycloak.md")
	var list []struct{ Name, Product, Page string }
	if err := json.Unmarshal([]byte(run(t, "", "presets", "-o", "json").stdout), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range list {
		names = append(names, one.Name)
		if !strings.Contains(text.stdout, one.Name) || one.Product == "" {
			t.Errorf("%+v: not in the list, or without a product", one)
		}
		if _, err := os.Stat(filepath.Join("../..", one.Page)); err != nil {
			t.Errorf("%s: %v", one.Name, err)
		}
	}
	if diff := cmp.Diff(claims.Presets(), names); diff != "" {
		t.Errorf("presets (-want +got):\n%s", diff)
	}
	run(t, "", "presets", "keycloack").want(t, 2, `no preset "keycloack", did you mean "keycloak"?`)
	run(t, "", "presets", "").want(t, 2, `no preset ""`)
	run(t, "", "presets", "auth0", "okta").want(t, 2, `want no argument "okta"`)
}

// TestPrintedPresetIsThePreset shows that what is printed for a preset, below an issuer in
// the place of its name, reads the same tokens to the same claims, and asks for audiences
// alike.
func TestPrintedPresetIsThePreset(t *testing.T) {
	for _, p := range provider.All() {
		t.Run(p.Preset, func(t *testing.T) {
			named := issuerWith(t, p.Addresses.Issuer, "preset: "+p.Preset)
			printed := run(t, "", "presets", p.Preset)
			printed.want(t, 0, "preset: "+p.Preset, "types: [")
			custom := issuerWith(t, p.Addresses.Issuer, printed.stdout)
			if custom.Dialect.IsZero() || custom.Preset != "" {
				t.Fatalf("the issuer has preset %q, want a mapping", custom.Preset)
			}
			same := cmp.Options{
				cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b provider.Condition) bool { return fmt.Sprint(a) < fmt.Sprint(b) }),
				cmpopts.IgnoreFields(provider.Service{}, "Proxy"), cmpopts.IgnoreFields(provider.Token{}, "ClientRequired"),
				cmpopts.IgnoreFields(provider.Request{}, "Alternative", "OneAudience"), // what New and check alone look at
				cmpopts.IgnoreFields(provider.Request{}, "AssertionForEndpoint"),       // which stands beside the mapping
			}
			want := named.Provider().Token
			want.Service.AnyOf = slices.DeleteFunc(slices.Clone(want.Service.AnyOf), func(all []provider.Condition) bool { return neverHolds(p, all) })
			if diff := cmp.Diff(want, custom.Provider().Token, same); diff != "" {
				t.Errorf("tokens (-name +mapping):\n%s", diff)
			}
			if diff := cmp.Diff(named.Provider().Request, custom.Provider().Request, same); diff != "" {
				t.Errorf("requests (-name +mapping):\n%s", diff)
			}
			if forEndpoint := custom.AssertionAudience == "token_endpoint"; forEndpoint != named.Provider().Request.AssertionForEndpoint {
				t.Errorf("assertion_audience is %q by mapping, want that of the name", custom.AssertionAudience)
			}
			if diff := cmp.Diff(named.Provider().Addresses.Hosts, custom.Hosts, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("hosts of the metadata (-name +mapping):\n%s", diff)
			}
			if template := p.Addresses.TokenHost; !strings.Contains(printed.stdout, template) {
				t.Errorf("the token endpoint is on %s, and the text does not say so:\n%s", template, printed.stdout)
			}
			if named.LongestLifetime() != custom.LongestLifetime() {
				t.Errorf("lifetime %v by name, %v by mapping", named.LongestLifetime(), custom.LongestLifetime())
			}
			readsAlike(t, p, named.TokenPreset(), custom.TokenPreset())
		})
	}
}

// neverHolds reports whether conditions want a claim absent that each token must have.
func neverHolds(p provider.Provider, all []provider.Condition) bool {
	return slices.ContainsFunc(all, func(c provider.Condition) bool { return c.Absent && slices.Contains(p.Token.Required, c.Claim) })
}

// issuerWith returns the issuer of that url with a preset, as a file says it.
func issuerWith(t *testing.T, url, preset string) access.Issuer {
	t.Helper()
	if strings.HasPrefix(url, "http:") {
		url += "\n    jwks: https://keys.example.com/jwks" // the name is no address
	}
	policy, err := policyfile.Load(file(t, "access.yaml", "version: 1\nissuers:\n  corp:\n    url: "+url+"\n    "+
		strings.ReplaceAll(strings.TrimSpace(preset), "\n", "\n    ")+
		"\nservices: {orders: {grpc: [acme.Orders], allow: [{clients: any, methods: [Get], scopes: none, roles: [clerk]}]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Matrix().Issuers["corp"]
}

// readsAlike compares two presets by the tokens that p writes, and by changes of them.
func readsAlike(t *testing.T, p provider.Provider, named, custom claims.Preset) {
	t.Helper()
	for _, typ := range []string{"", "JWT", "jwt", "at+jwt", "application/at+jwt", "application/okta-internal-at+jwt", "jose", "logout+jwt", "dpop+jwt", "none", "id"} {
		if a, b := named.CheckType(typ), custom.CheckType(typ); (a == nil) != (b == nil) {
			t.Errorf("typ %q: %v by name, %v by mapping", typ, a, b)
		}
	}
	admitted := 0
	once, twice := payloads(p)
	for n, payload := range append(once, twice...) {
		text, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		a, b := readingOf(named.Claims(text)), readingOf(custom.Claims(text))
		if !reflect.DeepEqual(a, b) { // of 60 000 tokens; a diff of each would take most of the time
			t.Errorf("%s (-name +mapping):\n%s", text, cmp.Diff(a, b))
		}
		if a.Cause == "" {
			admitted++
		}
		if n >= len(once) || payload["sub"] == nil && slices.Contains(p.Token.Required, "sub") {
			continue // an answer may lack sub; only the name then still knows a service
		}
		answer := maps.Clone(payload)
		answer["active"] = true
		if text, err = json.Marshal(answer); err != nil {
			t.Fatal(err)
		}
		a, b = readingOf(named.Introspected(text, p.Addresses.Issuer)), readingOf(custom.Introspected(text, p.Addresses.Issuer))
		if !reflect.DeepEqual(a, b) {
			t.Errorf("an answer about %s (-name +mapping):\n%s", text, cmp.Diff(a, b))
		}
	}
	if admitted < 10 {
		t.Errorf("%d tokens are read, want 10 at least", admitted)
	}
}

// reading is what is read of a token.
type reading struct {
	Cause                      audience.Cause
	Issuer, Client, User, Subj string
	Scopes, Roles, Audience    []string
	Service, Account           bool
}

func readingOf(c *claims.Claims, err error) reading {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return reading{Cause: refusal.Cause}
	}
	return reading{
		Issuer: c.Issuer(), Client: c.Client(), User: c.Caller().User, Subj: c.Subject(), Scopes: c.Scopes(), Roles: c.Roles(),
		Audience: c.Audience(), Service: c.IsService(), Account: c.IsAccount(),
	}
}

// payloads returns a token of p and tokens with one claim changed, and those with two.
func payloads(p provider.Provider) (once, twice []map[string]any) {
	good := map[string]any{
		"iss": p.Addresses.Issuer, "aud": []string{"orders"}, "exp": 4102444800, "iat": 1795353716, "jti": "1",
		"sub": p.Token.SubjectPrefix + "alice", "scope": "a b", "roles": []string{"clerk"},
	}
	for _, claim := range p.Token.Required {
		if good[claim] == nil {
			good[claim] = "matrix"
		}
	}
	for _, claim := range p.Token.Clients {
		good[claim] = p.Token.SubjectPrefix + "portal"
	}
	maps.Copy(good, anyValues(p.Token.Values))
	changes := map[string][]any{
		"sub":          {nil, "portal", "portal@clients", "CgZwb3J0YWw", "CgVvdGhlcg", "system:serviceaccount:a:b", 1},
		"azp":          {nil, "portal", "other", "a@b.iam.gserviceaccount.com", 1},
		"client_id":    {nil, "portal", "other"},
		"aud":          {nil, "orders", []string{"orders", "portal"}, []string{}, 1},
		"scope":        {nil, "a  b ", []string{"a"}, 1},
		"scp":          {"c", []string{"c"}},
		"roles":        {nil, []any{map[string]any{"value": "boss"}}, "clerk"},
		"permissions":  {[]string{"x"}},
		"groups":       {[]string{"g"}},
		"realm_access": {map[string]any{"roles": []string{"clerk", "a/b"}}, []any{map[string]any{"roles": "x"}}},
		"resource_access": {
			map[string]any{"orders": map[string]any{"roles": []string{"boss"}}},
		},
		"urn:zitadel:iam:org:project:roles": {map[string]any{"writer": map[string]any{}}},
		"cognito:groups":                    {[]string{"g"}},
		"preferred_username":                {"service-account-portal", "service-account-other"},
		"username":                          {"alice"}, "uid": {"u"}, "idtyp": {"user", "app"},
		"sid": {"s"}, "auth_time": {1, "x"}, "acr": {"gold", 1}, "jti": {nil},
		"nonce": {"n"}, "at_hash": {"h"}, "c_hash": {"h"}, "events": {map[string]any{}},
		"typ": {nil, "ID", "Bearer"}, "token_use": {"id", "access"}, "ver": {"1.0", "2.0"}, "iss": {"accounts.google.com"},
	}
	once = []map[string]any{good}
	names := slices.Sorted(maps.Keys(changes))
	for i, first := range names {
		for _, value := range changes[first] {
			one := changed(good, first, value)
			once = append(once, one)
			for _, second := range names[i+1:] {
				for _, value := range changes[second] {
					twice = append(twice, changed(one, second, value))
				}
			}
		}
	}
	return once, twice
}

func changed(payload map[string]any, claim string, value any) map[string]any {
	payload = maps.Clone(payload)
	if payload[claim] = value; value == nil {
		delete(payload, claim)
	}
	return payload
}

func anyValues(from map[string]string) map[string]any {
	to := map[string]any{}
	for name, value := range from {
		to[name] = value
	}
	return to
}
