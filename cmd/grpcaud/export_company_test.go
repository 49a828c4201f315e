package main_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
)

const meshedMatrix = "testdata/meshed.yaml"

func TestExportGolden(t *testing.T) {
	for _, row := range []struct{ name, args string }{
		{"keycloak-company", company + " --to keycloak --login backoffice-portal=https://backoffice.example.com/callback"},
		{"keycloak-meshed", meshedMatrix + " --to keycloak --realm acme --exchange batch"},
		{"keycloak-authenticators", "testdata/authenticators.yaml --to keycloak"},
		{"istio-company", company + " --to istio --namespace shop --service order-status"},
		{"istio-meshed", meshedMatrix + " --to istio"},
		{"istio-catalogue", "testdata/catalogue.yaml --to istio --descriptors " + descriptors(t, cataloguev1.File_acme_catalogue_v1_catalogue_proto)},
		{"istio-catalogue-open", "testdata/catalogue-open.yaml --to istio --descriptors " + descriptors(t, cataloguev1.File_acme_catalogue_v1_catalogue_proto)},
		{"envoy-company", company + " --to envoy --service order-status"},
		{"envoy-meshed", meshedMatrix + " --to envoy --bootstrap"},
		{"envoy-authz", company + " --to envoy --authz 127.0.0.1:9191 --bootstrap"},
		{"envoy-authz-parts", company + " --to envoy --authz authz.example.com:9191 --service order-status --max-stream 90s"},
		{"envoy-authz-http", "testdata/operations-authz.yaml --to envoy --authz unix:/run/grpcaud/authz.sock --bootstrap"},
		{"istio-authz", company + " --to istio --authz grpcaud-authz --namespace shop"},
	} {
		r := run(t, "", append([]string{"export"}, strings.Fields(row.args)...)...)
		r.want(t, 0)
		golden(t, "export-"+row.name, r.stdout+"\n"+r.stderr)
	}
}

