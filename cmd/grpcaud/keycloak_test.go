package main_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/tokensource"
)

// admitted are the calls that the company's matrix allows, written by hand.
var admitted = map[string][]string{
	"customer-portal":   {"order-status/GetOrderStatus", "order-status/WatchOrderStatus"},
	"backoffice-portal": {"order-status/GetOrderStatus", "order-status/WatchOrderStatus", "order-status/UpdateOrderStatus", "human-resource/GetEmployee", "human-resource/ListEmployees"},
	"order-status":      {"human-resource/GetEmployee"},
}

// refused are calls with a token for the service, which the matrix does not allow.
var refused = map[string][]string{
	"customer-portal": {"order-status/UpdateOrderStatus"},
	"order-status":    {"human-resource/ListEmployees"},
}

// companyAt returns the company's matrix with another issuer, on loopback.
func companyAt(t *testing.T, issuer string) string {
	t.Helper()
	text, err := os.ReadFile(company)
	if err != nil {
		t.Fatal(err)
	}
	const at, ask = "url: https://idp.example.com/realms/corp", "    ask: audience"
	before, after, asks := strings.Cut(string(text), ask)
	_, after, _ = strings.Cut(after, "\n")
	if !asks || !strings.Contains(before, at) {
		t.Fatalf("got %s, want a matrix with %q and %q", text, at, ask)
	}
	return file(t, "access.yaml", strings.Replace(before, at, "url: "+issuer+"\n    insecure: loopback", 1)+after)
}

// realmOf imports the realm that is exported from the company's matrix.
func realmOf(t *testing.T) (realm *idp.Realm, matrix string) {
	t.Helper()
	r := run(t, "", "export", company, "--to", "keycloak", "--exchange", "backoffice-portal", "--login", "backoffice-portal="+idp.Callback)
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	realm = idp.Keycloak(t, []byte(r.stdout))
	return realm, companyAt(t, realm.Issuer)
}

