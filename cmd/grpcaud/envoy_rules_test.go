package main_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestEnvoyAgreesOnRules is TestEnvoyAgrees for every kind of demand.
func TestEnvoyAgreesOnRules(t *testing.T) {
	const matrix = "testdata/meshed.yaml"
	corp, corpKeys := corp(t)
	partner := testutil.NewIssuer("https://partner.example.com")
	partnerKeys := keysOf(t, partner)
	conn := fronted(t, matrix, "--jwks-file", "corp="+corpKeys, "--jwks-file", "partner="+partnerKeys)
	tokens := map[string]string{}
	for name, claims := range ofCorp {
		tokens[name] = token(corp, with(user, claims))
	}
	tokens["by another algorithm"] = token(corp, user, testutil.Header("alg", "RS256"))
	shop := testutil.Claims{"aud": []string{"https://invoices.example.com"}, "client_id": "partner-shop", "sub": "partner-shop", "scope": "read list us"}
	for name, claims := range ofPartner {
		tokens[name] = partner.Mint(with(shop, claims))
	}
	tokens["the shop's, as an ID token"] = partner.Mint(shop, testutil.Header("typ", "JWT"))
	for name, token := range tokens {
		for method, service := range meshed {
			code := call(t, conn, "/"+method, "Bearer "+token)
			keys := corpKeys
			if strings.HasPrefix(name, "the shop") {
				keys = partnerKeys
			}
			verdict := run(t, token, "explain", matrix, "--service", service, "--method", method, "--jwks", keys)
			if admitted := verdict.code == 0; admitted != (code == codes.OK) && !tooStrict[name+" at "+method] || verdict.code > 1 {
				t.Errorf("%s at %s: Envoy says %v, the engine\n%s%s", name, method, code, verdict.stdout, verdict.stderr)
			} else if !admitted && code == codes.OK {
				t.Errorf("%s at %s: admitted", name, method)
			}
		}
	}
	for method, want := range map[string]codes.Code{
		"acme.Catalogue/Get": codes.OK, "acme.Catalogue/Put": codes.Unauthenticated, "acme.Catalogue/Version": codes.OK, "acme.Invoices/Get": codes.Unauthenticated,
	} {
		if got := call(t, conn, "/"+method); got != want {
			t.Errorf("%s without a token: got %v, want %v", method, got, want)
		}
	}
	if got := call(t, conn, "/acme.Catalogue/Get", "Basic YTpi"); got == codes.OK {
		t.Errorf("a password in place of a token: got %v", got)
	}
}

// TestEnvoyAgreesOnOptions is TestEnvoyAgrees for what .proto files demand besides.
func TestEnvoyAgreesOnOptions(t *testing.T) {
	const matrix, service = "testdata/catalogue-open.yaml", "/acme.catalogue.v1.Catalogue/"
	issuer, keys := corp(t)
	set := descriptors(t, cataloguev1.File_acme_catalogue_v1_catalogue_proto)
	conn := fronted(t, matrix, "--jwks-file", keys, "--descriptors", set)
	for name, claims := range map[string]testutil.Claims{
		"the portal's":   {"scope": "catalogue.read"},
		"without scope":  {"scope": nil},
		"the robot's":    {"azp": "robot", "scope": "catalogue.read"},
		"for the orders": {"aud": "order-status", "scope": "catalogue.read"},
	} {
		token := token(issuer, with(testutil.Claims{"aud": "catalogue"}, claims))
		for _, method := range []string{"GetItem", "WatchItems", "PutItem", "Version", "Another"} {
			code := call(t, conn, service+method, "Bearer "+token)
			verdict := run(t, token, "explain", matrix, "--service", "catalogue", "--method", method, "--jwks", keys, "--descriptors", set)
			if admitted := verdict.code == 0; admitted != (code == codes.OK) || verdict.code > 1 {
				t.Errorf("%s at %s: Envoy says %v, the engine\n%s%s", name, method, code, verdict.stdout, verdict.stderr)
			}
		}
	}
	for _, method := range []string{"GetItem", "Another"} {
		if got := call(t, conn, service+method); got == codes.OK {
			t.Errorf("%s without a token: got %v", method, got)
		}
	}
}

// TestEnvoyTakesLongNames shows that Envoy starts with names and scopes that are
// longer than the regular expressions that it takes.
func TestEnvoyTakesLongNames(t *testing.T) {
	issuer, keys := corp(t)
	long := strings.Repeat("a", 300)
	matrix := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://idp.example.com/realms/corp, preset: keycloak}}\n"+
		"services: {orders: {grpc: [acme."+long+"], allow: [{clients: [c], methods: [\"*\"], scopes: [\"https://scopes.example.com/"+long+"\"]}]}}\nclients: {c: {}}\npublic: [acme.b"+long+"]\n")
	conn := fronted(t, matrix, "--jwks-file", keys)
	good := token(issuer, testutil.Claims{"aud": "orders", "azp": "c", "scope": "x https://scopes.example.com/" + long})
	for method, want := range map[string]codes.Code{
		"/acme." + long + "/Get": codes.OK, "/acme." + long + "/Get?x": codes.PermissionDenied, "/acme." + long + "/": codes.PermissionDenied, "/acme." + long + "/a/b": codes.PermissionDenied,
		"/acme.b" + long + "/Get": codes.OK,
	} {
		if got := call(t, conn, method, "Bearer "+good); got != want {
			t.Errorf("%s: got %v, want %v", method, got, want)
		}
	}
}