func TestExportRefuses(t *testing.T) {
	const head = "version: 1\nissuers:\n"
	const tail = "\nservices: {orders: {issuer: a, grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none}]}}\nclients: {c: {issuer: a}}\n"
	plain := file(t, "plain.yaml", head+"  a: {url: https://a.example.com}"+tail)
	two := file(t, "two.yaml", head+"  a: {url: https://a.example.com, preset: keycloak}\n  b: {url: https://b.example.com, preset: keycloak}"+tail)
	twice := file(t, "twice.yaml", head+"  a: {url: https://a.example.com, preset: keycloak}\n"+
		"services:\n  orders: {grpc: [acme.Orders]}\n  ORDERS: {grpc: [acme.Old]}\n  spare: {grpc: [acme.Orders]}\n")
	private := file(t, "private.json", `{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"k1"}]}`)
	for _, row := range []struct{ args, want string }{
		{company, `missing --to (one of keycloak, istio, envoy)`},
		{company + " --to consul", "want one of keycloak, istio, envoy"},
		{"nowhere.yaml --to istio", "no such file"},
		{plain + " --to keycloak", "no issuer of the file has preset: keycloak"},
		{plain + " --to keycloak --issuer a", `issuer "a" has preset: rfc9068`},
		{two + " --to keycloak", `issuers "a" and "b" are both Keycloak's`},
		{two + " --to keycloak --issuer c", `no issuer "c"`},
		{company + " --to keycloak --exchange nobody", `no client "nobody"`},
		{company + " --to keycloak --login nobody=https://a.example.com", `no client "nobody"`},
		{company + " --to keycloak --login backoffice-portal", "want NAME=VALUE"},
		{company + " --to keycloak --logout backoffice-portal", "--logout: got"},
		{company + " --to keycloak --after-logout backoffice-portal", "--after-logout: got"},
		{company + " --to keycloak --logout backoffice-portal=https://a.example.com", "has no --login"},
		{company + " --to istio --service order-state", `no service "order-state" in the file, did you mean "order-status"?`},
		{twice + " --to envoy", `acme.Orders belongs to`},
		{twice + " --to istio --service orders --service ORDERS", `both have the manifest "grpcaud-orders"`},
		{company + " --to istio --selector app", "want a label, as KEY=VALUE"},
		{company + " --to istio --selector app={service}/1", "want a label, as KEY=VALUE"},
		{plain + " --to envoy", "say where the keys are, by jwks in the file or by --jwks-file"},
		{two + " --to envoy --jwks-file " + private, "want ISSUER=FILE, with one of a, b"},
		{plain + " --to envoy --jwks-file " + private, `key "k1" is not public`},
		{plain + " --to envoy --jwks-file " + company, "not a JWK set with keys"},
		{plain + " --to envoy --jwks-file " + file(t, "none.json", "{}"), "there are none"},
		{plain + " --to envoy --jwks-file a=nowhere.json", "no such file"},
		{company + " --to keycloak --authz a", "--authz is for envoy and istio"},
		{company + " --to envoy --max-stream 1m", "--max-stream is for --authz"},
		{company + " --to envoy --authz 127.0.0.1:9191 --max-stream 0s", "--max-stream: got 0s, want a second or more"},
		{company + " --to envoy --authz 127.0.0.1:9191 --forward", "--forward with --authz"},
		{company + " --to istio --authz a --jwks-file keys.json", "--jwks-file with --authz"},
		{company + " --to envoy --authz 9191", `--authz: got "9191", want host:port, or unix: and the path of a socket`},
		{company + " --to envoy --authz unix:authz.sock", "want unix: and an absolute path"},
		{company + " --to envoy --authz 127.0.0.1:9191 --service order-state", "did you mean"},
		{company + " --to envoy --authz=", "--authz: got nothing"},
		{company + " --to istio --authz a=b", "want the name of the extension provider, or NAME=HOST:PORT"},
		{company + " --to istio --authz =b:1", "want the name of the extension provider, or NAME=HOST:PORT"},
		{company + " --to istio --authz a=b:99999", "want the name of the extension provider, or NAME=HOST:PORT"},
		{twice + " --to envoy --authz 127.0.0.1:9191", "acme.Orders belongs to"},
		{file(t, "http.yaml", head+"  a: {url: https://a.example.com}\nservices:\n"+
			"  orders: {grpc: [acme.Orders], http: {operations: {Get: GET /v1/orders}}, allow: [{clients: [c], methods: [Get], scopes: none}]}\n"+
			"  people: {grpc: [acme.People], allow: [{clients: [c], methods: [Get], scopes: none}]}\nclients: {c: {issuer: a}}\n") + " --to envoy --authz 127.0.0.1:9191", "list its hosts under authorities"},
		{company + " --to envoy --bootstrap --listen 8443", `--listen: got "8443", want host:port`},
		{company + " --to envoy --bootstrap --upstream :http", `--upstream: got ":http", want host:port`},
	} {
		r := run(t, "", append([]string{"export"}, strings.Fields(row.args)...)...)
		r.want(t, 2, row.want)
		if r.stdout != "" {
			t.Errorf("%s: got %s", row.args, r.stdout)
		}
	}
}

// TestExportLeavesOutWhatProxiesCannotCheck shows that the rest does not become looser.
func TestExportLeavesOutWhatProxiesCannotCheck(t *testing.T) {
	for _, row := range []struct{ name, issuer, allow, want string }{
		{"login age", "preset: keycloak", "clients: [c], methods: [Get], scopes: none, max_auth_age: 5m", "max_auth_age"},
		{"opaque", "preset: hydra, introspection: {client: c, secret: {env: SECRET}}", "clients: [c], methods: [Get], scopes: none", "its tokens are opaque"},
		{"opaque, asked without authentication", "preset: hydra, introspection: {url: 'https://a.example.com/introspect', insecure: no_authentication}", "clients: [c], methods: [Get], scopes: none", "its tokens are opaque"},
		{"bound", "preset: keycloak, bound: required", "clients: [c], methods: [Get], scopes: none", "bound to the certificate"},
		{"age", "preset: keycloak, max_age: 5m", "clients: [c], methods: [Get], scopes: none", "max_age"},
		{"any service", "preset: keycloak", "clients: any, methods: [Get], scopes: [s], callers: services", "do not tell by a claim who calls"},
		{"a user of nobody", "preset: google", "clients: [c], methods: [Get], scopes: none, callers: users", "do not tell by a claim who calls"},
		{"scopes of none", "preset: dex", "clients: [c], methods: [Get], scopes: [s]", "scopes: the tokens hold none"},
		{"a written preset", "preset: {types: [jwt], client: azp, services: [{absent: [uid]}]}, jwks: 'https://a.example.com/keys'", "clients: [c], methods: [Get], scopes: none, callers: users", "do not tell by a claim who calls"},
		{"values inside of objects", "preset: {types: [jwt], client: /app/id}", "clients: [c], methods: [Get], scopes: none", "names claims inside of objects"},
		{"another subject", "preset: {types: [jwt], client: azp, subject: oid}", "clients: [c], methods: [Get], scopes: none", "another subject than sub"},
		{"tokens without a client", "preset: {types: [jwt], caller_claims: repository}", "clients: any, methods: [Get], scopes: none, claims: {repository: [a/b]}", "its tokens name no client"},
		{"a claim to be verified", "preset: google", "clients: any, methods: [Get], scopes: none, claims: {email: [a@b.example]}", "email counts only if email_verified is true"},
		{"roles of none", "preset: okta", "clients: [c], methods: [Get], scopes: none, roles: [r]", "roles: the tokens hold none"},
	} {
		matrix := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://a.example.com, "+row.issuer+"}}\n"+
			"services: {orders: {grpc: [acme.Orders], allow: [{"+row.allow+"}]}}\nclients: {c: {}}\n")
		for _, to := range []string{"istio", "envoy"} {
			r := run(t, "", "export", matrix, "--to", to)
			r.want(t, 0, "grpcaud: not exported: ", row.want)
			if strings.Contains(r.stdout, "acme.Orders/Get") {
				t.Errorf("%s, for %s: got %s", row.name, to, r.stdout)
			}
		}
	}
}

