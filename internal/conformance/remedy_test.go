package conformance_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRemediesAtKeycloak shows that what goes wrong at a real Keycloak is told by what it
// is. Each row changes one thing, and puts it back.
func TestRemediesAtKeycloak(t *testing.T) {
	c := open(t, keycloak)
	alice := filepath.Join(t.TempDir(), "alice.token")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(alice, c.person(t).AccessToken)
	portal, exchange := []string{"--as", "customer-portal", "--for", "order-status"}, []string{"--as", "order-status", "--for", "human-resource", "--on-behalf-of-file", alice}
	for _, row := range []struct {
		name   string
		args   []string
		change func(t *testing.T) (matrix string)
		wants  []string
	}{
		{"wrong secret", portal, func(t *testing.T) string {
			t.Setenv("CUSTOMER_PORTAL_SECRET", "wrong")
			return c.path
		}, []string{`the secret of client "customer-portal", from environment variable CUSTOMER_PORTAL_SECRET (`, "access.yaml:", "was not accepted by " + c.Issuer}},
		{"unknown client", portal, c.edited("customer-portal: {secret", "customer-portal: {id: nobody, secret"), []string{`knows no client "nobody"`}},
		{"grant not enabled", portal, c.toggled("customer-portal", "serviceAccountsEnabled", false), []string{"Service account roles"}},
		{"one of the scopes is not there", portal, c.edited("\n        scopes: [orders.read]", "\n        scopes: [orders.read, orders.never]"), []string{"does not say which of the 3 scopes was refused", "orders.never"}},
		{"no audience mapper", portal, c.withoutMapper("order-status"), []string{"no audience", `add an audience mapper for "order-status"`}},
		{"no realm", portal, c.edited("/realms/corp", "/realms/nothing"), []string{"publishes no metadata"}},
		{"realm in capitals", portal, c.edited("/realms/corp", "/realms/CORP"), []string{"publishes no metadata"}},
		{"exchange switched off", exchange, c.attribute("order-status", "standard.token.exchange.enabled", "false"), []string{"switch on Standard Token Exchange"}},
		{"the token to exchange is for another client", exchange, func(*testing.T) string { return c.path }, []string{"its aud must name the client that exchanges it"}},
		{"client disabled", portal, c.toggled("customer-portal", "enabled", false), []string{"or has it switched off"}},
		{"client is public", portal, c.toggled("customer-portal", "publicClient", true), []string{"Service account roles"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			stdout, stderr, status := grpcaud(t, append([]string{"token", row.change(t)}, row.args...)...)
			t.Logf("exit status %d\n%s%s", status, stdout, stderr)
			for _, want := range row.wants {
				if status == 0 || !strings.Contains(stdout, want) {
					t.Errorf("no %q", want)
				}
			}
		})
	}
}

// edited returns a change of the matrix.
func (c *company) edited(old, text string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		matrix, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(matrix), old) {
			t.Fatalf("the matrix has no %q", old)
		}
		path := filepath.Join(t.TempDir(), "access.yaml")
		if err := os.WriteFile(path, []byte(strings.Replace(string(matrix), old, text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// toggled returns a change of a member of a client, until its test ends.
func (c *company) toggled(client, member string, value any) func(*testing.T) string {
	return c.changed(client, func(of map[string]any) { of[member] = value })
}

// attribute returns a change of an attribute of a client, until its test ends.
func (c *company) attribute(client, name, value string) func(*testing.T) string {
	return c.changed(client, func(of map[string]any) { of["attributes"].(map[string]any)[name] = value })
}

func (c *company) changed(client string, change func(map[string]any)) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		find := func() map[string]any {
			var found []map[string]any
			c.admin(t, http.MethodGet, "/clients?clientId="+url.QueryEscape(client), nil, &found)
			return found[0]
		}
		before, after := find(), find()
		change(after)
		path := "/clients/" + after["id"].(string)
		c.admin(t, http.MethodPut, path, after, nil)
		c.restore(t, http.MethodPut, path, before)
		return c.path
	}
}

// restore puts back what was changed, when the test has ended.
func (c *company) restore(t *testing.T, method, path string, body any) {
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := c.realm.Admin(ctx, method, path, body, nil); err != nil {
			t.Error(err)
		}
	})
}

// withoutMapper returns a change that takes the mappers from a client scope.
func (c *company) withoutMapper(scope string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		var scopes []map[string]any
		c.admin(t, http.MethodGet, "/client-scopes", nil, &scopes)
		for _, s := range scopes {
			if s["name"] != scope {
				continue
			}
			models := "/client-scopes/" + s["id"].(string) + "/protocol-mappers/models"
			for _, m := range s["protocolMappers"].([]any) {
				mapper := m.(map[string]any)
				c.admin(t, http.MethodDelete, models+"/"+mapper["id"].(string), nil, nil)
				c.restore(t, http.MethodPost, models, mapper)
			}
		}
		return c.path
	}
}
