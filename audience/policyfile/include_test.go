package policyfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// folder returns a new folder that holds the files.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	head = `version: 1
includes: [teams/*.yaml]
issuers:
  corp: {url: "https://idp.example.com"}
`
	orders = `version: 1
services:
  orders:
    grpc: [acme.Orders]
    allow:
    - {clients: [portal], methods: [Get], scopes: [read]}
public: [acme.Orders/Version]
`
	people = `version: 1
services:
  people:
    grpc: [acme.People]
    allow:
    - {clients: [portal], methods: [Get], scopes: [read]}
clients:
  portal: {secret: {file: portal.secret}}
public: [acme.People/Ping]
`
)

func TestIncludedFilesMakeOneMatrix(t *testing.T) {
	dir := folder(t, map[string]string{
		"access.yaml":       strings.Replace(head, "[teams/*.yaml]", `["*.yaml", "teams/*.yaml", teams/orders.yaml]`, 1) + "public: [acme.Orders/Status]\n",
		"teams/orders.yaml": orders, "teams/people.yaml": people,
		"teams/..2026/people.yaml": people, "teams/.hidden.yaml": "broken: [", ".hidden.yaml": "broken: [", "other.yaml": "version: 1\nclients: {other: {}}\n",
	})
	policy, err := policyfile.Load(filepath.Join(dir, "access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"orders", "people"}, policy.Services()); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"acme.Orders/Status", "acme.Orders/Version", "acme.People/Ping"}, policy.Public()); diff != "" {
		t.Errorf("Public (-want +got):\n%s", diff)
	}
	client, _, err := policy.Client("portal")
	if want := filepath.Join(dir, "teams", "portal.secret"); err != nil || client.Secret.File != want {
		t.Errorf("the secret is at %q, want %q: %v", client.Secret.File, want, err)
	}
}

// TestMistakesNameTheIncludedFile shows that each finding names its file.
func TestMistakesNameTheIncludedFile(t *testing.T) {
	for _, row := range []struct{ name, main, team, want string }{
		{"twice", head + "clients: {portal: {}}\n", people, `teams/a.yaml:8:3: "portal" stands at access.yaml:5:11 already`},
		{"an issuer twice", head, orders + "issuers: {corp: {url: https://x.example}}\n", `teams/a.yaml:8:1: only access.yaml may have the key "issuers": whose tokens count, and who is shown secrets, concerns every service`},
		{"form", head, strings.Replace(people, "scopes", "scope", 1), `teams/a.yaml:6:43: unknown key "scope", did you mean "scopes"?`},
		{"meaning", head, strings.Replace(people, "[portal]", "[protal]", 1), `teams/a.yaml:6:18: unknown client "protal", did you mean "portal"?`},
		{"a name that is a number", head, strings.NewReplacer("people:", `"7":`, "[portal]", "[protal]").Replace(people), `teams/a.yaml:6:18: unknown client "protal", did you mean "portal"?`},
		{"public", head + "public: [acme.A, acme.B]\n", strings.Replace(people, "acme.People/Ping", "acme.People/A, acme.People/", 1), `teams/a.yaml:9:25: "acme.People/" is not a method, such as grpc.health.v1.Health/Check`},
		{"public, in the first", head + "public: [acme.A, acme.B/]\n", people, `access.yaml:5:18: "acme.B/" is not a method, such as grpc.health.v1.Health/Check`},
		{"public, of the first's service", head + strings.Replace(orders[len("version: 1\n"):], "/Version", "/Status", 1), strings.Replace(people, "People/Ping", "Orders/Version", 1), `teams/a.yaml:9:10: "acme.Orders/Version" belongs to no service of this file: only access.yaml can make it public`},
		{"public, of nobody's service", head, strings.Replace(people, "acme.People/Ping", "grpc.health.v1.Health", 1), `teams/a.yaml:9:10: "grpc.health.v1.Health" belongs to no service of this file: only access.yaml can make it public`},
		{"nested", head, "includes: [x.yaml]\n" + people, `teams/a.yaml:1:1: only access.yaml may have the key "includes": one file says which others there are`},
		{"no version", head, strings.Replace(people, "version: 1\n", "", 1), `teams/a.yaml:1:1: missing key "version": want the number 1`},
		{"empty", head, "", `teams/a.yaml:1: empty: want an access matrix, which begins with version: 1`},
		{"no match", strings.Replace(head, "teams", "team", 1), people, `access.yaml:2:12: no file "team/*.yaml" in the folder of this one`},
		{"itself alone", strings.Replace(head, "teams/*", "acc*", 1), people, `access.yaml:2:12: no file "acc*.yaml" in the folder of this one`},
		{"absolute", strings.Replace(head, "teams/", "/etc/", 1), people, `access.yaml:2:12: want a path below the folder of this file, such as teams/*.yaml, got "/etc/*.yaml"`},
		{"upwards", strings.Replace(head, "teams/", "teams/../../", 1), people, `access.yaml:2:12: want a path below the folder of this file, such as teams/*.yaml, got "teams/../../*.yaml"`},
		{"no pattern", strings.Replace(head, "teams/*.yaml", "'teams/['", 1), people, `access.yaml:2:12: want a path below the folder of this file, such as teams/*.yaml, got "teams/["`},
		{"a folder", strings.Replace(head, "/*.yaml", "", 1), people, `teams:1: cannot be read: teams: a folder, want a regular file`},
		{"no services", strings.Replace(head, "includes: [teams/*.yaml]\n", "", 1), people, `access.yaml:1:1: no service: name the services to guard`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(folder(t, map[string]string{"access.yaml": row.main, "teams/a.yaml": row.team}))
			_, err := policyfile.Load("access.yaml")
			if err == nil || err.Error() != row.want {
				t.Errorf("got\n%v\nwant\n%s", err, row.want)
			}
		})
	}
}

func TestIncludesInMemory(t *testing.T) {
	_, err := policyfile.Parse("access.yaml", []byte(head+people[len("version: 1\n"):]))
	if want := "access.yaml:2:12: what is in memory has no folder to include from"; err == nil || err.Error() != want {
		t.Errorf("Parse = %v, want %s", err, want)
	}
}

// TestLoadOptions shows that the options of .proto files are merged, and that a
// conflict names the places of the option and of the file's entry.
func TestLoadOptions(t *testing.T) {
	path := filepath.Join(folder(t, map[string]string{"access.yaml": head, "teams/a.yaml": people}), "access.yaml")
	options := access.MethodOptions{GRPC: "acme.People", Method: "Get", Place: "people.proto:7", Demands: access.Allow{Scopes: []string{"a b"}}}
	_, err := policyfile.Load(path, options)
	var finding *policyfile.Error
	if !errors.As(err, &finding) || finding.File != "people.proto:7.scopes[0]" || !strings.HasPrefix(err.Error(), `people.proto:7.scopes[0]: "a b" is not a scope`) {
		t.Errorf("Load = %v", err)
	}
	options.Demands, options.Audience = access.Allow{}, "staff"
	_, err = policyfile.Load(path, options)
	if want := `a.yaml:3:3: the audience is "people" here, and "staff" at people.proto:7`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("Load = %v, want …%s", err, want)
	}
	options.Audience = "people"
	if _, err := policyfile.Load(path, options); err != nil {
		t.Errorf("Load = %v", err)
	}
	options.Public = true
	findings, err := policyfile.Lint(path, options)
	if last := len(findings) - 1; err != nil || last < 0 || findings[last].Severity != access.Warning || !strings.HasPrefix(findings[last].Error(), "people.proto:7: acme.People/Get stays guarded") {
		t.Errorf("Lint = %v, %v", findings, err)
	}
}
