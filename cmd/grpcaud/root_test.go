package main_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// TestBadFiles shows the errors of each command for a file that is no access matrix.
func TestBadFiles(t *testing.T) {
	bomb := "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n"
	for _, c := range "bcdefghij" {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", ") + "]\n"
	}
	bomb += "public: *j\n"
	const valid = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {a: {grpc: [b.C]}}\n"
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", "access.yaml:1: empty"},
		{"binary", "\x7fELF\x00\x01", "access.yaml:1:1: want text"},
		{"large", strings.Repeat("# no end to it\n", 50<<20/15), "access.yaml:1: want at most"},
		{"bomb", bomb, "aliases are not allowed"},
		{"duplicate key", valid + "services: {}\n", `duplicate key "services", first on line 3`},
		{"tab", "version: 1\nissuers:\n\tcorp: {}\n", "access.yaml:3:1: a tab cannot indent"},
		{"unknown key", valid + "service: {}\n", `access.yaml:4:1: unknown key "service", did you mean "services"?`},
		{"escape", "version: 1\n\"\\e[31mred\": 1\n", "access.yaml:2:1: unknown key"},
	} {
		path := file(t, "access.yaml", row.text)
		for _, args := range [][]string{
			{"check", path},
			{"matrix", path},
			{"explain", path, "--service", "a", "--method", "M"},
			{"token", path, "--as", "x", "--for", "a"},
			{"doctor", path},
			{"revoke", path, "--store", "valkey://127.0.0.1:1", "--subject", "x"},
			{"status", path, "--store", "valkey://127.0.0.1:1"},
			{"serve", path, "--service", "a", "--plaintext"},
			{"call", path, "--as", "x", "--for", "a", "--addr", "127.0.0.1:1"},
			{"diff", path, company},
			{"diff", company, path},
		} {
			r := run(t, "", args...)
			r.want(t, 2, row.want)
			if !strings.HasPrefix(r.stderr, "grpcaud: ") || strings.Contains(r.stderr, "\x1b") || r.stdout != "" || len(r.stderr) > 8<<10 {
				t.Errorf("%s of %s: stdout %q, stderr %.500q", args[0], row.name, r.stdout, r.stderr)
			}
		}
	}
	for _, path := range []string{"missing.yaml", t.TempDir()} {
		run(t, "", "check", path).want(t, 2, "grpcaud: ", path)
	}
}

// TestByteOrderMarkAndCRLF shows that a file may begin with a byte order mark, and have lines
// that end in CRLF.
func TestByteOrderMarkAndCRLF(t *testing.T) {
	const text = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {a: {grpc: [b.C], allow: [{clients: [x], methods: [M], scopes: [s]}]}}\nclients: {x: {}}\n"
	want := run(t, "", "matrix", file(t, "access.yaml", text))
	want.want(t, 0)
	for name, text := range map[string]string{"BOM": "\ufeff" + text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n")} {
		if got := run(t, "", "matrix", file(t, "access.yaml", text)); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		code int
		want string
		args []string
	}{
		{0, "Available Commands", nil},
		{0, "grpcaud diff old.yaml new.yaml", []string{"diff", "--help"}},
		{0, "grpcaud ", []string{"version"}},
		{0, "grpcaud ", []string{"--version"}},
		{0, `"$schema": "https://json-schema.org/draft/2020-12/schema"`, []string{"schema"}},
		{0, `"const": "grpcaud.decision"`, []string{"schema", "--decisions"}},
		{0, "# yaml-language-server: $schema=access.schema.json", []string{"schema", "--help"}},
		{2, `unknown command "x" for "grpcaud schema"`, []string{"schema", "x"}},
		{0, "bash completion", []string{"completion", "bash"}},
		{2, `grpcaud: unknown command "chekc" for "grpcaud", did you mean "check"?; see grpcaud --help`, []string{"chekc"}},
		{2, "want the access matrix: grpcaud check access.yaml\n", []string{"check"}},
		{2, "want two access matrices: grpcaud diff old.yaml new.yaml", []string{"diff", company}},
		{2, "unknown flag: --strictly; see grpcaud check --help", []string{"check", "--strictly", company}},
		{2, "want one of table, json", []string{"check", "-o", "xml", company}},
	} {
		run(t, "", row.args...).want(t, row.code, row.want)
	}
}

// TestHelpIsPlain shows that each command has an example, that its lines fit a terminal, and that
// the page about the command line has it.
func TestHelpIsPlain(t *testing.T) {
	page, err := os.ReadFile("../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`(?m)^  ([a-z]+)  +[A-Z]`).FindAllStringSubmatch(run(t, "", "--help").stdout, -1)
	if len(listed) < 12 {
		t.Fatalf("got commands %q", listed)
	}
	for _, match := range listed {
		name := match[1]
		if name == "help" || name == "completion" { // which the library for commands adds
			continue
		}
		help := run(t, "", name, "--help").stdout
		about, usage, _ := strings.Cut(help, "Usage:\n")
		if !strings.Contains(usage, "Examples:\n") || !strings.Contains(usage, "\n  grpcaud "+name) {
			t.Errorf("%s has no example:\n%s", name, help)
		}
		for line := range strings.Lines(about) {
			if len(strings.TrimSpace(line)) > 90 {
				t.Errorf("%s: a long line: %s", name, line)
			}
		}
		if !strings.Contains(string(page), "grpcaud "+name) && !strings.Contains(string(page), "grpcaud --"+name) {
			t.Errorf("docs/command.md has no %s", name)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, row := range []struct {
		want string
		args []string
	}{
		{"order-status", []string{"explain", company, "--service", ""}},
		{"WatchOrderStatus", []string{"explain", company, "--service", "order-status", "--method", ""}},
		{"customer-portal", []string{"matrix", company, "--client", ""}},
		{"human-resource", []string{"matrix", company, "--service", ""}},
		{"customer-portal", []string{"token", company, "--as", ""}},
		{"human-resource", []string{"call", company, "--for", ""}},
		{"order-status", []string{"serve", company, "--service", ""}},
		{"backoffice-portal", []string{"doctor", company, "--client", ""}},
		{"mermaid", []string{"matrix", company, "-o", ""}},
		{"yaml", []string{"check", ""}},
	} {
		r := run(t, "", append([]string{"__complete"}, row.args...)...)
		r.want(t, 0, row.want)
	}
	// A file that is not there completes nothing, and says nothing.
	if r := run(t, "", "__complete", "matrix", "missing.yaml", "--client", ""); !strings.HasPrefix(r.stdout, ":") {
		t.Errorf("completion of a missing file: %q", r.stdout)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatFails(t *testing.T) {
	var stderr strings.Builder
	for _, args := range [][]string{
		{"matrix", company},
		{"matrix", company, "-o", "html"},
		{"check", company},
		{"diff", company, company},
		{"version"},
		{"schema"},
		{"explain", company, "--service", "order-status", "--method", "Get", "--offline", "--token-file", file(t, "token", "x")},
	} {
		stderr.Reset()
		if code := grpcaud.Run(t.Context(), args, strings.NewReader(""), full{}, &stderr); code != 2 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%s: exit status %d, stderr %q", args[0], code, &stderr)
		}
	}
}
