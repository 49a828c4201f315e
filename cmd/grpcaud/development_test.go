package main_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// development is a command dev that runs.
type development struct {
	folder string   // where the matrix is
	page   []string // the lines that it printed
	lines  *bufio.Scanner
	log    *growing
	stop   func() int // ends it, and returns its exit status
}

// develop runs the command dev for a matrix, until the test ends. The secrets that it prints
// are in the environment of the test.
func develop(t *testing.T, matrix string, args ...string) *development {
	t.Helper()
	return developAt(t, file(t, "access.yaml", matrix), args...)
}

// developAt runs the command dev for the matrix at path.
func developAt(t *testing.T, path string, args ...string) *development {
	t.Helper()
	d := &development{folder: filepath.Dir(path), log: &growing{grown: make(chan struct{})}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- grpcaud.Run(ctx, append([]string{"dev", path}, args...), strings.NewReader(""), out, d.log)
		out.Close()
	}()
	d.lines = bufio.NewScanner(in)
	d.stop = sync.OnceValue(func() int {
		cancel()
		in.Close()
		return <-ended
	})
	t.Cleanup(func() { d.stop() })
	for d.lines.Scan() {
		d.page = append(d.page, d.lines.Text())
		d.export(t, d.lines.Text())
		if strings.HasSuffix(d.lines.Text(), "Interrupt to end.") {
			return d
		}
	}
	t.Fatalf("dev ends with %d\n%s", d.stop(), d.log)
	return nil
}

// growing is a text that one writes and another waits for.
type growing struct {
	mu    sync.Mutex // guards the fields below
	text  string
	grown chan struct{} // closed when text has grown
}

// Write implements [io.Writer].
func (g *growing) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.text += string(p)
	close(g.grown)
	g.grown = make(chan struct{})
	return len(p), nil
}

// String returns what was written so far.
func (g *growing) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text
}

// wait returns when the text has want in it.
func (g *growing) wait(t *testing.T, want string) {
	t.Helper()
	for tooLate := time.After(30 * time.Second); ; {
		g.mu.Lock()
		text, grown := g.text, g.grown
		g.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-grown:
		case <-tooLate:
			t.Fatalf("no %q in\n%s", want, text)
		}
	}
}

func (d *development) path(name string) string { return filepath.Join(d.folder, name) }

// export does what a shell does with a line.
func (d *development) export(t *testing.T, line string) {
	t.Helper()
	name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	if strings.HasPrefix(line, "export ") && ok {
		t.Setenv(name, value)
	}
}

// commands returns the lines that run a command of the program.
func (d *development) commands(command string) [][]string {
	var all [][]string
	for _, line := range d.page {
		if rest, ok := strings.CutPrefix(line, "grpcaud "+command+" "); ok {
			all = append(all, append([]string{command}, strings.Fields(rest)...))
		}
	}
	return all
}

// read returns the matrix that was written.
func (d *development) read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(d.path("access.dev.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// issuer returns the URL of an issuer.
func (d *development) issuer(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^# issuer ` + name + `: (\S+)$`).FindStringSubmatch(strings.Join(d.page, "\n"))
	if found == nil {
		t.Fatalf("no issuer %s in\n%s", name, strings.Join(d.page, "\n"))
	}
	return found[1]
}

// serveAt runs the command serve that dev printed, on a free port, and returns its address.
func (d *development) serveAt(t *testing.T) string {
	t.Helper()
	args := d.commands("serve")[0]
	args[slices.Index(args, "--addr")+1] = "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- grpcaud.Run(ctx, args, strings.NewReader(""), out, &buffer{})
		out.Close()
	}()
	t.Cleanup(func() {
		cancel()
		in.Close()
		<-ended
	})
	ready, err := bufio.NewReader(in).ReadString('\n')
	found := regexp.MustCompile(`"addr":"([^"]+)"`).FindStringSubmatch(ready)
	if err != nil || found == nil {
		t.Fatalf("serve: %q, %v", ready, err)
	}
	return found[1]
}

// call runs a command call that dev printed, against a server.
func (d *development) call(t *testing.T, args []string, addr string) result {
	t.Helper()
	args = slices.Clone(args)
	args[slices.Index(args, "--addr")+1] = addr
	return run(t, "", args...)
}
