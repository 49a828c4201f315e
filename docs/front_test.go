package docs_test

import (
	"context"
	"image/png"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestFrontPageIsShort(t *testing.T) {
	const most = 1200
	if got := len(strings.Fields(pageNamed(t, front).text)); got > most {
		t.Errorf("%s has %d words, want at most %d", front, got, most)
	}
}

func TestFrontPageShowsPictures(t *testing.T) {
	for path, most := range map[string]int64{"matrix.png": 150 << 10, "portals.png": 60 << 10, "ui.png": 60 << 10} {
		checkPicture(t, path, most)
	}
}

// checkPicture reports a picture that the front page does not show, or that has more bytes
// than most.
func checkPicture(t *testing.T, path string, most int64) {
	t.Helper()
	if !strings.Contains(pageNamed(t, front).text, "](docs/"+path+")") {
		t.Errorf("%s does not show docs/%s", front, path)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := png.Decode(file); err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if info, err := file.Stat(); err != nil || info.Size() > most {
		t.Errorf("%s: %v, or more than %d bytes", path, err, most)
	}
}

// What the front page shows of the example's output is what the example prints.
func TestExampleOfTheFrontPageIsReal(t *testing.T) {
	const command = "$ go run ./examples/backoffice\n"
	var shown string
	for _, text := range pageNamed(t, front).in("console") {
		if rest, ok := strings.CutPrefix(text, command); ok {
			shown = rest
		}
	}
	if shown == "" {
		t.Fatalf("%s shows nothing of %s", front, command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "go", "run", "./examples/backoffice")
	run.Dir = ".."
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Durations differ from run to run, and the page leaves them out.
	rest := words(regexp.MustCompile(`\b[0-9.]+(ns|µs|ms|s)\b`).ReplaceAllString(string(out), ""))
	for line := range strings.SplitSeq(shown, "\n") {
		if words(line) == "" || words(line) == "…" {
			continue
		}
		_, after, found := strings.Cut(rest, words(line))
		if !found {
			t.Fatalf("the example does not print %q, but\n%s", line, out)
		}
		rest = after
	}
}
