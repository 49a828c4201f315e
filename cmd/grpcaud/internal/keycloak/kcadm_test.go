package keycloak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
)

// withIDs is the exported realm as Keycloak has it, with ids.
func withIDs(t *testing.T) realm {
	t.Helper()
	r := realm{exported(t)}
	for i := range r.Clients {
		r.Clients[i].UUID = "c-" + r.Clients[i].ID
	}
	for i := range r.Scopes {
		s := &r.Scopes[i]
		s.UUID = "s-" + strings.ReplaceAll(s.Name, ".", "-")
		for j := range s.Mappers {
			s.Mappers[j].UUID = "m-" + s.Mappers[j].Name
		}
	}
	return r
}

// TestCommands shows the commands for each kind of difference.
func TestCommands(t *testing.T) {
	own := audienceMapper("oidc-audience-mapper", "included.client.audience", "people")
	own.UUID = "m-own"
	for _, row := range []struct {
		name   string
		change func(*realm)
		want   []string // in order; of a -b its beginning
	}{
		{"nothing", func(*realm) {}, nil},
		{"an audience more", func(r *realm) { r.client("portal").Optional = append(r.client("portal").Optional, "people") }, []string{"kcadm.sh delete clients/c-portal/optional-client-scopes/s-people -r corp"}},
		{"an audience more, always", func(r *realm) { r.client("portal").Default = append(r.client("portal").Default, "people") }, []string{"kcadm.sh delete clients/c-portal/default-client-scopes/s-people -r corp"}},
		{"an audience more, fixed", func(r *realm) { r.client("portal").Mappers = []keycloak.Mapper{own} }, []string{"kcadm.sh delete clients/c-portal/protocol-mappers/models/m-own -r corp"}},
		{"an audience always", func(r *realm) {
			c := r.client("portal")
			c.Optional, c.Default = without(c.Optional, "orders"), append(c.Default, "orders")
		}, []string{"kcadm.sh delete clients/c-portal/default-client-scopes/s-orders -r corp", "kcadm.sh update clients/c-portal/optional-client-scopes/s-orders -r corp"}},
		{"a permission more", func(r *realm) {
			r.client("portal").Optional = append(r.client("portal").Optional, "orders.write")
		}, []string{"kcadm.sh delete clients/c-portal/optional-client-scopes/s-orders-write -r corp"}},
		{"full scope", func(r *realm) { r.client("portal").FullScope = true }, []string{"kcadm.sh update clients/c-portal -r corp -s fullScopeAllowed=false"}},
		{"public", func(r *realm) { r.client("portal").Public = true }, []string{"kcadm.sh update clients/c-portal -r corp -s publicClient=false"}},
		{"a stranger", func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{UUID: "c-old", ID: "old", Enabled: true, Code: true, Optional: []string{"people"}})
		}, []string{"kcadm.sh delete clients/c-old/optional-client-scopes/s-people -r corp"}},
		{"a risky mapper of a scope", func(r *realm) {
			m := audienceMapper("oidc-usermodel-attribute-mapper", "claim.name", "azp")
			m.UUID = "m-azp"
			r.scope("orders.read").Mappers = []keycloak.Mapper{m}
		}, []string{"kcadm.sh delete client-scopes/s-orders-read/protocol-mappers/models/m-azp -r corp"}},

		{"no client", func(r *realm) {
			r.Clients = slices.DeleteFunc(r.Clients, func(c keycloak.Client) bool { return c.ID == "portal" })
		}, []string{`kcadm.sh create clients -r corp -b '{"clientId":"portal",`}},
		{"disabled", func(r *realm) { r.client("portal").Enabled = false }, []string{"kcadm.sh update clients/c-portal -r corp -s enabled=true"}},
		{"no service account", func(r *realm) { r.client("portal").ServiceAccount = false }, []string{"kcadm.sh update clients/c-portal -r corp -s serviceAccountsEnabled=true"}},
		{"no exchange", func(r *realm) { r.client("orders").Attributes = nil }, []string{`kcadm.sh update clients/c-orders -r corp -s 'attributes."standard.token.exchange.enabled"=true'`}},
		{"no scope for the audience", func(r *realm) {
			r.Scopes = slices.DeleteFunc(r.Scopes, func(s keycloak.Scope) bool { return s.Name == "people" })
			for _, id := range []string{"backoffice", "orders"} {
				r.client(id).Optional = without(r.client(id).Optional, "people")
			}
		}, []string{
			`kcadm.sh create client-scopes -r corp -b '{"id":"6836cc00-982f-8d92-b29c-bd2533827203",`, "kcadm.sh update clients/c-backoffice/optional-client-scopes/6836cc00-982f-8d92-b29c-bd2533827203 -r corp", "kcadm.sh update clients/c-orders/optional-client-scopes/6836cc00-982f-8d92-b29c-bd2533827203 -r corp",
		}},
		{"the scope is not the client's", func(r *realm) {
			r.client("portal").Optional = without(r.client("portal").Optional, "orders")
		}, []string{"kcadm.sh update clients/c-portal/optional-client-scopes/s-orders -r corp"}},
		{"no mapper", func(r *realm) { r.scope("people").Mappers = nil }, []string{`kcadm.sh create client-scopes/s-people/protocol-mappers/models -r corp -b '{"name":"audience",`}},
		{"a mapper into ID tokens", func(r *realm) { r.scope("people").Mappers[0].Config["access.token.claim"] = "false" }, []string{`kcadm.sh create client-scopes/s-people/protocol-mappers/models -r corp -b '{"name":"audience-2",`}},
		{"a disabled audience", func(r *realm) { r.client("people").Enabled = false }, []string{"kcadm.sh update clients/c-people -r corp -s enabled=true"}},
		{"no permission", func(r *realm) {
			r.client("portal").Optional = without(r.client("portal").Optional, "orders.read")
		}, []string{"kcadm.sh update clients/c-portal/optional-client-scopes/s-orders-read -r corp"}},
		{"a permission that does not show", func(r *realm) { r.scope("orders.write").Attributes["include.in.token.scope"] = "false" }, []string{`kcadm.sh update client-scopes/s-orders-write -r corp -s 'attributes."include.in.token.scope"=true'`}},

		{"no id", func(r *realm) { r.client("portal").UUID, r.client("portal").FullScope = "", true }, nil},
		{"an id that is none", func(r *realm) { r.client("portal").UUID, r.client("portal").FullScope = "$(reboot)", true }, nil},
		{"a realm that does not print", func(r *realm) { r.Name, r.client("portal").FullScope = "\x1b[31m", true }, nil},
		{"a realm with a quote", func(r *realm) { r.Name, r.client("portal").FullScope = "who's", true }, []string{`kcadm.sh update clients/c-portal -r 'who'\''s' -s fullScopeAllowed=false`}},
	} {
		got := withIDs(t)
		row.change(&got)
		commands := keycloak.Commands(keycloak.Compare(exported(t), got.Realm))
		if len(commands) != len(row.want) {
			t.Errorf("%s: got %d commands, want %d\n%s", row.name, len(commands), len(row.want), strings.Join(commands, "\n"))
			continue
		}
		for i, want := range row.want {
			if !strings.HasPrefix(commands[i], want) {
				t.Errorf("%s: got\n%s\nwant\n%s", row.name, commands[i], want)
			}
		}
	}
}

// TestCommandsAreQuotedForAShell has a shell read the commands: what it makes of a body
// is the JSON of the client, whatever its texts hold.
func TestCommandsAreQuotedForAShell(t *testing.T) {
	hostile := "it's \"$(touch pwned)\" `id` \\ \x1b[31m\n$HOME"
	want := exported(t)
	want.Clients[0].Description = hostile
	got := withIDs(t)
	got.Clients = slices.DeleteFunc(got.Clients, func(c keycloak.Client) bool { return c.ID == want.Clients[0].ID })
	commands := keycloak.Commands(keycloak.Compare(want, got.Realm))
	if len(commands) != 1 || strings.ContainsAny(commands[0], "\x1b\n") {
		t.Fatalf("got %q", commands)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kcadm.sh"), []byte("#!/bin/sh\nfor last; do :; done\nprintf %s \"$last\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", commands[0])
	shell.Dir, shell.Env = dir, append(os.Environ(), fmt.Sprintf("PATH=%s:%s", dir, os.Getenv("PATH")))
	out, err := shell.Output()
	var client keycloak.Client
	if err != nil || json.Unmarshal(out, &client) != nil || client.Description != hostile {
		t.Errorf("the shell made of it: %q, %v", out, err)
	}
}
