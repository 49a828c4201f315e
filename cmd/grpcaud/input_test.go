package main_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// TestDashIsStandardInput shows that a dash is standard input for each command that reads a
// matrix or a token.
func TestDashIsStandardInput(t *testing.T) {
	text, err := os.ReadFile(company)
	if err != nil {
		t.Fatal(err)
	}
	matrix := string(text)
	issuer, keys := corp(t)
	for _, row := range []struct {
		name, stdin, args string
		code              int
		want              string
	}{
		{"check", matrix, "check -", 0, "standard input:"},
		{"check, broken", "version: 1\nissuer: {}\n", "check -", 2, `standard input:2:1: unknown key "issuer"`},
		{"check, empty", "", "check -", 2, "standard input:1: empty"},
		{"matrix", matrix, "matrix -", 0, "order-status"},
		{"export", matrix, "export - --to keycloak", 0, `"clientId"`},
		{"diff, old", matrix, "diff - " + company, 0, ""},
		{"diff, new", matrix, "diff " + company + " -", 0, ""},
		{"diff, twice", matrix, "diff - -", 2, "standard input can be read once: name a file for one of the two"},
		{"diff with a realm", matrix, "diff - --realm-file testdata/drifted.json", 1, ""},
		{"doctor", strings.ReplaceAll(matrix, "secret:", "# secret:"), "doctor - --client nobody", 2, ""},
		{"serve", matrix, "serve - --service nobody", 2, `no service "nobody" in the file`},
		{"explain, token", token(issuer, nil), "explain " + company + " --service order-status --method GetOrderStatus --offline --token-file - --jwks " + keys, 0, "admitted"},
		{"explain, matrix", matrix, "explain - --service order-status --method GetOrderStatus --offline --jwks " + keys + " --token-file " + file(t, "token", token(issuer, nil)), 0, "admitted"},
		{"explain, both", matrix, "explain - --service order-status --method GetOrderStatus --offline", 2, "standard input can be read once"},
		{"includes", "version: 1\nincludes: [teams/*.yaml]\n", "check -", 2, "standard input:2:12: what is in memory has no folder to include from"},
		{"too much", strings.Repeat("#", 8<<20+1), "check -", 2, "standard input: more than 8192 KiB"},
		{"too much of a token", strings.Repeat("a", 256<<10+1), "explain " + company + " --service order-status --method GetOrderStatus", 2, "standard input: more than 256 KiB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			run(t, row.stdin, strings.Fields(row.args)...).want(t, row.code, row.want)
		})
	}
}

// TestDoctorSaysWhatItTrusts shows that the help names who sees secrets.
func TestDoctorSaysWhatItTrusts(t *testing.T) {
	run(t, "", "doctor", "--help").want(t, 0, "The matrix must be trusted", "shows them to the issuers that it names")
}

// TestInterruptWhileReading shows that a command which reads standard input ends when it is
// interrupted.
func TestInterruptWhileReading(t *testing.T) {
	for _, args := range []string{"check -", "explain " + company + " --service order-status --method GetOrderStatus"} {
		stdin, hold := io.Pipe()
		defer hold.Close()
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		var stderr strings.Builder
		ended := make(chan int, 1)
		go func() { ended <- grpcaud.Run(ctx, strings.Fields(args), stdin, io.Discard, &stderr) }()
		select {
		case code := <-ended:
			if code != 2 || !strings.Contains(stderr.String(), "interrupted") {
				t.Errorf("%s: exit status %d, %q; want 2, and that it was interrupted", args, code, stderr.String())
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: waits after the interrupt", args)
		}
	}
}
