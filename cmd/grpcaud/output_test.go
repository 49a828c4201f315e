package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

func TestTable(t *testing.T) {
	rows := func() [][]string { return [][]string{{"é", "b", ""}, {"aaa", "", "c"}} }
	if got, want := grpcaud.Table(false, rows()), "é    b\naaa     c\n"; got != want {
		t.Errorf("table = %q, want %q", got, want)
	}
	const red, end = "\x1b[31m", "\x1b[0m"
	if got, want := grpcaud.Table(true, rows()), red+"é"+end+"    b\naaa     c\n"; got != want {
		t.Errorf("coloured table = %q, want %q", got, want)
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for what, end := range map[string]any{"a file": out, "a buffer": new(bytes.Buffer)} {
		if grpcaud.OnTerminal(end) {
			t.Errorf("%s is taken for a terminal", what)
		}
	}
}
