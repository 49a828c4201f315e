package main_test

import (
	"os"
	"strings"
	"testing"
)

func TestDiffRealmGolden(t *testing.T) {
	for _, format := range []string{"table", "markdown", "json"} {
		r := run(t, "", "diff", company, "--realm-file", "testdata/drifted.json", "-o", format)
		r.want(t, 1)
		golden(t, "diff-realm-"+format, r.stdout)
	}
}

// TestDiffOfTheExportIsEmpty shows that the exported realm does not differ from the matrix.
func TestDiffOfTheExportIsEmpty(t *testing.T) {
	for _, row := range []struct{ matrix, flags string }{{company, ""}, {meshedMatrix, "--exchange batch"}} {
		flags := strings.Fields(row.flags)
		exported := run(t, "", append([]string{"export", row.matrix, "--to", "keycloak"}, flags...)...)
		realm := file(t, "realm.json", exported.stdout)
		r := run(t, "", append([]string{"diff", row.matrix, "--realm-file", realm}, flags...)...)
		r.want(t, 0)
		// What the export left out cannot be compared, and is not passed over in silence.
		if want := strings.ReplaceAll(exported.stderr, "not exported", "not compared"); r.stderr != want || want == "" {
			t.Errorf("%s: standard error: got %q, want %q", row.matrix, r.stderr, want)
		}
		if r.stdout != "no difference\n" {
			t.Errorf("%s: %s", row.matrix, r.stdout)
		}
		run(t, "", append([]string{"diff", row.matrix, "--realm-file", realm, "-o", "json"}, flags...)...).want(t, 0, `"drift": []`)
	}
}

func TestDiffRealmRefuses(t *testing.T) {
	t.Setenv("GRPCAUD_KEYCLOAK_TOKEN_FILE", "")
	for _, row := range []struct{ args, want string }{
		{company, "want two access matrices: grpcaud diff old.yaml new.yaml"},
		{company + " " + company + " --realm-file testdata/drifted.json", `want no argument "../../examples/backoffice/access.yaml": grpcaud diff `},
		{company + " --realm-file nowhere.json", "no such file"},
		{company + " --realm-file " + company, "not the JSON of a realm"},
		{company + " --realm-file testdata/drifted.json --issuer nobody", `no issuer "nobody"`},
		{"nowhere.yaml --realm-file testdata/drifted.json", "no such file"},
		{company + " --keycloak https://sso.example.com", "missing [realm]"},
		{company + " --keycloak https://sso.example.com --realm corp --realm-file testdata/drifted.json", "none of the others can be"},
		{company + " --keycloak https://sso.example.com --realm corp", "no credentials for Keycloak"},
		{company + " --keycloak https://sso.example.com --realm corp --admin-client auditor", "missing [admin-secret-file]"},
		{company + " --keycloak https://sso.example.com --realm corp --admin-client auditor --admin-secret-file " + file(t, "empty", " \n"), "the file is empty"},
		{company + " --keycloak http://sso.example.com --realm corp --admin-client auditor --admin-secret-file " + file(t, "secret", "s3cret"), "want https"},
	} {
		r := run(t, "", append([]string{"diff"}, strings.Fields(row.args)...)...)
		r.want(t, 2, row.want)
		if strings.Contains(r.stderr, "s3cret") {
			t.Errorf("%s: got the secret in %s", row.args, r.stderr)
		}
	}
}

// TestDiffReadsTheAdminToken shows that the admin's token is read from the file that the
// environment names.
func TestDiffReadsTheAdminToken(t *testing.T) {
	path := file(t, "token", "t0ken\n")
	t.Setenv("GRPCAUD_KEYCLOAK_TOKEN_FILE", path)
	run(t, "", "diff", company, "--keycloak", "https://127.0.0.1:0", "--realm", "corp").want(t, 2, "cannot ask Keycloak")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	run(t, "", "diff", company, "--keycloak", "https://127.0.0.1:0", "--realm", "corp").want(t, 2, "no such file")
}

// TestDiffTrustsTheAuthorityOfKeycloak shows that --issuer-ca is for a Keycloak whose certificate
// is from a private authority.
func TestDiffTrustsTheAuthorityOfKeycloak(t *testing.T) {
	f := newField(t)
	t.Setenv("GRPCAUD_KEYCLOAK_TOKEN_FILE", file(t, "token", "t0ken\n"))
	base, _, _ := strings.Cut(f.issuer.URL(), "/realms/")
	args := []string{"diff", company, "--keycloak", base, "--realm", "corp"}
	run(t, "", args...).want(t, 2, "cannot ask Keycloak", "certificate")
	run(t, "", append(args, "--issuer-ca", f.ca)...).want(t, 2, "404")
	run(t, "", append(args, "--issuer-ca", "missing")...).want(t, 2, "no such file")
}

// TestDiffOfARealmTellsOfReach shows what follows from an audience that a realm gives beyond
// the matrix, and from one that it lacks.
func TestDiffOfARealmTellsOfReach(t *testing.T) {
	text := strings.Replace(chain, `"https://idp.example.com"`, `"https://idp.example.com/realms/corp", preset: keycloak`, 1)
	closed := strings.Replace(text, "clients: [front-client], methods: [Write]", "clients: [vault-client], methods: [Write]", 1)
	open, less := file(t, "open.yaml", text), file(t, "closed.yaml", closed)
	for _, row := range []struct{ matrix, realm, want string }{
		{less, open, "web now reaches log/* through front (as itself: the user is lost)"},
		{open, less, "web no longer reaches log/Write through front (as itself, for no user)"},
	} {
		exported := run(t, "", "export", row.realm, "--to", "keycloak")
		run(t, "", "diff", row.matrix, "--realm-file", file(t, "realm.json", exported.stdout)).want(t, 1, "By the realm alone, if services checked only the audience:", row.want)
	}
}
