package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// built is the folder of the programs that the tests build, until they end.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "grpcaud-conformance-*"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(built)
	m.Run()
}

// asked reports whether the environment selects a server. It takes long to make what a
// server needs.
func asked(name string) bool {
	all := os.Getenv(idp.Variable)
	return strings.Contains(all, name) || strings.Contains(all, "all")
}

// build builds the program grpcaud, once, and returns its path.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "grpcaud")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/grpcaud").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// grpcaud runs the program, and returns its output and its exit status.
func grpcaud(t testing.TB, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), status
}

// exported returns the program's export of a matrix.
func exported(t testing.TB, args ...string) []byte {
	t.Helper()
	stdout, stderr, status := grpcaud(t, append([]string{"export"}, args...)...)
	if status != 0 {
		t.Fatalf("export %q: exit status %d\n%s", args, status, stderr)
	}
	return []byte(stdout)
}
