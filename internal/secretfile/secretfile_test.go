package secretfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/secretfile"
)

func TestRead(t *testing.T) {
	for _, row := range []struct{ content, want, problem string }{
		{"secret", "secret", ""},
		{"secret\r\n\n", "secret", ""},
		{" two words \n", " two words ", ""},
		{"a\nb\n", "a\nb", ""},
		{strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10), ""},
		{strings.Repeat("x", 64<<10+1), "", "more than 64 KiB"},
		{"", "", "is empty"},
		{"\n", "", "is empty"},
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(row.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := secretfile.Read(path)
		if got != row.want || (err == nil) != (row.problem == "") || err != nil && !(strings.Contains(err.Error(), row.problem) && strings.Contains(err.Error(), path)) {
			t.Errorf("%.20q: got %.20q, %v, want %.20q, %q", row.content, got, err, row.want, row.problem)
		}
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := secretfile.Read(dir); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("directory: got %v", err)
	}
	if _, err := secretfile.Read(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, want fs.ErrNotExist", err)
	}
}
