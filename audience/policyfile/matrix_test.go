package policyfile_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
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

func TestMatrix(t *testing.T) {
	want := audience.Matrix{
		Issuers: map[string]audience.Issuer{
			"corp": {URL: "https://idp.example.com/realms/corp", Preset: "keycloak"},
		},
		Services: map[string]audience.Service{
			"order-status": {
				Issuers:   []string{"corp"},
				Audiences: []string{"order-status"},
				GRPC:      []string{"acme.orders.v1.OrderStatus"},
				Allow: []audience.Allow{
					{Clients: []string{"customer-portal", "backoffice-portal"}, Methods: []string{"GetOrderStatus"}, Scopes: []string{"orders.read"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.write"}},
				},
			},
			"human-resource": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.hr.v1.HumanResource"},
				Allow:   []audience.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]audience.Client{"customer-portal": {}, "backoffice-portal": {}},
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

func TestMatrixRareKeys(t *testing.T) {
	const text = "\ufeffversion: 1\r\nissuers:\r\n" +
		"  a: {url: 'http://localhost', discovery: 'http://localhost/d', jwks: 'http://localhost/k', insecure: loopback}\r\n" +
		"services:\r\n" +
		"  s: {issuers: [a], audience: [new, old], grpc: [g.S], self: true, allow: [{clients: any, methods: [M], scopes: none}]}\r\n" +
		"clients:\r\n" +
		"  s: {issuer: a, id: '42', secret: {file: s.secret}}\r\n" +
		"  e: {secret: {env: E_SECRET}}\r\n"
	want := audience.Matrix{
		Issuers: map[string]audience.Issuer{"a": {
			URL: "http://localhost", Discovery: "http://localhost/d", JWKS: "http://localhost/k", InsecureLoopback: true,
		}},
		Services: map[string]audience.Service{"s": {
			Issuers: []string{"a"}, Audiences: []string{"new", "old"}, GRPC: []string{"g.S"}, Self: true,
			Allow: []audience.Allow{{AnyClient: true, Methods: []string{"M"}, NoScopes: true}},
		}},
		Clients: map[string]audience.Client{
			"s": {Issuer: "a", ID: "42", Secret: audience.Secret{File: filepath.Join("etc", "s.secret")}},
			"e": {Secret: audience.Secret{Env: "E_SECRET"}},
		},
	}
	got, err := policyfile.Decode("access.yaml", "etc", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
