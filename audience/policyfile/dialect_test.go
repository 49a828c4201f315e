package policyfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestPresetIsANameOrAMapping reads every key of a preset that is written out, in its
// short and in its long form.
func TestPresetIsANameOrAMapping(t *testing.T) {
	const text = `version: 1
issuers:
  a:
    url: https://a.example
    preset:
      types: [at+jwt, none]
      client: [azp, /app/id]
      client_optional: true
      sole_audience_is_client: true
      not_client: {client_id: "*.example.com"}
      caller_claims: [repository, {claim: email, verified_by: email_verified}]
      subject: /user/id
      subject_prefix: "user:"
      subject_optional: true
      required: [jti]
      values: {use: access}
      forbidden: [nonce]
      issuer_aliases: [a.example]
      scopes: [scp, scope]
      scope_lists: true
      roles: [roles, {claim: /realm/*/roles}, {claim: "urn:roles", as: names}]
      role_scope: groups
      services:
        - {equal: {sub: "{client}"}, absent: [sid]}
        - {present: [app], not: {kind: user}}
      services_uncertain: true
      client_account: {claim: name, value: "account-{client}"}
      audiences: granted
      max_lifetime: 2h
      ask: {scope: "{audience}/x"}
      exchange: resource
      exchange_audience: true
      on_behalf_of: true
  b:
    url: https://b.example
    preset: {types: [jwt], client: azp, forbidden: none, scopes: scope, roles: groups, caller_claims: repository, services: all, audiences: none, ask: nothing}
  c: {url: "https://c.example", preset: okta}
  d: {url: "https://d.example", preset: {types: [jwt], client: azp, services: none}}
services: {s: {grpc: [g.S], issuers: [a, b], insecure_no_audience: {roles: [clerk]}}}
`
	got, err := policyfile.Decode("access.yaml", "etc", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]access.Issuer{
		"a": {URL: "https://a.example", Dialect: access.Dialect{
			Types: []string{"at+jwt", "none"}, Client: []string{"azp", "/app/id"}, ClientOptional: true, SoleAudienceIsClient: true,
			NotClient:    map[string]string{"client_id": "*.example.com"},
			CallerClaims: []access.CallerClaim{{Claim: "repository"}, {Claim: "email", VerifiedBy: "email_verified"}},
			Subject:      "/user/id", SubjectPrefix: "user:", SubjectOptional: true, Required: []string{"jti"}, Values: map[string]string{"use": "access"},
			Forbidden: []string{"nonce"}, IssuerAliases: []string{"a.example"}, Scopes: []string{"scp", "scope"}, ScopeLists: true,
			Roles:     []access.RolePlace{{Claim: "roles"}, {Claim: "/realm/*/roles"}, {Claim: "urn:roles", As: "names"}},
			RoleScope: "groups",
			Services: []access.ServiceMark{
				{Equal: map[string]string{"sub": "{client}"}, Absent: []string{"sid"}},
				{Present: []string{"app"}, Not: map[string]string{"kind": "user"}},
			},
			UncertainServices: true, ClientAccount: access.AccountMark{Claim: "name", Value: "account-{client}"},
			Audiences: access.GrantedAudiences, MaxLifetime: 2 * time.Hour, Ask: access.Ask{Scope: "{audience}/x"}, Exchange: access.Ask{Parameter: "resource"},
			ExchangeAudience: true, OnBehalfOf: true,
		}},
		"b": {URL: "https://b.example", Dialect: access.Dialect{
			Types: []string{"jwt"}, Client: []string{"azp"}, NoForbidden: true, Scopes: []string{"scope"}, Roles: []access.RolePlace{{Claim: "groups"}},
			CallerClaims: []access.CallerClaim{{Claim: "repository"}}, AllServices: true, Audiences: access.NoAudience, Ask: access.Ask{Parameter: "nothing"},
		}},
		"c": {URL: "https://c.example", Preset: "okta"},
		"d": {URL: "https://d.example", Dialect: access.Dialect{Types: []string{"jwt"}, Client: []string{"azp"}, NoServices: true}},
	}
	if diff := cmp.Diff(want, got.Issuers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"clerk"}, got.Services["s"].InsecureNoAudienceRoles); diff != "" {
		t.Errorf("roles that stand for aud (-want +got):\n%s", diff)
	}
}

// TestMistakesOfAPresetHaveLines shows mistakes in a preset that is written out, of
// form and of meaning, each at its line.
func TestMistakesOfAPresetHaveLines(t *testing.T) {
	for preset, want := range map[string]string{
		"keykloak":            `access.yaml:5:5: unknown preset "keykloak", did you mean "keycloak"?`,
		"[jwt]":               "access.yaml:5:13: want the name of a preset, or a mapping that describes one, got a list",
		"{}":                  `access.yaml:5:13: missing key "types"`,
		"\n      client: azp": `access.yaml:6:7: missing key "types"`,
		"\n      types: []":   "access.yaml:6:14: want a list of typ headers",
		"\n      types: jwt":  "access.yaml:6:14: want a list of typ headers such as [at+jwt]; none for tokens without one, got a string: write [jwt]",
		"\n      types: [jwt]\n      clients: [azp]":                                                    `access.yaml:7:7: unknown key "clients", did you mean "client"?`,
		"\n      types: [jwt]\n      client: [/a/0]":                                                    `access.yaml:7:16: "/a/0" leads through an array`,
		"\n      types: [jwt]\n      client: [a, 0]":                                                    "access.yaml:7:19: want a string, got a number",
		"\n      types: [jwt]\n      client: sub":                                                       "access.yaml:7:7: sub says which user",
		"\n      types: [jwt]":                                                                          "no client: name the claims",
		"\n      types: [jwt]\n      client: azp\n      roles: [{as: names}]":                           `access.yaml:8:15: missing key "claim"`,
		"\n      types: [jwt]\n      client: azp\n      roles: [{claim: r, as: text}]":                  "access.yaml:8:30: want names or objects",
		"\n      types: [jwt]\n      client: azp\n      required: [jti]\n      forbidden: [nonce, jti]": "access.yaml:9:26: jti is forbidden, but it is required",
		"\n      types: [jwt]\n      client: azp\n      services: some":                                 "access.yaml:8:17: want all, none, or a list of conditions",
		"\n      types: [jwt]\n      client: azp\n      services: [{}]":                                 "access.yaml:8:18: this holds for every token",
		"\n      types: [jwt]\n      client: azp\n      services: [{absent: [azp]}]":                    "access.yaml:8:28: each token has azp: this never holds",
		"\n      types: [jwt]\n      client: azp\n      audiences: all":                                 "access.yaml:8:18: want any or granted or none",
		"\n      types: [jwt]\n      client: azp\n      ask: {scope: x}":                                `access.yaml:8:13: "x" must have {audience} once`,
		"\n      types: [jwt]\n      client: azp\n      values: {typ: [a]}":                             "access.yaml:8:21: want a string, got a list",
		"\n      types: [jwt]\n      client: azp\n      max_lifetime: 0s":                               "access.yaml:8:21: want a duration",
		"{types: [jwt], client: azp}\n    ask: audience\n    discovery: ftp://x":                        "is not https",
	} {
		text := "version: 1\nissuers:\n  corp:\n    url: https://idp.example.com\n    preset: " + preset +
			"\nservices: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: none}]}}\nclients: {portal: {}}\n"
		_, err := policyfile.Parse("access.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", preset, err, want)
		}
	}
}
