package grpcaud_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestVulnerabilities shows the step of the continuous integration that asks about
// known vulnerabilities: a finding fails it, and so does a tool that does not work; a
// database that cannot be had does not.
func TestVulnerabilities(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	for _, row := range []struct {
		name, tool string
		fails      bool
		want       string
	}{
		{"nothing found", "echo 'No vulnerabilities found.'", false, ".: no known vulnerability is reached"},
		{"a finding", "echo 'Vulnerability #1: GO-2026-0001'; exit 3", true, "GO-2026-0001"},
		{"a finding in the other module", "case $PWD in *zitadel) echo 'Vulnerability #1: GO-2026-0001'; exit 3;; esac", true, "internal/idp/zitadel: a known vulnerability is reached"},
		{"no database", "echo 'govulncheck: fetching vulnerabilities: Get: dial tcp: no such host' >&2; exit 1", false, "not looked at: the vulnerability database cannot be had: no such host"},
		{"no answer", "exec sleep 60", false, "not looked at: no answer within 1 seconds"},
		{"code that does not load", "echo 'govulncheck: loading packages: syntax error' >&2; exit 1", true, "syntax error"},
		{"another error", "exit 2", true, "govulncheck failed (exit 2)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tool := filepath.Join(t.TempDir(), "govulncheck")
			if err := os.WriteFile(tool, []byte("#!/bin/sh\n"+row.tool+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, bash, ".ci/vulnerabilities", "1", bash, tool).CombinedOutput() // bash reads the script: another test may be forking while it is written
			if failed := err != nil; failed != row.fails || ctx.Err() != nil || !strings.Contains(string(out), row.want) {
				t.Errorf("got %v, want it to fail: %t, with %q:\n%s", err, row.fails, row.want, out)
			}
		})
	}
}
