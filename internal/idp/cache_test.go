package idp_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

func TestCachedInstallsOnce(t *testing.T) {
	root := filepath.Join(t.TempDir(), "cache")
	t.Setenv("GRPCAUD_CACHE", root)
	installs := 0
	for range 2 {
		dir, err := idp.Cached("tool-1", func(dir string) error {
			installs++
			return os.WriteFile(filepath.Join(dir, "tool"), nil, 0o600)
		})
		if err != nil || dir != filepath.Join(root, "tool-1") {
			t.Fatalf("got %q, %v, want tool-1 in %q", dir, err, root)
		}
		wantFiles(t, dir, "tool")
	}
	if installs != 1 {
		t.Errorf("got %d installations, want one", installs)
	}
	wantFiles(t, root, "tool-1")
}

func TestCachedForgetsFailure(t *testing.T) {
	root := t.TempDir()
	t.Setenv("GRPCAUD_CACHE", root)
	broken := errors.New("broken")
	if _, err := idp.Cached("tool-1", func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	wantFiles(t, root)
}

func TestCachedYieldsToAnother(t *testing.T) {
	root := t.TempDir()
	t.Setenv("GRPCAUD_CACHE", root)
	dir, err := idp.Cached("tool-1", func(string) error {
		return os.MkdirAll(filepath.Join(root, "tool-1", "another"), 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "another")
	wantFiles(t, root, "tool-1")
}

func TestRunSaysWhatTheCommandSaid(t *testing.T) {
	err := idp.Run(t.TempDir(), "sh", "-c", "echo no such package >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such package") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want the command's words and status", err)
	}
}

// wantFiles checks what is in dir.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q in %s, want %q", got, dir, want)
	}
}
