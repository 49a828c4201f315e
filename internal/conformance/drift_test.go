package conformance_test

import (
	"net/http"
	"strings"
	"testing"
)

// doctor compares the provider with the matrix, by requesting tokens as each client.
func doctor(t *testing.T, c *company) { c.says(t, 0, doctorAsks, "4 ok, 0 to fix, 0 unknown") }

var doctorAsks = []string{"doctor", "--client", strings.Join(clients, ",")}

// drift changes the realm by hand, and tests that the command line finds the changes.
func drift(t *testing.T, c *company) {
	c.hireAuditor(t)
	base, _, _ := strings.Cut(c.Issuer, "/realms/")
	c.write(t, "secret", []byte("realm-auditor-secret\n"))
	diff := []string{
		"diff", "--keycloak", base, "--realm", c.realm.Name, "--exchange", "backoffice-portal",
		"--admin-client", "realm-auditor", "--admin-secret-file", strings.Replace(c.path, "access.yaml", "secret", 1),
	}
	c.says(t, 0, diff, "no difference")

	portal := c.only(t, "/clients?clientId=customer-portal")
	scopes := c.ids(t, "/client-scopes")
	mappers := "/client-scopes/" + scopes["order-status"] + "/protocol-mappers/models"
	c.admin(t, http.MethodPut, "/clients/"+portal+"/optional-client-scopes/"+scopes["human-resource"], nil, nil)
	c.admin(t, http.MethodDelete, mappers+"/"+c.only(t, mappers), nil, nil)
	c.says(t, 1, diff,
		`its tokens can name "human-resource", which the matrix does not let it call`, `remove the client scope "human-resource" from it`,
		`the client scope "order-status" puts no "order-status" into tokens`, `add an audience mapper for "order-status" to it`)
	c.says(t, 1, doctorAsks, "wider", "no audience", `add an audience mapper for "order-status"`)
}

// says runs a command of the program with the matrix, and tests that its output contains
// each text.
func (c *company) says(t *testing.T, want int, command []string, texts ...string) {
	t.Helper()
	stdout, stderr, status := grpcaud(t, append(command, c.path)...)
	if status != want {
		t.Errorf("%q: exit status = %d, want %d\n%s%s", command, status, want, stdout, stderr)
	}
	for _, text := range texts {
		if !strings.Contains(stdout, text) {
			t.Errorf("%q: got no %q in\n%s%s", command, text, stdout, stderr)
		}
	}
}

// hireAuditor adds a client to the realm that may read the realm.
func (c *company) hireAuditor(t *testing.T) {
	t.Helper()
	c.admin(t, http.MethodPost, "/clients", map[string]any{
		"clientId": "realm-auditor", "secret": "realm-auditor-secret", "serviceAccountsEnabled": true,
		"standardFlowEnabled": false, "fullScopeAllowed": true, "defaultClientScopes": []string{"basic"},
	}, nil)
	var user struct{ ID string }
	c.admin(t, http.MethodGet, "/clients/"+c.only(t, "/clients?clientId=realm-auditor")+"/service-account-user", nil, &user)
	management := c.only(t, "/clients?clientId=realm-management")
	var roles []any
	for _, name := range []string{"view-clients", "view-realm"} {
		var role any
		c.admin(t, http.MethodGet, "/clients/"+management+"/roles/"+name, nil, &role)
		roles = append(roles, role)
	}
	c.admin(t, http.MethodPost, "/users/"+user.ID+"/role-mappings/clients/"+management, roles, nil)
}

// ids returns Keycloak's ids of the objects at path, by their names.
func (s site) ids(t *testing.T, path string) map[string]string {
	t.Helper()
	var all []struct{ ID, Name string }
	s.admin(t, http.MethodGet, path, nil, &all)
	ids := map[string]string{}
	for _, one := range all {
		ids[one.Name] = one.ID
	}
	return ids
}

// only returns the id of the only object at path.
func (s site) only(t *testing.T, path string) string {
	t.Helper()
	var all []struct{ ID string }
	s.admin(t, http.MethodGet, path, nil, &all)
	if len(all) != 1 {
		t.Fatalf("%s: got %d, want one", path, len(all))
	}
	return all[0].ID
}
