package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples/internal/company"
)

const (
	mostColumns = 100
	mostLines   = 40
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// output runs the example and returns what it prints.
func output(t *testing.T, want error, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	if err := run(ctx, args, &out, &errOut); !errors.Is(err, want) {
		t.Fatalf("run(%q) = %v, want %v\n%s", args, err, want, out.String())
	}
	if errOut.Len() > 0 {
		t.Errorf("run(%q) wrote to standard error: %s", args, errOut.String())
	}
	return out.String()
}

// TestSummaryFitsAScreen shows that the default output is at most 40 lines of 100
// columns, without escape codes where nobody reads it on a terminal, that the grid
// comes first, and that each refusal is explained.
func TestSummaryFitsAScreen(t *testing.T) {
	t.Parallel()
	text := output(t, nil)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > mostLines {
		t.Errorf("%d lines, want at most %d", len(lines), mostLines)
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > mostColumns {
			t.Errorf("%d columns, want at most %d: %s", n, mostColumns, line)
		}
		if strings.HasPrefix(line, "  - ") && len(strings.Fields(line)) < 5 {
			t.Errorf("a refusal without an explanation: %s", line)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("escape codes, and no terminal:\n%q", text)
	}
	if want := "  order-status    GetOrderStatus     admitted            admitted            TOKEN_NOT_OBTAINED"; lines[2] != want {
		t.Errorf("the third line is %q, want the grid's first row %q", lines[2], want)
	}
}

// TestEachCallIsShown shows that -v has a row for every call, and -json a line.
func TestEachCallIsShown(t *testing.T) {
	t.Parallel()
	const calls = 53
	rows := 0
	for line := range strings.Lines(output(t, nil, "-v")) {
		if strings.HasPrefix(line, "  + ") || strings.HasPrefix(line, "  - ") {
			rows++
		}
	}
	if rows != calls {
		t.Errorf("-v has %d rows, want %d", rows, calls)
	}
	lines, admissions := 0, 0
	for line := range strings.Lines(output(t, nil, "-json")) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Client == "" || r.Service == "" || r.Method == "" || r.Code == "" {
			t.Errorf("an incomplete line: %s", line)
		}
		lines++
		if r.Admitted {
			admissions++
		}
	}
	if lines != calls || admissions != 21 {
		t.Errorf("-json has %d lines with %d admissions, want %d with 21", lines, admissions, calls)
	}
}

// TestDecisionRecordsOfTheCompany shows that -decisions writes a record of each decision,
// with the entry that it met.
func TestDecisionRecordsOfTheCompany(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	output(t, nil, "-decisions", path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[decision.Outcome]int{}
	skipped, err := decision.Read(file, func(r *decision.Record) error {
		seen[r.Decision]++
		if r.Policy != policy.Generation() || r.Decision == decision.Admitted && r.Service != "" && (r.Line == 0 || r.File != "access.yaml" || r.ClientName == "" || r.Token == "") {
			t.Errorf("a record of another policy, or without the entry and the client: %+v", r)
		}
		return nil
	}, func(g decision.Gap) error {
		t.Errorf("a gap: %+v", g)
		return nil
	})
	if err != nil || len(skipped) > 0 {
		t.Errorf("error %v, skipped %v", err, skipped)
	}
	if seen[decision.Admitted] < 21 || seen[decision.Refused] < 10 {
		t.Errorf("records %v, want all calls of the scenes", seen)
	}
	if err := run(t.Context(), []string{"-decisions", t.TempDir()}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("-decisions of a folder: %v", err)
	}
}

// looserMatrix returns the matrix, in which order-status may call all of human-resource.
func looserMatrix(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Replace(text, []byte("clients: [order-status]\n        methods: [GetEmployee]"), []byte("clients: [order-status]\n        methods: [\"*\"]"), 1)
}

// looser writes that matrix to a file, without the statement that forbids it.
func looser(t *testing.T) string {
	t.Helper()
	text, _, _ := bytes.Cut(looserMatrix(t), []byte("\nnever:"))
	path := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBackWayIsRefused shows that a looser matrix does not load, since customers would get
// at the personnel files through order-status.
func TestBackWayIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(path, looserMatrix(t), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := policyfile.Load(path)
	for _, want := range []string{`"customer-portal" can reach human-resource/*`, "order-status", path + ":"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load = %v, want %q", err, want)
		}
	}
}

// TestLooserMatrixIsNoticed shows that the example fails, and names the calls, if the
// matrix admits more than the built-in one, and states nothing that forbids it.
func TestLooserMatrixIsNoticed(t *testing.T) {
	t.Parallel()
	shown := output(t, errDiffers, "-access", looser(t))
	for _, want := range []string{
		"order-status human-resource ListEmployees ~: got OK , want PermissionDenied CLIENT_NOT_ALLOWED",
		"order-status human-resource ReviewEmployees ~: got OK , want PermissionDenied CLIENT_NOT_ALLOWED",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("no line %q in:\n%s", want, shown)
		}
	}
}

// TestTransportsAgree shows that every method has one verdict over gRPC, HTTP and Connect,
// and that a matrix that admits more is noticed over each.
func TestTransportsAgree(t *testing.T) {
	t.Parallel()
	text := output(t, nil, "-http")
	verdicts := regexp.MustCompile(`(?m)^  .{18}.{19}(\S+) +(\S+) +(\S+)$`).FindAllStringSubmatch(text, -1)
	if len(verdicts) != 1+len(matrixVerdicts)*len(methods) {
		t.Fatalf("%d lines with three columns, want a heading and %d:\n%s", len(verdicts), len(matrixVerdicts)*len(methods), text)
	}
	for _, v := range verdicts[1:] {
		if v[1] != v[2] || v[1] != v[3] {
			t.Errorf("not one verdict: %q", v[0])
		}
	}
	shown := output(t, errDiffers, "-http", "-access", looser(t))
	for _, over := range []string{overGRPC, overHTTP, overConnect} {
		if want := "order-status human-resource ListEmployees ~: over " + over + ", got OK , want PermissionDenied CLIENT_NOT_ALLOWED"; !strings.Contains(shown, want) {
			t.Errorf("no line %q in:\n%s", want, shown)
		}
	}
}

// TestColoursChangeNothingElse shows that colours add escape codes alone, and that calls
// which ended otherwise than expected stand out.
func TestColoursChangeNothingElse(t *testing.T) {
	show := func(colour bool) string {
		var out strings.Builder
		calls := &recorder{view: &summaryView{out: &out, colour: colour}}
		calls.scene("grid")
		calls.row(row{Client: "a", Service: company.OrderStatus, Method: "GetOrderStatus", Admitted: true, Code: "OK", want: admitted})
		calls.row(row{Client: "b", Service: company.OrderStatus, Method: "GetOrderStatus", Code: "Unauthenticated", Reason: string(audience.ReasonTokenNotObtained), want: notObtained})
		calls.scene("points")
		calls.row(row{Client: "a", point: "as expected", Admitted: true, Code: "OK", want: admitted})
		calls.row(row{Client: "a", point: "not as expected", Admitted: true, Code: "OK", want: notObtained})
		if err := calls.finish(time.Second); !errors.Is(err, errDiffers) {
			t.Errorf("finish = %v, want %v", err, errDiffers)
		}
		return out.String()
	}
	plain, coloured := show(false), show(true)
	if strings.Contains(plain, "\x1b") {
		t.Errorf("escape codes without colours: %q", plain)
	}
	for _, code := range []string{bold, red, green, yellow} {
		if !strings.Contains(coloured, "\x1b["+code+"m") {
			t.Errorf("no colour %s in %q", code, coloured)
		}
	}
	if diff := cmp.Diff(plain, escapes.ReplaceAllString(coloured, "")); diff != "" {
		t.Errorf("colours change the text (-without +with):\n%s", diff)
	}
	if !slices.Contains(strings.Split(plain, "\n"), "  ! not as expected               admitted") {
		t.Errorf("no mark at what is not as expected:\n%s", plain)
	}
}

// TestColoursNeedATerminal shows that files and pipes get no colours, and that a
// terminal's user can switch them off.
func TestColoursNeedATerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if coloured(file) || coloured(w) || coloured(&bytes.Buffer{}) {
		t.Error("colours for a file, a pipe or a buffer")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	defer terminal.Close()
	if !coloured(terminal) {
		t.Error("no colours on a terminal")
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		t.Setenv("NO_COLOR", "")
		t.Setenv("TERM", "xterm")
		t.Setenv(name, value)
		if coloured(terminal) {
			t.Errorf("colours with %s=%s", name, value)
		}
	}
}
