package main_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// jwks writes a key set, in which members of each key are replaced; nil removes a member.
func jwks(t *testing.T, keys ...map[string]any) string {
	t.Helper()
	for _, key := range keys {
		for name, value := range key {
			if value == nil {
				delete(key, name)
			}
		}
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "keys.json", string(text))
}

func jwk(key *testutil.Key, id string, members ...any) map[string]any {
	all := key.JWK()
	all["kid"] = id
	for i := 0; i < len(members); i += 2 {
		all[members[i].(string)] = members[i+1]
	}
	return all
}

// TestExportLeavesUnfitKeysOut shows that keys which are not for verifying tokens are left out:
// a proxy would use them.
func TestExportLeavesUnfitKeysOut(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ec := testutil.NewKey("ES256")
	for name, row := range map[string]struct {
		key  map[string]any
		want string
	}{
		"use enc":       {jwk(ec, "odd", "use", "enc"), "by its use, it is not for signatures"},
		"use null":      {jwk(ec, "odd", "use", json.RawMessage("null")), "by its use, it is not for signatures"},
		"key_ops":       {jwk(ec, "odd", "use", nil, "key_ops", []string{"sign"}), "by its key_ops, it is not for verifying"},
		"key_ops empty": {jwk(ec, "odd", "key_ops", []string{}), "by its key_ops, it is not for verifying"},
		"RSA 1024":      {jwk(testutil.KeyOf("RS256", short), "odd"), "its kind or its size is not accepted"},
		"alg of others": {jwk(ec, "odd", "alg", "RS256"), "its alg is not accepted, or is not of its kind"},
		"ECDH":          {jwk(ec, "odd", "alg", "ECDH-ES"), "its alg is not accepted, or is not of its kind"},
	} {
		for _, to := range []string{"envoy", "istio"} {
			r := run(t, "", "export", company, "--to", to, "--jwks-file", jwks(t, jwk(testutil.NewKey("RS256"), "good"), row.key))
			r.want(t, 0, "grpcaud: not exported: key 1 of ", `kid "odd": `+row.want)
			if !strings.Contains(r.stdout, `"kid":"good"`) || strings.Contains(r.stdout, `"kid":"odd"`) {
				t.Errorf("%s, for %s: got another key set than that of the good key:\n%s", name, to, r.stdout)
			}
		}
		run(t, "", "export", company, "--to", "envoy", "--jwks-file", jwks(t, row.key)).want(t, 2, "no key of it can verify a token", row.want)
	}
	for _, good := range []map[string]any{jwk(ec, "good", "use", nil), jwk(ec, "good", "key_ops", []string{"verify"}), jwk(testutil.NewKey("EdDSA"), "good", "alg", "Ed25519"), jwk(testutil.NewKey("PS256"), "good", "alg", nil)} {
		r := run(t, "", "export", company, "--to", "envoy", "--jwks-file", jwks(t, good))
		if r.want(t, 0); strings.Contains(r.stderr, "key 0") || !strings.Contains(r.stdout, `"kid":"good"`) {
			t.Errorf("%v: got\n%s%s", good, r.stdout, r.stderr)
		}
	}
	nameless := jwks(t, jwk(ec, "", "kid", nil), jwk(testutil.NewKey("RS256"), "good"))
	run(t, "", "export", company, "--to", "envoy", "--jwks-file", nameless).want(t, 2, "several keys, and one without kid")
}

// TestEnvoyDemandsTheKid shows that a token must name its key if there are several.
func TestEnvoyDemandsTheKid(t *testing.T) {
	const method = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp", testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}))
	key := testutil.NewKey("ES256")
	issuer.Use(key)
	second := jwk(testutil.NewKey("ES256"), "k2")
	for name, row := range map[string]struct {
		keys string
		kids map[any]bool // by whether Envoy admits
	}{
		"one key":              {jwks(t, jwk(key, "k1")), map[any]bool{nil: true, "k1": true, "k2": false, "": false}},
		"one key without name": {jwks(t, jwk(key, "", "kid", nil)), map[any]bool{nil: true, "k1": false}},
		"two keys":             {jwks(t, jwk(key, "k1"), second), map[any]bool{nil: false, "k1": true, "k2": false}},
	} {
		conn := fronted(t, company, "--jwks-file", row.keys)
		for kid, want := range row.kids {
			code := call(t, conn, method, "Bearer "+token(issuer, nil, testutil.Header("kid", kid)))
			verdict := run(t, token(issuer, nil, testutil.Header("kid", kid)), "explain", company, "--service", "order-status", "--method", "GetOrderStatus", "--jwks", row.keys)
			if admitted := code.String() == "OK"; admitted != want || admitted && verdict.code != 0 {
				t.Errorf("%s: a token with kid %v: Envoy says %v, want admitted: %t; the engine\n%s%s", name, kid, code, want, verdict.stdout, verdict.stderr)
			}
		}
	}
}
