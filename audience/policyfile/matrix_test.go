package policyfile_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

const example = `version: 1
issuers:
  corp:
    url: https://idp.example.com/realms/corp
    preset: keycloak            # where the caller's id stands
services:
  order-status:
    issuer: corp
    audience: order-status      # the value in aud
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - clients: [customer-portal, backoffice-portal]
        methods: [GetOrderStatus]
        scopes: [orders.read]
      - clients: [backoffice-portal]
        methods: ["*"]
        scopes: [orders.write]
  human-resource:
    issuer: corp
    grpc: [acme.hr.v1.HumanResource]
    allow:
      - clients: [backoffice-portal]
        methods: ["*"]
        scopes: none
clients:
  customer-portal: {}
  backoffice-portal: {}
public: [grpc.health.v1.Health]
`

func TestEveryKeyIsRead(t *testing.T) {
	want := access.Matrix{
		Issuers: map[string]access.Issuer{
			"corp": {URL: "https://idp.example.com/realms/corp", Preset: "keycloak"},
		},
		Services: map[string]access.Service{
			"order-status": {
				Issuers:   []string{"corp"},
				Audiences: []string{"order-status"},
				GRPC:      []string{"acme.orders.v1.OrderStatus"},
				Allow: []access.Allow{
					{Clients: []string{"customer-portal", "backoffice-portal"}, Methods: []string{"GetOrderStatus"}, Scopes: []string{"orders.read"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.write"}},
				},
			},
			"human-resource": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.hr.v1.HumanResource"},
				Allow:   []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		Public:  []string{"grpc.health.v1.Health"},
	}
	got, err := policyfile.Decode("access.yaml", "", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const rareKeys = "\ufeffversion: 1\r\nissuers:\r\n" +
	"  a: {url: 'http://localhost', discovery: 'http://localhost/d', jwks: 'http://localhost/k', insecure: loopback}\r\n" +
	"services:\r\n" +
	"  s: {issuers: [a], audience: [new, old], grpc: [g.S], self: true, allow: [{clients: any, methods: [M], scopes: none}], closed: [N]}\r\n" +
	"clients:\r\n" +
	"  s: {issuer: a, id: '42', secret: {file: s.secret}}\r\n" +
	"  e: {secret: {env: E_SECRET}}\r\n"

func TestMatrixRareKeys(t *testing.T) {
	want := access.Matrix{
		Issuers: map[string]access.Issuer{"a": {
			URL: "http://localhost", Discovery: "http://localhost/d", JWKS: "http://localhost/k", InsecureLoopback: true,
		}},
		Services: map[string]access.Service{"s": {
			Issuers: []string{"a"}, Audiences: []string{"new", "old"}, GRPC: []string{"g.S"}, Self: true,
			Allow: []access.Allow{{AnyClient: true, Methods: []string{"M"}, NoScopes: true}}, Closed: []string{"N"},
		}},
		Clients: map[string]access.Client{
			"s": {Issuer: "a", ID: "42", Secret: access.SecretRef{File: filepath.Join("etc", "s.secret")}},
			"e": {Secret: access.SecretRef{Env: "E_SECRET"}},
		},
	}
	got, err := policyfile.Decode("access.yaml", "etc", []byte(rareKeys))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const demands = `version: 1
issuers:
  a:
    url: https://a.example
    keys_file: a.jwks
    algorithms: [RS256, ES256]
    leeway: 10s
    max_lifetime: 1h30m
    max_age: 30m
    bound: required
    introspection: {url: https://a.example/introspect, client: orders, secret: {env: ORDERS_SECRET}}
  b: {url: https://b.example, keys_file: /etc/b.jwks, introspection: {client: orders, secret: {file: b.secret}}}
services:
  s:
    sole_audience: true
    insecure_no_audience: {scope_prefix: orders/}
    grpc: [g.S]
    rollout:
    - {mode: observe, until: 2027-01-31, methods: [M], clients: [s]}
    - {mode: warn, until: 2027-01-31T12:00:00+01:00}
    - {mode: "warn", until: "2027-01-31"}
    allow:
    - clients: any
      methods: [M]
      any_scopes: [orders/read, orders/write]
      roles: [clerk]
      claims: {department: [hr, it]}
      acr: [gold]
      max_auth_age: 10m
      online: true
      online_max_age: 5s
      callers: users
      optional: true
    - {clients: [s], methods: [N], scopes: [orders/read], any_scopes: [a], callers: services, optional: false}
`

func TestDemandsOfRulesAreRead(t *testing.T) {
	secret := access.SecretRef{Env: "ORDERS_SECRET"}
	midnight := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	want := access.Matrix{
		Issuers: map[string]access.Issuer{
			"a": {
				URL: "https://a.example", KeysFile: filepath.Join("etc", "a.jwks"), Algorithms: []string{"RS256", "ES256"},
				Leeway: 10 * time.Second, MaxLifetime: 90 * time.Minute, MaxAge: 30 * time.Minute, RequireBound: true,
				Introspection: access.Introspection{URL: "https://a.example/introspect", ClientID: "orders", Secret: secret},
			},
			"b": {URL: "https://b.example", KeysFile: "/etc/b.jwks", Introspection: access.Introspection{
				ClientID: "orders", Secret: access.SecretRef{File: filepath.Join("etc", "b.secret")},
			}},
		},
		Services: map[string]access.Service{"s": {
			GRPC: []string{"g.S"}, SoleAudience: true, InsecureNoAudience: "orders/",
			Rollout: []access.Rollout{
				{Mode: access.Observe, Until: midnight, Methods: []string{"M"}, Clients: []string{"s"}},
				{Mode: access.Warn, Until: time.Date(2027, 1, 31, 11, 0, 0, 0, time.UTC)},
				{Mode: access.Warn, Until: midnight},
			},
			Allow: []access.Allow{
				{
					AnyClient: true, Methods: []string{"M"}, AnyScopes: []string{"orders/read", "orders/write"},
					Roles: []string{"clerk"}, Claims: map[string][]string{"department": {"hr", "it"}},
					ACR: []string{"gold"}, MaxAuthAge: 10 * time.Minute, Online: true, OnlineMaxAge: 5 * time.Second, Callers: access.UsersOnly, Optional: true,
				},
				{
					Clients: []string{"s"}, Methods: []string{"N"}, Scopes: []string{"orders/read"}, AnyScopes: []string{"a"},
					Callers: access.ServicesOnly,
				},
			},
		}},
	}
	got, err := policyfile.Decode("access.yaml", "etc", []byte(demands))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
