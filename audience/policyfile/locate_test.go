package policyfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func TestLocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.yaml")
	text := "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices:\n  orders:\n    grpc: [acme.Orders]\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := policyfile.Locate(path, []*access.Problem{
		{Path: []string{"services", "orders", "grpc", "0"}, Text: "b", Severity: access.Warning},
		{Path: []string{"issuers", "corp"}, Text: "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []*policyfile.Error{
		{File: path, Line: 2, Column: 11, Text: "a"},
		{File: path, Line: 5, Column: 12, Text: "b", Severity: access.Warning},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Locate: got -, want +\n%s", diff)
	}
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if found, err := policyfile.Locate(path, []*access.Problem{{Path: []string{"issuers"}}}); err == nil {
		t.Errorf("Locate in an empty file = %v, want an error", found)
	}
}

// TestLocateParsed shows that problems of a file in memory have their places in it.
func TestLocateParsed(t *testing.T) {
	problems := []*access.Problem{{Path: []string{"services", "orders", "grpc"}, Text: "no such service", Severity: access.Warning}}
	found, err := policyfile.LocateParsed("stdin", []byte(matrix), problems)
	if err != nil || len(found) != 1 || found[0].File != "stdin" || found[0].Line != 6 {
		t.Errorf("LocateParsed = %v, %v", found, err)
	}
	if _, err := policyfile.LocateParsed("stdin", []byte("version: 2\n"), problems); err == nil {
		t.Error("LocateParsed of what is no matrix: no error")
	}
}
