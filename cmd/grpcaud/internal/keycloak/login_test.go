package keycloak_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
)

const callback = "https://portal.example.com/callback"

// TestExportLogin shows what a client at which users log in and out is registered with.
func TestExportLogin(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(company))
	if err != nil {
		t.Fatal(err)
	}
	realm, _, err := keycloak.Export(policy, keycloak.Options{
		Logins:      map[string][]string{"portal": {callback}},
		Logouts:     map[string][]string{"portal": {"http://portal.localhost:8081/logout"}},
		AfterLogout: map[string][]string{"portal": {"https://portal.example.com/", "https://portal.example.com/bye"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	checkProfile(t, realm)
	for _, c := range realm.Clients {
		if asks := slices.Contains(c.Optional, "profile"); asks != (c.ID == "portal") || slices.Contains(c.Default, "profile") {
			t.Errorf("%q can ask who the user is: %t, or is told unasked: %q", c.ID, asks, c.Default)
		}
		if c.ID != "portal" {
			if c.Code || c.Attributes["backchannel.logout.url"] != "" || c.Attributes["post.logout.redirect.uris"] != "" {
				t.Errorf("users can log in or out at %q: %+v", c.ID, c)
			}
			continue
		}
		want := map[string]string{
			"pkce.code.challenge.method":          "S256",
			"backchannel.logout.url":              "http://portal.localhost:8081/logout",
			"backchannel.logout.session.required": "true",
			"post.logout.redirect.uris":           "https://portal.example.com/##https://portal.example.com/bye",
		}
		if diff := cmp.Diff(want, c.Attributes); diff != "" || !c.Code {
			t.Errorf("login %t, attributes (-want +got):\n%s", c.Code, diff)
		}
	}
}

// checkProfile checks that the names of users are in ID tokens, and not in access tokens.
func checkProfile(t *testing.T, realm keycloak.Realm) {
	t.Helper()
	at := slices.IndexFunc(realm.Scopes, func(s keycloak.Scope) bool { return s.Name == "profile" })
	if at < 0 || len(realm.Scopes[at].Mappers) != 2 {
		t.Fatalf("no scope that tells the portal who the user is: %+v", realm.Scopes)
	}
	for _, m := range realm.Scopes[at].Mappers {
		if m.Config["id.token.claim"] != "true" || m.Config["access.token.claim"] != "false" || m.Config["introspection.token.claim"] != "false" {
			t.Errorf("%s is not in ID tokens, or in access tokens too: %v", m.Name, m.Config)
		}
	}
}

// TestExportLoginScopeTaken shows that a permission with the name of the scope of OpenID Connect
// stays one.
func TestExportLoginScopeTaken(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(strings.Replace(company, "orders.read", "profile", 1)))
	if err != nil {
		t.Fatal(err)
	}
	realm, notes, err := keycloak.Export(policy, keycloak.Options{Logins: map[string][]string{"portal": {callback}}})
	if err != nil || !strings.Contains(strings.Join(notes, "\n"), `the scope "profile"`) {
		t.Errorf("got %v and notes %q, want one about the scope profile", err, notes)
	}
	for _, s := range realm.Scopes {
		if s.Name == "profile" && len(s.Mappers) > 0 {
			t.Errorf("the permission has mappers: %v", s.Mappers)
		}
	}
}

// TestExportAddresses is about addresses that stand for many, or that nobody can be sent to.
func TestExportAddresses(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(company))
	if err != nil {
		t.Fatal(err)
	}
	login := func(further ...string) map[string][]string {
		return map[string][]string{"portal": append([]string{callback}, further...)}
	}
	at := func(uris ...string) map[string][]string { return map[string][]string{"portal": uris} }
	for _, row := range []struct {
		o    keycloak.Options
		want string
	}{
		{keycloak.Options{Logins: login("*")}, `got redirect URI "*" of client "portal", want it to the letter`},
		{keycloak.Options{Logins: login("https://portal.example.com/*")}, "want it to the letter"},
		{keycloak.Options{Logins: map[string][]string{"nobody": {callback}}}, `no client "nobody"`},

		{keycloak.Options{Logouts: at("https://portal.example.com/logout")}, "has no --login"},
		{keycloak.Options{Logins: login(), Logouts: map[string][]string{"nobody": {"https://a.example.com/"}}}, `--logout: client "nobody" has no --login`},
		{keycloak.Options{Logins: login(), Logouts: at("https://a.example.com/", "https://b.example.com/")}, "got 2 URLs"},
		{keycloak.Options{Logins: login(), Logouts: at("http://portal.example.com/logout")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("http://localhost.example.com/logout")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("/logout")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("https:///logout")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("https://a:b@portal.example.com/logout")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("https://portal.example.com/logout#a")}, "want https://"},
		{keycloak.Options{Logins: login(), Logouts: at("ftp://127.0.0.1/logout")}, "want https://"},

		{keycloak.Options{AfterLogout: at("https://portal.example.com/")}, "has no --login"},
		{keycloak.Options{Logins: login(), AfterLogout: at("+")}, "want an address with its scheme"},
		{keycloak.Options{Logins: login(), AfterLogout: at("-")}, "want an address with its scheme"},
		{keycloak.Options{Logins: login(), AfterLogout: at("https://portal.example.com/*")}, "without *"},
		{keycloak.Options{Logins: login(), AfterLogout: at("https://portal.example.com/##https://evil.example.com/*")}, "without *"},
		{keycloak.Options{Logins: login(), AfterLogout: at("https://portal.example.com/##https://evil.example.com/")}, "and ##"},
	} {
		if _, _, err := keycloak.Export(policy, row.o); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: got %v, want an error with %q", row.o, err, row.want)
		}
	}
}
