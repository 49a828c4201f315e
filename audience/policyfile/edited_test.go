package policyfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestLoadEdited shows that an edit is tried as if it stood on the disk, in included files too,
// and that the disk stays as it is.
func TestLoadEdited(t *testing.T) {
	dir := t.TempDir()
	main, team := filepath.Join(dir, "access.yaml"), filepath.Join(dir, "team.yaml")
	const text = "version: 1\nservices: {shop: {grpc: [acme.Shop], allow: [{clients: [web], methods: [Read], scopes: none}]}}\nclients: {web: {}}\n"
	for path, data := range map[string]string{main: "version: 1\nincludes: [team.yaml]\nissuers: {corp: {url: 'https://idp.example.com'}}\n", team: text} {
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := policyfile.Load(main)
	if err != nil {
		t.Fatal(err)
	}
	edited := map[string][]byte{team: []byte(strings.Replace(text, "[Read]", "[List]", 1))}
	after, err := policyfile.LoadEdited(main, edited)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Matrix().Services["shop"].Allow[0].Methods[0]; got != "List" || after.Generation() == before.Generation() {
		t.Errorf("method %q, generation %s; want those of the edit", got, after.Generation())
	}
	if err := os.WriteFile(team, edited[team], 0o600); err != nil {
		t.Fatal(err)
	}
	if written, err := policyfile.Load(main); err != nil || written.Generation() != after.Generation() {
		t.Errorf("the generation of the written edit is another than that of the tried one: %v", err)
	}
	edited[team] = []byte("version: 2\n")
	if _, err := policyfile.LoadEdited(main, edited); err == nil || !strings.Contains(err.Error(), team) {
		t.Errorf("a broken edit: %v", err)
	}
}
