package docs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// quickstart is the page that TestQuickstart follows.
const quickstart = "quickstart.md"

// step is a block of the page, with the name of the file that the text before it gives it.
var step = regexp.MustCompile("(?ms)^(?:`([a-z./]+)`:\n\n)?```(\\w+)\n(.*?)^```$")

// A reader who does what the page says gets what the page shows, with a service that is not
// ours. The published module is replaced by this one, and the port by a free one.
func TestQuickstart(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the page is written for a shell of Unix")
	}
	r := newReader(t)
	steps := step.FindAllStringSubmatch(pageNamed(t, quickstart).text, -1)
	if len(steps) < 8 {
		t.Fatalf("the page has %d steps", len(steps))
	}
	for _, s := range steps {
		name, language, text := s[1], s[2], strings.ReplaceAll(s[3], "127.0.0.1:8080", r.addr)
		switch language {
		case "go":
			r.write(t, name, text)
		case "yaml":
			r.write(t, "access.yaml", text)
		case "console":
			r.do(t, text)
		default:
			t.Fatalf("a block of %s: the test does not know what to do with it", language)
		}
	}
	if !strings.Contains(r.server.String(), "METHOD_WITHOUT_RULE") {
		t.Errorf("the server does not say why:\n%s", r.server)
	}
}

// reader is somebody who follows the page.
type reader struct {
	folder string
	addr   string // of the server
	env    []string
	dev    []string // the lines that dev printed
	server *output
}

func newReader(t *testing.T) *reader {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS("testdata/quickstart")); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	bin := filepath.Join(folder, "bin")
	r := &reader{folder: folder, addr: free.Addr().String(), server: &output{}}
	// The modules are those that this module has been built from.
	r.env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off", "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	r.write(t, "go.mod", fmt.Sprintf("module example.com/hello\n\ngo 1.26\n\nreplace github.com/grpcaud/grpcaud => %s\n", module))
	return r
}

func (r *reader) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do types the commands of a block, and compares what they print with what the block
// shows.
func (r *reader) do(t *testing.T, text string) {
	t.Helper()
	for _, typed := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, shown, _ := strings.Cut(typed, "\n")
		switch {
		case strings.HasPrefix(command, "export "):
			r.export(t, command)
		case strings.HasPrefix(command, "grpcaud dev "):
			r.play(t, command, shown)
		case command == "go run ./server":
			r.serve(t, command)
		default:
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			out, err := r.command(ctx, command).CombinedOutput()
			cancel()
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			shows(t, command, shown, string(out))
		}
	}
}

// shows requires the lines of shown in a text, in their order; … stands for anything.
func shows(t *testing.T, command, shown, text string) {
	t.Helper()
	rest := text
	for part := range strings.FieldsFuncSeq(shown, func(r rune) bool { return r == '\n' || r == '…' }) {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("%s: no %q in\n%s", command, part, text)
		}
		rest = after
	}
}

// command returns a command of the reader's shell. What it starts ends with it.
func (r *reader) command(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+command)
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.folder, r.env, 10*time.Second
	return cmd
}

// export sets the variable to the value that dev printed, as a reader does who copies the
// line.
func (r *reader) export(t *testing.T, command string) {
	t.Helper()
	name, _, _ := strings.Cut(command, "=")
	for _, line := range r.dev {
		if strings.HasPrefix(line, name+"=") {
			r.env = append(r.env, strings.TrimPrefix(line, "export "))
			return
		}
	}
	t.Fatalf("dev printed no line for %q, but\n%s", command, strings.Join(r.dev, "\n"))
}

// play runs dev until the test ends, and reads what it prints.
func (r *reader) play(t *testing.T, command, shown string) {
	t.Helper()
	lines := bufio.NewScanner(r.start(t, command, io.Discard))
	for lines.Scan() && !strings.HasSuffix(lines.Text(), "Interrupt to end.") {
		r.dev = append(r.dev, lines.Text())
	}
	shows(t, command, shown, strings.Join(r.dev, "\n"))
}

// start starts a command that runs until the test ends, and returns its standard output.
func (r *reader) start(t *testing.T, command string, stderr io.Writer) io.Reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	cmd := r.command(ctx, command)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	return out
}

// output may be written and read at the same time.
type output struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serve builds the server that the command runs, so that it can be ended, and waits until it
// listens.
func (r *reader) serve(t *testing.T, command string) {
	t.Helper()
	program := strings.Replace(command, "go run", "go build -o bin/server", 1)
	if out, err := r.command(t.Context(), program).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	r.start(t, "bin/server", r.server)
	tooLate := time.After(time.Minute)
	for retry := time.NewTicker(20 * time.Millisecond); ; {
		conn, err := net.Dial("tcp", r.addr)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-retry.C:
		case <-tooLate:
			t.Fatalf("the server does not listen: %v\n%s", err, r.server)
		}
	}
}
