package main_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiffGolden(t *testing.T) {
	for _, format := range []string{"table", "markdown", "json"} {
		r := run(t, "", "diff", company, "testdata/changed.yaml", "-o", format)
		r.want(t, 1)
		golden(t, "diff-"+format, r.stdout)
	}
}

func TestDiffOfTheSame(t *testing.T) {
	for _, path := range []string{company, "testdata/rich.yaml"} {
		r := run(t, "", "diff", path, path)
		r.want(t, 0)
		if r.stdout != "no difference\n" {
			t.Errorf("diff of %s with itself: %s", path, r.stdout)
		}
	}
}

// matrixWith returns a matrix of one service with these entries.
func matrixWith(t *testing.T, allow string) string {
	t.Helper()
	text := "version: 1\nissuers: {corp: {url: https://idp.example.com, preset: keycloak, introspection: {client: o, secret: {env: E}}}}\n" +
		"services:\n  orders:\n    grpc: [acme.Orders]\n"
	if allow != "" {
		text += "    allow:\n"
	}
	for line := range strings.Lines(allow) {
		text += "      - " + strings.TrimSpace(line) + "\n"
	}
	return file(t, "access.yaml", text+"clients: {a: {}, b: {}}\n")
}

func TestDiffKinds(t *testing.T) {
	const plain = "{clients: [a], methods: [M], scopes: [s]}"
	for _, row := range []struct {
		name, old, new, want string
	}{
		{"written otherwise", "{clients: [a, b], methods: [M], scopes: [s]}", "{clients: [b], methods: [M], scopes: [s]}\n{clients: [a], methods: [M], scopes: [s]}", "no difference"},
		{"one more that says nothing", plain, plain + "\n{clients: [a], methods: [M], scopes: [s, t]}", "no difference"},
		{"client", plain, "{clients: [a, b], methods: [M], scopes: [s]}", "gains services.orders b M -> scope s"},
		{"method", plain, "{clients: [a], methods: [M, N], scopes: [s]}", "gains services.orders a N -> scope s"},
		{"every method", `{clients: [a], methods: ["*"], scopes: [s]}`, plain, "loses services.orders a all other methods scope s ->"},
		{"any client", plain, "{clients: any, methods: [M], scopes: [s]}", "gains services.orders any other client M -> scope s"},
		{"no entry", plain, "", "loses services.orders a M scope s ->"},
		{"two entries", plain + "\n{clients: [a], methods: [N], scopes: [s]}", "", "loses services.orders a M, N scope s ->"},
		{"scope more", plain, "{clients: [a], methods: [M], scopes: [s, t]}", "stronger services.orders a M scope s -> scopes s and t"},
		{"scope less", plain, "{clients: [a], methods: [M], scopes: none}", "weaker services.orders a M scope s -> no scope"},
		{"another scope", plain, "{clients: [a], methods: [M], scopes: [t]}", "other services.orders a M scope s -> scope t"},
		{"one of two scopes", plain, "{clients: [a], methods: [M], any_scopes: [s, t]}", "weaker services.orders a M scope s -> scope s or t"},
		{"fewer of the scopes", "{clients: [a], methods: [M], any_scopes: [s, t]}", "{clients: [a], methods: [M], any_scopes: [s]}", "stronger services.orders a M scope s or t -> scope s"},
		{"role", plain, "{clients: [a], methods: [M], scopes: [s], roles: [r]}", "stronger services.orders a M scope s -> scope s, role r"},
		{"claim", plain, "{clients: [a], methods: [M], scopes: [s], claims: {c: [x]}}", "stronger services.orders a M scope s -> scope s, c = x"},
		{"claim value", "{clients: [a], methods: [M], scopes: [s], claims: {c: [x]}}", "{clients: [a], methods: [M], scopes: [s], claims: {c: [x, y]}}", "weaker services.orders a M scope s, c = x -> scope s, c = x or y"},
		{"acr", plain, "{clients: [a], methods: [M], scopes: [s], acr: [gold]}", "stronger services.orders a M scope s -> scope s, acr gold"},
		{"login age", "{clients: [a], methods: [M], scopes: [s], max_auth_age: 5m}", "{clients: [a], methods: [M], scopes: [s], max_auth_age: 10m}", "weaker services.orders a M scope s, a login within 5m0s -> scope s, a login within 10m0s"},
		{"online", plain, "{clients: [a], methods: [M], scopes: [s], online: true}", "stronger services.orders a M scope s -> scope s, active at the issuer now"},
		{"online within a time", "{clients: [a], methods: [M], scopes: [s], online: true}", "{clients: [a], methods: [M], scopes: [s], online: true, online_max_age: 5s}", "weaker services.orders a M scope s, active at the issuer now -> scope s, active at the issuer within 5s"},
		{"callers", plain, "{clients: [a], methods: [M], scopes: [s], callers: users}", "stronger services.orders a M scope s -> scope s, users only"},
		{"optional", plain, "{clients: [a], methods: [M], scopes: [s], optional: true}", "weaker services.orders a M scope s -> scope s, or no token at all"},
		{"alternative", plain, plain + "\n{clients: [a], methods: [M], scopes: [t]}", "weaker services.orders a M scope s -> scope s; or scope t"},
	} {
		r := run(t, "", "diff", matrixWith(t, row.old), matrixWith(t, row.new), "-o", "markdown")
		got := strings.TrimSpace(r.stdout)
		if lines := strings.Split(got, "\n"); len(lines) == 3 {
			c := strings.Split(strings.Trim(lines[2], "| "), " | ")
			for len(c) < 6 {
				c = append(c, "")
			}
			got = strings.TrimSpace(strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s -> %s", c[0], c[1], c[2], c[3], c[4], c[5])), " "))
		}
		if got = strings.ReplaceAll(got, "| ->", "->"); got != row.want {
			t.Errorf("%s: diff = %q, want %q", row.name, got, row.want)
		}
	}
}

// TestDiffNamesKeysOfWrittenPresets shows that a change in a preset is named by its key in
// the file.
func TestDiffNamesKeysOfWrittenPresets(t *testing.T) {
	with := func(name, preset string) string {
		return file(t, name, "version: 1\nissuers: {a: {url: https://a.example.com, preset: "+preset+"}}\n"+
			"services: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none}]}}\nclients: {c: {}}\n")
	}
	before := with("a.yaml", "{types: [jwt], client: azp, services: [{absent: [uid]}]}")
	run(t, "", "diff", before, with("b.yaml", "{types: [jwt], client: azp, services: [{equal: {sub: '{client}'}, absent: [sid]}], roles: {claim: r, as: names}}")).want(t, 1,
		"issuers.a.preset.services", "uid absent", "sub = {client} and sid absent", "issuers.a.preset.roles", "r as names")
	run(t, "", "diff", before, with("c.yaml", "{types: [jwt, none], client: azp, services: [{absent: [uid]}]}")).want(t, 1, "issuers.a.preset.types", "jwt, none")
}

// TestDiffNamesKeysAsTheFileDoes shows what takes a protection off an issuer under the key
// that the file has for it.
func TestDiffNamesKeysAsTheFileDoes(t *testing.T) {
	with := func(name, keys string) string {
		return file(t, name, "version: 1\nissuers: {a: {url: https://a.example.com, "+keys+"}}\nservices: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none}]}}\nclients: {c: {}}\n")
	}
	before := with("before.yaml", "jwks: https://a.example.com/keys")
	for key, keys := range map[string]string{
		"issuers.a.insecure.host":          "jwks: 'http://keycloak/keys', insecure: {host: keycloak}",
		"issuers.a.insecure ":              "jwks: 'http://127.0.0.1/keys', insecure: loopback",
		"issuers.a.ca_file":                "jwks: https://a.example.com/keys, ca_file: a.pem",
		"issuers.a.introspection.insecure": "introspection: {url: https://a.example.com/i, insecure: no_authentication}",
	} {
		run(t, "", "diff", before, with("after.yaml", keys)).want(t, 1, key)
	}
}
