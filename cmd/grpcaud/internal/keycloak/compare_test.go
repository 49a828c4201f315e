package keycloak_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
)

// company is a matrix in which the portal may read orders, and the back office,
// and the order service on behalf of others, may do more.
const company = `
version: 1
issuers: {corp: {url: https://sso.example.com/realms/corp/, preset: keycloak}}
services:
  orders:
    grpc: [acme.Orders]
    allow:
      - {clients: [portal, backoffice], methods: [Get], scopes: [orders.read]}
      - {clients: [backoffice], methods: [Put], scopes: [orders.write]}
  people:
    grpc: [acme.People]
    allow: [{clients: [backoffice, orders], methods: [Get], scopes: none}]
clients: {portal: {}, backoffice: {}, orders: {}}
`

func exported(t *testing.T) keycloak.Realm {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(company))
	if err != nil {
		t.Fatal(err)
	}
	realm, _, err := keycloak.Export(policy, keycloak.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return realm
}

// realm is one as Keycloak exports it, for changes.
type realm struct{ keycloak.Realm }

func (r *realm) client(id string) *keycloak.Client {
	return &r.Clients[slices.IndexFunc(r.Clients, func(c keycloak.Client) bool { return c.ID == id })]
}

func (r *realm) scope(name string) *keycloak.Scope {
	return &r.Scopes[slices.IndexFunc(r.Scopes, func(s keycloak.Scope) bool { return s.Name == name })]
}

// without removes a value.
func without(list []string, value string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == value })
}

func audienceMapper(kind string, settings ...string) keycloak.Mapper {
	m := keycloak.Mapper{Name: "aud", Kind: kind, Config: map[string]string{"access.token.claim": "true"}}
	for i := 0; i < len(settings); i += 2 {
		m.Config[settings[i]] = settings[i+1]
	}
	return m
}

func TestCompare(t *testing.T) {
	fixed := audienceMapper("oidc-audience-mapper", "included.client.audience", "people")
	for _, row := range []struct {
		name   string
		change func(*realm)
		want   string // kind, client and a part of the text; empty for nothing
	}{
		{"nothing", func(*realm) {}, ""},
		{"an audience more", func(r *realm) { r.client("portal").Optional = append(r.client("portal").Optional, "people") }, `grants portal: its tokens can name "people", which the matrix does not let it call, by the optional scope "people"`},
		{"an audience more, always", func(r *realm) { r.client("portal").Default = append(r.client("portal").Default, "people") }, `grants portal: its tokens can name "people", which the matrix does not let it call, by the default scope`},
		{"an audience more, fixed", func(r *realm) { r.client("portal").Mappers = []keycloak.Mapper{fixed} }, `grants portal: its tokens can name "people", which the matrix does not let it call, by the mapper of its own "aud"`},
		{"an audience always", func(r *realm) {
			c := r.client("portal")
			c.Optional, c.Default = without(c.Optional, "orders"), append(c.Default, "orders")
		}, `grants portal: all of its tokens name "orders", by the default scope "orders"`},
		{"an audience fixed", func(r *realm) { r.client("backoffice").Mappers = []keycloak.Mapper{fixed} }, `grants backoffice: all of its tokens name "people", by the mapper of its own "aud"`},
		{"an audience in a claim", func(r *realm) {
			r.client("portal").Mappers = []keycloak.Mapper{audienceMapper("oidc-hardcoded-claim-mapper", "claim.name", "aud", "claim.value", "people")}
		}, `grants portal: its tokens can name "people"`},
		{"a foreign audience fixed", func(r *realm) {
			r.client("portal").Mappers = []keycloak.Mapper{audienceMapper("oidc-audience-mapper", "included.custom.audience", "billing")}
		}, `grants portal: all of its tokens name "billing"`},
		{"a foreign audience if asked", func(r *realm) {
			r.Scopes = append(r.Scopes, keycloak.Scope{Name: "billing", Mappers: []keycloak.Mapper{audienceMapper("oidc-audience-mapper", "included.custom.audience", "billing")}})
			r.client("portal").Optional = append(r.client("portal").Optional, "billing")
		}, ""},
		{"a permission more", func(r *realm) {
			r.client("portal").Optional = append(r.client("portal").Optional, "orders.write")
		}, `grants portal: it can have the scope "orders.write", which no rule of the matrix asks of it`},
		{"full scope", func(r *realm) { r.client("portal").FullScope = true }, "grants portal: full scope is allowed"},
		{"a stranger", func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{ID: "old", Enabled: true, Code: true, Optional: []string{"people"}})
		}, `grants old: the matrix does not know it as a client, and its tokens can name "people"`},
		{"a stranger who is disabled", func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{ID: "old", Code: true, Optional: []string{"people"}})
		}, ""},
		{"a stranger without a flow", func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{ID: "old", Enabled: true, Optional: []string{"people"}})
		}, ""},
		{"an audience that got a flow", func(r *realm) {
			c := r.client("people")
			c.Password, c.Optional = true, []string{"orders"}
		}, `grants people: the matrix does not know it as a client, and its tokens can name "orders"`},

		{"no client", func(r *realm) {
			r.Clients = slices.DeleteFunc(r.Clients, func(c keycloak.Client) bool { return c.ID == "portal" })
		}, "lacks portal: the realm has no such client"},
		{"disabled", func(r *realm) { r.client("portal").Enabled = false }, "lacks portal: the client is disabled"},
		{"no service account", func(r *realm) { r.client("portal").ServiceAccount = false }, "lacks portal: it has no service account"},
		{"no exchange", func(r *realm) { r.client("orders").Attributes = nil }, "lacks orders: it may not exchange the token of its caller"},
		{"no scope for the audience", func(r *realm) {
			r.Scopes = slices.DeleteFunc(r.Scopes, func(s keycloak.Scope) bool { return s.Name == "people" })
		}, `lacks backoffice: there is no client scope "people", which it asks for to call "people"`},
		{"the scope is not the client's", func(r *realm) {
			r.client("portal").Optional = without(r.client("portal").Optional, "orders")
		}, `lacks portal: it may not ask for the client scope "orders", and so not for tokens for "orders"`},
		{"no mapper", func(r *realm) { r.scope("people").Mappers = nil }, `lacks backoffice: the client scope "people" puts no "people" into tokens`},
		{"a mapper into ID tokens", func(r *realm) { r.scope("people").Mappers[0].Config["access.token.claim"] = "false" }, `lacks backoffice: the client scope "people" puts no "people" into tokens`},
		{"a mapper for a disabled client", func(r *realm) { r.client("people").Enabled = false }, `lacks backoffice: the client scope "people" puts no "people" into tokens`},
		{"a disabled audience", func(r *realm) { r.client("people").Enabled = false }, `lacks people: the client is disabled: it gets no token, and no token names it`},
		{"an audience more, once its client is enabled", func(r *realm) {
			r.client("people").Enabled = false
			r.client("portal").Optional = append(r.client("portal").Optional, "people")
		}, `grants portal: its tokens can name "people"`},
		{"a mapper for the text", func(r *realm) {
			r.scope("people").Mappers[0] = audienceMapper("oidc-audience-mapper", "included.custom.audience", "people")
		}, ""},
		{"no permission", func(r *realm) {
			r.client("portal").Optional = without(r.client("portal").Optional, "orders.read")
		}, `lacks portal: it cannot have the scope "orders.read", which a rule asks of it`},
		{"a permission that does not show", func(r *realm) { r.scope("orders.write").Attributes["include.in.token.scope"] = "false" }, `lacks backoffice: it cannot have the scope "orders.write"`},
	} {
		got := realm{exported(t)}
		row.change(&got)
		found := texts(keycloak.Compare(exported(t), got.Realm))
		if row.want == "" && found != "" || !strings.Contains(found, row.want) {
			t.Errorf("%s: got\n%swant\n%s", row.name, found, row.want)
		}
	}
}

