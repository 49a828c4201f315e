package browser

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Program is a running command of the main module.
type Program struct {
	t      *testing.T
	mu     sync.Mutex
	output bytes.Buffer
	more   chan struct{} // closed at each line, and replaced
	ended  chan struct{}
}

// Start builds and starts a package of the main module, such as ./cmd/grpcaud. It is
// interrupted at the end of t, and must then end by itself with status 0.
func Start(t *testing.T, pkg string, args ...string) *Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-o", binary, pkg)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("browser: go build %s: %v\n%s", pkg, err, out)
	}
	p := &Program{t: t, more: make(chan struct{}), ended: make(chan struct{})}
	reader, writer := io.Pipe()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = build.Dir, writer, writer, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("browser: %v", err)
	}
	go p.read(reader)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("browser: %s ends with %v\n%s", pkg, err, p.Output())
		}
		writer.Close()
		<-p.ended
	})
	return p
}

func (p *Program) read(from io.Reader) {
	defer close(p.ended)
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		p.mu.Lock()
		p.output.Write(line)
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Output returns what the program has printed.
func (p *Program) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Find waits until what the program prints has a match of the expression, and returns
// it with its groups.
func (p *Program) Find(expression string) []string {
	p.t.Helper()
	pattern := regexp.MustCompile(expression)
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		more, match := p.more, pattern.FindStringSubmatch(p.output.String())
		p.mu.Unlock()
		if match != nil {
			return match
		}
		select {
		case <-more:
		case <-timeout:
			p.t.Fatalf("browser: no %s in\n%s", expression, p.Output())
		}
	}
}
