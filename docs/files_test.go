package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// The files on the page about files are the same matrix as its one file.
func TestSplitMatrixIsTheSame(t *testing.T) {
	var one string
	dir := t.TempDir()
	for _, p := range pages(t) {
		if p.name != "files.md" {
			continue
		}
		for _, b := range p.blocks {
			if b.isMatrix() {
				one = b.text
			}
			name, text, named := strings.Cut(strings.TrimPrefix(b.text, "# "), "\n")
			if !named || b.language != "yaml" || !strings.HasPrefix(b.text, "# ") {
				continue
			}
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole, err := policyfile.Parse("one.yaml", []byte(one))
	if err != nil {
		t.Fatal(err)
	}
	split, err := policyfile.Load(filepath.Join(dir, "access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want, got := whole.Matrix(), split.Matrix()
	portal := want.Clients["customer-portal"]
	portal.Secret.File = filepath.Join(dir, "teams/orders", portal.Secret.File)
	want.Clients["customer-portal"] = portal
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the split matrix differs (-one +split):\n%s", diff)
	}
}