// TestExportLeavesOutBrackets shows that a claim which Istio cannot express is left out.
func TestExportLeavesOutBrackets(t *testing.T) {
	matrix := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://a.example.com, preset: keycloak}}\n"+
		"services: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none, claims: {'a]b': [x]}}]}}\nclients: {c: {}}\n")
	r := run(t, "", "export", matrix, "--to", "istio")
	r.want(t, 0, `claim "a]b": a name with brackets cannot be written`)
	if strings.Contains(r.stdout, "acme.Orders/Get") {
		t.Errorf("got %s", r.stdout)
	}
}

// TestProtoOptionsAdmitNobody shows that a client which a .proto file names, and the matrix does
// not, is not admitted.
func TestProtoOptionsAdmitNobody(t *testing.T) {
	matrix := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://a.example.com, preset: keycloak}}\n"+
		"services: {catalogue: {grpc: [acme.catalogue.v1.Catalogue], allow: [{clients: [customer-portal], methods: [GetItem], scopes: none}]}}\n"+
		"clients: {customer-portal: {}, backoffice-portal: {}}\npublic: [acme.catalogue.v1.Catalogue/Version]\n")
	r := run(t, "", "export", matrix, "--to", "keycloak", "--descriptors", descriptors(t, cataloguev1.File_acme_catalogue_v1_catalogue_proto))
	r.want(t, 0)
	var realm struct {
		Clients []struct {
			ID       string   `json:"clientId"`
			Optional []string `json:"optionalClientScopes"`
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &realm); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range realm.Clients {
		got[c.ID] = strings.Join(c.Optional, " ")
	}
	if want := map[string]string{"customer-portal": "catalogue catalogue.read", "backoffice-portal": "", "catalogue": ""}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestExportEscapesNames reads back what was written of names with special characters.
func TestExportEscapesNames(t *testing.T) {
	const odd = `a "b": #'{x}, yes`
	quoted, err := json.Marshal(odd)
	if err != nil {
		t.Fatal(err)
	}
	matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://a.example.com, preset: keycloak}}\n"+
		"services: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none}]}}\nclients: {c: {id: "+string(quoted)+"}}\n")
	for _, to := range []string{"keycloak", "istio", "envoy"} {
		r := run(t, "", "export", matrix, "--to", to)
		r.want(t, 0)
		found := false
		decoder := yaml.NewDecoder(strings.NewReader(r.stdout))
		for {
			var document yaml.Node
			if err := decoder.Decode(&document); err != nil {
				break
			}
			found = found || holds(&document, odd)
		}
		if !found {
			t.Errorf("%s: got no %q in\n%s", to, odd, r.stdout)
		}
	}
}

func holds(n *yaml.Node, text string) bool {
	for _, child := range n.Content {
		if holds(child, text) {
			return true
		}
	}
	return n.Value == text
}
