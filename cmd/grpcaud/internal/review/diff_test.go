package review_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apply applies a patch in a folder, and with the program patch too if there is one.
func apply(t testing.TB, folder, patch string) {
	t.Helper()
	files := applied(t, folder, patch)
	program, err := exec.LookPath("patch")
	if err != nil {
		for path, text := range files {
			write(t, path, text)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), program, "-p1", "--binary", "--fuzz=0")
	cmd.Dir, cmd.Stdin = folder, strings.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "offset") {
		t.Fatalf("patch: %v\n%s\n%s", err, out, patch)
	}
	for path, want := range files {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Fatalf("patch writes %q, %v; want %q", got, err, want)
		}
	}
}

// applied returns what a patch makes of files, by their paths.
func applied(t testing.TB, folder, patch string) map[string]string {
	t.Helper()
	files, one := map[string]string{}, &patched{}
	for line := range strings.Lines(patch) {
		switch {
		case strings.HasPrefix(line, "--- a/"):
			one.end(files)
		case strings.HasPrefix(line, "+++ b/"):
			*one = patched{path: filepath.Join(folder, strings.TrimRight(line[len("+++ b/"):], "\t\n"))}
			text, err := os.ReadFile(one.path)
			if err != nil {
				t.Fatal(err)
			}
			one.old = slices.Collect(strings.Lines(string(text)))
		case !one.line(line):
			t.Fatalf("line %q does not fit what follows %q in\n%s", line, one.out, patch)
		}
	}
	one.end(files)
	return files
}

// patched is a file to which a patch is applied.
type patched struct {
	path string
	old  []string
	at   int // in old
	out  string
	mark byte
}

// line applies one line of a hunk, and reports whether it fits.
func (p *patched) line(line string) bool {
	before := p.mark
	p.mark = line[0]
	switch p.mark {
	case '@':
		var from, count int
		if _, err := fmt.Sscanf(line, "@@ -%d,%d", &from, &count); err != nil {
			return false
		}
		if count > 0 {
			from--
		}
		for ; p.at < from; p.at++ {
			p.out += p.old[p.at]
		}
		return p.at == from
	case '\\':
		if before == '+' {
			p.out = strings.TrimSuffix(p.out, "\n")
		}
		return true
	case '+':
		p.out += line[1:]
		return true
	}
	if p.at == len(p.old) || strings.TrimSuffix(p.old[p.at], "\n") != strings.TrimSuffix(line[1:], "\n") {
		return false
	}
	if p.mark == ' ' {
		p.out += p.old[p.at]
	}
	p.at++
	return true
}

func (p *patched) end(files map[string]string) {
	if p.path != "" {
		files[p.path] = p.out + strings.Join(p.old[p.at:], "")
	}
}