// meshed are methods of the matrix, by their services.
var meshed = map[string]string{
	"acme.Invoices/Get": "invoices", "acme.Archive/Audit": "invoices", "acme.Invoices/Clean": "invoices", "acme.Invoices/Sign": "invoices",
	"acme.Invoices/Order": "invoices", "acme.Invoices/Sell": "invoices", "acme.Invoices/Pay": "invoices", "acme.Invoices/List": "invoices",
	"acme.Vault/Open": "vault", "acme.Catalogue/Get": "catalogue", "acme.Catalogue/Put": "catalogue",
}

// tooStrict is what Envoy refuses since it cannot find out, as the notes say.
var tooStrict = map[string]bool{
	"a user who logged in now at acme.Invoices/Pay":  true,
	"for the vault, in an array at acme.Vault/Open":  true,
	"another client's account at acme.Invoices/Sign": true,
	"the shop's, of its user at acme.Invoices/Sell":  true,
}

// user and account are what Keycloak says of a user, and of a client as itself.
var (
	user    = testutil.Claims{"aud": "invoices", "azp": "batch", "preferred_username": "alice", "sid": "s"}
	account = testutil.Claims{"preferred_username": "service-account-batch", "client_id": "batch", "sid": nil}
)

var roles = testutil.Claims{"department": []string{"finance"}, "acr": "gold", "realm_access": map[string]any{"roles": []string{"auditor", "x"}}}

// ofCorp are tokens of the batch client for the invoices, but for what is said.
var ofCorp = map[string]testutil.Claims{
	"all scopes":                 {"scope": "read list us"},
	"all scopes but one":         {"scope": "read us"},
	"none of either":             {"scope": "read list"},
	"the other audience":         {"scope": "read list eu", "aud": "https://invoices.example.com"},
	"the other with a slash":     {"scope": "read list eu", "aud": "https://invoices.example.com/"},
	"the shop's name at corp":    {"scope": "read list us", "azp": "partner-shop"},
	"the role":                   roles,
	"the role of the client":     with(roles, testutil.Claims{"realm_access": nil, "resource_access": map[string]any{"invoices": map[string]any{"roles": []string{"auditor"}}}}),
	"the role of another client": with(roles, testutil.Claims{"realm_access": nil, "resource_access": map[string]any{"orders": map[string]any{"roles": []string{"auditor"}}}}),
	"the role, of two clients":   with(roles, testutil.Claims{"client_id": "vault"}),
	"another role":               with(roles, testutil.Claims{"realm_access": map[string]any{"roles": []string{"auditors"}}}),
	"another department":         with(roles, testutil.Claims{"department": "hr"}),
	"the department as text":     with(roles, testutil.Claims{"department": "audit"}),
	"another login":              with(roles, testutil.Claims{"acr": "silver"}),
	"the client itself":          account,
	"a user by the account name": {"preferred_username": "service-account-batch"},
	"a user who logged in now":   {"auth_time": time.Now().Unix()},
	"another client's account":   {"preferred_username": "service-account-vault", "sid": nil},
	"the star":                   {"azp": "star*"},
	"no star":                    {"azp": "starling"},
	"for the vault":              {"aud": "vault"},
	"for the vault, in an array": {"aud": []string{"vault"}},
	"for the vault and more":     {"aud": []string{"vault", "invoices"}},
	"the vault's own":            {"aud": nil, "azp": "vault"},
	"for nobody":                 {"aud": nil},
	"to read the catalogue":      {"aud": "catalogue", "scope": "read"},
	"to write the catalogue":     {"aud": "catalogue", "scope": "write"},
	"for nothing there":          {"aud": "catalogue", "scope": "x"},
}

// ofPartner are tokens of the shop for the invoices, but for what is said.
var ofPartner = map[string]testutil.Claims{
	"the shop's":                 nil,
	"the shop's without sub":     {"sub": nil},
	"the shop's, of a user":      {"sub": "bob"},
	"the shop's, of its user":    {"sid": "s"},
	"the shop's, named batch":    {"client_id": "batch"},
	"the shop's, of two clients": {"azp": "batch"},
	"the shop's, a role":         {"roles": []string{"auditor"}, "department": "audit", "acr": "gold"},
}

// with returns claims with more, which win.
func with(claims, more testutil.Claims) testutil.Claims {
	all := testutil.Claims{}
	for _, c := range []testutil.Claims{claims, more} {
		for name, value := range c {
			all[name] = value
		}
	}
	return all
}

// keysOf writes the keys of an issuer to a file.
func keysOf(t *testing.T, issuer *testutil.Issuer) string {
	t.Helper()
	response, err := (&http.Client{Transport: issuer.Transport()}).Get(issuer.URL() + string(testutil.JWKS))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "keys.json", string(keys))
}
