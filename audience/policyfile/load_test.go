package policyfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func TestLoadReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := policyfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"human-resource", "order-status"}, policy.Services()); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := policyfile.Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v, want fs.ErrNotExist", err)
	}
	if _, err := policyfile.Load(dir); err == nil || !strings.Contains(err.Error(), "a folder, want a regular file") {
		t.Errorf("directory: got %v", err)
	}
}

func TestLoadTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<30); err != nil {
		t.Fatal(err)
	}
	_, err := policyfile.Load(path)
	if want := path + ":1: want at most 8 MiB; a larger"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Load = %v, want %s", err, want)
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	const want = "access.yaml:1: not YAML: nested too deeply: want an access matrix, which begins with version: 1"
	for text, size := range map[string]int{"[": 7 << 20, "{": 1 << 20, "- ": 1 << 20, "? ": 1 << 20} {
		data := bytes.Repeat([]byte(text), size/len(text))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := policyfile.Parse("access.yaml", data)
		runtime.ReadMemStats(&after)
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q…) = %v, want %s", text, err, want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
			t.Errorf("Parse(%q…) allocates %d MiB, want at most 32", text, took>>20)
		}
	}
}

// TestLargeMatrixIsReadQuickly shows the cost of the matrix of a large company, and
// that a file which is not a matrix is refused before it costs more.
func TestLargeMatrixIsReadQuickly(t *testing.T) {
	if took, err := cost(large()); err != nil || took > 256 {
		t.Errorf("a large matrix: %v; allocates %d MiB, want at most 256", err, took)
	}
	for _, text := range []string{"a: 1\n", "- a\n", "[a],", "a: {b: [c]}\n", "\n"} {
		took, err := cost(bytes.Repeat([]byte(text), 7<<20/len(text)))
		if want := "access.yaml:1: want at most 1000000 keys and items"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%q…) = %v, want %s", text, err, want)
		}
		if took > 16 {
			t.Errorf("Parse(%q…) allocates %d MiB, want at most 16", text, took)
		}
	}
}

// cost parses data, and returns how many MiB that takes.
func cost(data []byte) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := policyfile.Parse("access.yaml", data)
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20, err
}

// large is a matrix of 1000 services with 20 methods each, and of 2000 clients.
func large() []byte {
	var b bytes.Buffer
	b.WriteString("version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices:\n")
	for s := range 1000 {
		fmt.Fprintf(&b, "  service-%d:\n    grpc: [acme.v1.Service%d]\n    allow:\n", s, s)
		for m := range 20 {
			client := 7*s + 13*m
			fmt.Fprintf(&b, "    - clients: [client-%d, client-%d]\n      methods: [Method%d]\n      scopes: [read.%d]\n", client%2000, (client+31)%2000, m, m)
		}
	}
	b.WriteString("clients:\n")
	for c := range 2000 {
		fmt.Fprintf(&b, "  client-%d: {}\n", c)
	}
	return b.Bytes()
}

func BenchmarkParseLarge(b *testing.B) {
	data := large()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policyfile.Parse("access.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestParseReportsInOrder(t *testing.T) {
	text := example + "extra: 1\n" + strings.Repeat("? [a]\n", 25)
	_, err := policyfile.Parse("access.yaml", []byte(text))
	if err == nil {
		t.Fatal("Parse accepts broken keys")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || lines[20] != "access.yaml: … and 6 more" {
		t.Errorf("got %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if want := `:1: unknown key "extra"`; !strings.HasSuffix(lines[0], want) {
		t.Errorf("first = %q, want …%s", lines[0], want)
	}
	var finding *policyfile.Error
	if !errors.As(err, &finding) || finding.File != "access.yaml" || finding.Line < 1 {
		t.Errorf("errors.As = %+v", finding)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("a: 1\n", 5_000),
		example + strings.Repeat("? [a]\n", 5_000),
		strings.Replace(example, "[GetOrderStatus]", "[7"+strings.Repeat(", 7", 5_000)+"]", 1),
		strings.Replace(example, "[GetOrderStatus]", "[a/b"+strings.Repeat(", a/b", 5_000)+"]", 1),
	} {
		_, err := policyfile.Parse("access.yaml", []byte(text))
		if want := "access.yaml: … and at least 980 more"; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Parse = %.200v, want it to end in %q", err, want)
		}
	}
}

func TestLint(t *testing.T) {
	text := strings.Replace(example, "  customer-portal: {}\n", "  customer-portal: {}\n  nobody: {}\n", 1)
	text = strings.Replace(text, "audience: order-status", "audience: account", 1)
	t.Chdir(folder(t, map[string]string{"access.yaml": text}))
	findings, err := policyfile.Lint("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, f.Severity.String()+" "+f.Error())
	}
	want := []string{
		`warning access.yaml:9:5: "account" is what Keycloak puts into every token: it does not distinguish this service from another`,
		`info access.yaml:16:9: every method may be called, future methods too`,
		`info access.yaml:23:9: every method may be called, future methods too`,
		`info access.yaml:24:9: no scope is demanded`,
		`warning access.yaml:27:3: no rule names client "nobody"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Lint (-want +got):\n%s", diff)
	}
	if findings, err := policyfile.Lint("none.yaml"); err == nil || findings != nil {
		t.Errorf("Lint of nothing = %v, %v, want an error alone", findings, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	for _, row := range broken {
		f.Add([]byte(row.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		policy, err := policyfile.Parse("access.yaml", data)
		if err == nil {
			if len(policy.Services()) == 0 {
				t.Error("a policy without services")
			}
			return
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("%v is not a list of findings", err)
		}
		last := 1
		for _, err := range joined.Unwrap() {
			var e *policyfile.Error
			if errors.As(err, &e) {
				if e.File != "access.yaml" || e.Line < last || e.Text == "" {
					t.Errorf("%+v after line %d", e, last)
				}
				last = e.Line
			}
		}
	})
}