// source requests tokens of the realm as a client.
func source(t *testing.T, realm *idp.Realm, client string) *tokensource.Cache {
	t.Helper()
	secret, err := realm.ClientSecret(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tokensource.New(realm.Issuer, tokensource.ClientCredentials(client, secret), tokensource.Preset("keycloak"), tokensource.InsecureHTTP())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestExportedRealm has a real Keycloak issue tokens with the exported realm, and the engine
// judge them by the matrix.
func TestExportedRealm(t *testing.T) {
	realm, matrix := realmOf(t)
	policy, err := policyfile.Load(matrix)
	if err != nil {
		t.Fatal(err)
	}
	for client := range admitted {
		s := source(t, realm, client)
		for _, service := range policy.Services() {
			target, err := policy.Target(client, service)
			if err != nil {
				if _, err := s.Token(t.Context(), tokensource.Request{Audience: service}); err == nil {
					t.Errorf("%s got a token for %s, which it may not call", client, service)
				}
				continue
			}
			token, err := s.Token(t.Context(), tokensource.Request{Audience: target.Audience, Scope: strings.Join(target.Scopes, " ")})
			if err != nil {
				t.Errorf("%s got no token for %s: %v", client, service, err)
				continue
			}
			judged(t, matrix, service, admitted[client], token.Reveal(), 0, `preferred_username  "service-account-`+client, "client_id")
			judged(t, matrix, service, refused[client], token.Reveal(), 1)
		}
	}
}

// judged explains a token at those of the calls that are of a service. The explanation must have
// the texts.
func judged(t *testing.T, matrix, service string, calls []string, token string, want int, texts ...string) {
	t.Helper()
	for _, call := range calls {
		if of, method, _ := strings.Cut(call, "/"); of == service {
			run(t, token, "explain", matrix, "--service", service, "--method", method).want(t, want, texts...)
		}
	}
}

// TestExportedRealmsAreImported has Keycloak import the other exports, and finds no difference
// afterwards.
func TestExportedRealmsAreImported(t *testing.T) {
	for _, matrix := range []string{meshedMatrix, "testdata/authenticators.yaml"} {
		t.Run(matrix, func(t *testing.T) {
			r := run(t, "", "export", matrix, "--to", "keycloak")
			realm := idp.Keycloak(t, []byte(r.stdout))
			hireAuditor(t, realm)
			allowAuditor(t, realm)
			base, _, _ := strings.Cut(realm.Issuer, "/realms/")
			run(t, "", "diff", matrix, "--keycloak", base, "--realm", realm.Name, "--admin-client", "auditor", "--admin-secret-file", file(t, "secret", "auditor-secret")).want(t, 0, "no difference")
		})
	}
}

// TestExportedRealmOnBehalfOf has a user log in at the portal, which exchanges her token for a
// call of a service, which exchanges it again.
func TestExportedRealmOnBehalfOf(t *testing.T) {
	realm, matrix := realmOf(t)
	person(t, realm)
	secret, err := realm.ClientSecret(t.Context(), "backoffice-portal")
	if err != nil {
		t.Fatal(err)
	}
	login, err := realm.Login(t.Context(), idp.Login{Client: "backoffice-portal", Secret: secret, User: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	subject := tokensource.NewToken(login.AccessToken, time.Now().Add(time.Minute))
	for _, hop := range []struct{ client, service, scope, call string }{
		{"backoffice-portal", "order-status", "order-status orders.read", "order-status/GetOrderStatus"},
		{"order-status", "human-resource", "human-resource", "human-resource/GetEmployee"},
	} {
		token, err := source(t, realm, hop.client).Token(t.Context(), tokensource.Request{Audience: hop.service, Scope: hop.scope, Subject: subject, SubjectIssuer: realm.Issuer})
		if err != nil {
			t.Fatalf("%s got no token for %s: %v", hop.client, hop.service, err)
		}
		judged(t, matrix, hop.service, []string{hop.call}, token.Reveal(), 0, `"alice"`)
		subject = token
	}
}

// person adds the user alice to the realm.
func person(t *testing.T, realm *idp.Realm) {
	t.Helper()
	admin(t, realm, http.MethodPost, "/users", map[string]any{
		"username": "alice", "enabled": true, "email": "alice@example.com", "firstName": "Alice", "lastName": "Doe",
		"credentials": []map[string]any{{"type": "password", "value": idp.Password("alice")}},
	})
}

// TestPartialImport adds the exported clients to an existing realm.
func TestPartialImport(t *testing.T) {
	exported := run(t, "", "export", company, "--to", "keycloak")
	var clients map[string]any
	if err := json.Unmarshal([]byte(exported.stdout), &clients); err != nil {
		t.Fatal(err)
	}
	empty := maps.Clone(clients)
	delete(empty, "clients")
	text, err := json.Marshal(empty)
	if err != nil {
		t.Fatal(err)
	}
	realm := idp.Keycloak(t, text)
	clients["ifResourceExists"] = "FAIL"
	admin(t, realm, http.MethodPost, "/partialImport", clients)
	if ids := idsOf(t, realm, "/clients"); ids["backoffice-portal"] == "" || ids["human-resource"] == "" {
		t.Errorf("got clients %v", ids)
	}
}

// TestDriftOfARunningRealm changes the realm by hand, and shows that diff finds it.
func TestDriftOfARunningRealm(t *testing.T) {
	realm, matrix := realmOf(t)
	base, _, _ := strings.Cut(realm.Issuer, "/realms/")
	diff := func() result {
		return run(t, "", "diff", matrix, "--keycloak", base, "--realm", realm.Name, "--exchange", "backoffice-portal", "--admin-client", "auditor", "--admin-secret-file", file(t, "secret", "auditor-secret\n"))
	}
	diff().want(t, 2, `gave client "auditor" of realm "corp" no token: 401`)
	hireAuditor(t, realm)
	diff().want(t, 2, "give it the roles view-clients")
	allowAuditor(t, realm)
	diff().want(t, 0, "no difference")

	scopes := idsOf(t, realm, "/client-scopes")
	portal := idsOf(t, realm, "/clients?clientId=customer-portal")["customer-portal"]
	admin(t, realm, http.MethodPut, "/clients/"+portal+"/optional-client-scopes/"+scopes["human-resource"], nil)
	diff().want(t, 1, `customer-portal`, `its tokens can name "human-resource", which the matrix does not let it call`)
	admin(t, realm, http.MethodDelete, "/clients/"+portal+"/optional-client-scopes/"+scopes["human-resource"], nil)
	admin(t, realm, http.MethodDelete, "/client-scopes/"+scopes["orders.write"], nil)
	diff().want(t, 1, `it cannot have the scope "orders.write", which a rule asks of it`)
}

// hireAuditor adds a client that reads the realm; allowAuditor gives it the roles.
func hireAuditor(t *testing.T, realm *idp.Realm) {
	t.Helper()
	admin(t, realm, http.MethodPost, "/clients", map[string]any{
		"clientId": "auditor", "secret": "auditor-secret", "serviceAccountsEnabled": true,
		"standardFlowEnabled": false, "fullScopeAllowed": true, "defaultClientScopes": []string{"basic"},
	})
}

func allowAuditor(t *testing.T, realm *idp.Realm) {
	t.Helper()
	var user struct{ ID string }
	ask(t, realm, "/clients/"+idsOf(t, realm, "/clients?clientId=auditor")["auditor"]+"/service-account-user", &user)
	management := idsOf(t, realm, "/clients?clientId=realm-management")["realm-management"]
	var roles []map[string]any
	for _, name := range []string{"view-clients", "view-realm"} {
		var role map[string]any
		ask(t, realm, "/clients/"+management+"/roles/"+name, &role)
		roles = append(roles, role)
	}
	admin(t, realm, http.MethodPost, "/users/"+user.ID+"/role-mappings/clients/"+management, roles)
}

func admin(t *testing.T, realm *idp.Realm, method, path string, body any) {
	t.Helper()
	if err := realm.Admin(t.Context(), method, path, body, nil); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, realm *idp.Realm, path string, answer any) {
	t.Helper()
	if err := realm.Admin(t.Context(), http.MethodGet, path, nil, answer); err != nil {
		t.Fatal(err)
	}
}

// idsOf returns Keycloak's own ids of clients or client scopes, by their names.
func idsOf(t *testing.T, realm *idp.Realm, path string) map[string]string {
	t.Helper()
	var all []struct{ ID, Name, ClientID string }
	ask(t, realm, path, &all)
	ids := map[string]string{}
	for _, one := range all {
		ids[cmp.Or(one.ClientID, one.Name)] = one.ID
	}
	return ids
}

// TestKcadmCommandsMendARealm changes the realm by hand, and shows that it does not differ from the
// matrix any more after the commands that diff prints.
func TestKcadmCommandsMendARealm(t *testing.T) {
	realm, matrix := realmOf(t)
	hireAuditor(t, realm)
	allowAuditor(t, realm)
	base, _, _ := strings.Cut(realm.Issuer, "/realms/")
	diff := func(args ...string) result {
		return run(t, "", append([]string{"diff", matrix, "--keycloak", base, "--realm", realm.Name, "--exchange", "backoffice-portal", "--admin-client", "auditor", "--admin-secret-file", file(t, "secret", "auditor-secret\n")}, args...)...)
	}
	scopes := idsOf(t, realm, "/client-scopes")
	clients := idsOf(t, realm, "/clients")
	portal, back, orders := "/clients/"+clients["customer-portal"], "/clients/"+clients["backoffice-portal"], "/clients/"+clients["order-status"]
	admin(t, realm, http.MethodPut, portal+"/optional-client-scopes/"+scopes["human-resource"], nil) // grants
	admin(t, realm, http.MethodPut, portal, map[string]any{"fullScopeAllowed": true})
	admin(t, realm, http.MethodPost, portal+"/protocol-mappers/models", map[string]any{
		"name": "who's \"it\"", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
		"config": map[string]string{"included.custom.audience": "billing", "access.token.claim": "true"},
	})
	admin(t, realm, http.MethodDelete, back+"/optional-client-scopes/"+scopes["order-status"], nil)
	admin(t, realm, http.MethodPut, back+"/default-client-scopes/"+scopes["order-status"], nil)
	admin(t, realm, http.MethodDelete, "/client-scopes/"+scopes["orders.write"], nil) // lacks
	admin(t, realm, http.MethodPut, orders, map[string]any{"attributes": map[string]string{"standard.token.exchange.enabled": "false"}})
	admin(t, realm, http.MethodDelete, orders+"/optional-client-scopes/"+scopes["human-resource"], nil)
	admin(t, realm, http.MethodDelete, "/clients/"+clients["human-resource"], nil)

	found := diff("-o", "json")
	found.want(t, 1)
	var answer struct{ Drift []keycloak.Finding }
	if err := json.Unmarshal([]byte(found.stdout), &answer); err != nil {
		t.Fatal(err)
	}
	commands := keycloak.Commands(answer.Drift)
	diff().want(t, 1, commands...)
	for _, f := range answer.Drift {
		if len(f.Commands) == 0 && !strings.Contains(f.Text, "puts no") { // which the creation of the client mends
			t.Errorf("no command for: %s %s", f.Client, f.Text)
		}
	}
	realm.Kcadm(t, strings.Join(commands, "\n"))
	diff().want(t, 0, "no difference")
}