func texts(found []keycloak.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(f.Kind + " " + f.Client + ": " + f.Text + "; " + f.Fix + "\n")
	}
	return b.String()
}

// TestParse reads what Export writes, and a realm as people write it by hand.
func TestParse(t *testing.T) {
	data, err := json.Marshal(exported(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := keycloak.Parse(data)
	if err != nil || len(keycloak.Compare(exported(t), got)) > 0 {
		t.Errorf("got %v, %v", keycloak.Compare(exported(t), got), err)
	}
	got, err = keycloak.Parse([]byte(`{"realm": "corp", "clients": [{"clientId": "portal"}]}`))
	if err != nil || !got.Clients[0].Enabled || !got.Clients[0].FullScope || !got.Clients[0].Code {
		t.Errorf("got %+v, %v, want what Keycloak takes for granted", got.Clients, err)
	}
	for _, text := range []string{"", "null", "[]", "<html>", `{"realm": "corp"}`, `{"clients": [{}]}`, `{"realm": "corp", "clients": 1}`} {
		if _, err := keycloak.Parse([]byte(text)); err == nil {
			t.Errorf("%q: got no error", text)
		}
	}
}

// FuzzParse shows that what is read can be compared, lacks nothing of itself, and that the commands
// for it can be shown at a terminal.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"realm": "corp", "clients": [{"clientId": "portal", "serviceAccountsEnabled": true, "optionalClientScopes": ["people"]}], "clientScopes": [{"name": "people", "protocolMappers": [{"protocolMapper": "oidc-audience-mapper", "config": {"included.custom.audience": "people", "access.token.claim": "true"}}]}]}`))
	f.Add([]byte(`{"realm": "corp", "clients": [{"clientId": "portal", "id": "1"}, {"clientId": "p\u001b", "id": "2", "enabled": false}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := keycloak.Parse(data)
		if err != nil {
			return
		}
		for _, c := range keycloak.Compare(got, got) {
			if c.Kind == keycloak.Lacks && !strings.Contains(c.Text, "disabled") {
				t.Errorf("got %+v of a realm and itself", c)
			}
			for _, command := range c.Commands {
				if strings.ContainsFunc(command, func(r rune) bool { return !strconv.IsPrint(r) }) {
					t.Errorf("got the command %q", command)
				}
			}
		}
	})
}
