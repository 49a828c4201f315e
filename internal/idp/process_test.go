//go:build unix

package idp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// role is what the test binary plays when it is run by a test: the server, or
// somebody who starts one and cannot stop it.
const role = "GRPCAUD_IDP_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "server":
		log.Fatal(report(os.Args[1]))
	case "victim":
		os.Setenv(role, "server")
		fmt.Println(idp.NewProcess(os.Args[2], started, os.Args[0], os.Args[1]).Start())
		select {}
	}
}

// report connects to addr, and says goodbye when it is asked to end.
func report(addr string) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintln(conn, "hello")
	<-term
	_, err = fmt.Fprintln(conn, "goodbye")
	return err
}

func started(context.Context) error { return nil }

func TestProcess(t *testing.T) {
	t.Setenv(role, "server")
	desk := listen(t)
	p := idp.NewProcess(t.TempDir(), started, os.Args[0], desk.Addr().String())
	for range 2 {
		for range 2 { // the second time it runs already
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
		}
		words := accept(t, desk)
		if got := next(t, words); got != "hello" {
			t.Errorf("got %q, want hello", got)
		}
		p.Stop()
		p.Stop()
		if got := next(t, words); got != "goodbye" {
			t.Errorf("got %q, want goodbye: it is asked before it is killed", got)
		}
	}
}

func TestProcessEndsByItself(t *testing.T) {
	never := func(context.Context) error { return errors.New("not yet") }
	p := idp.NewProcess(t.TempDir(), never, "sh", "-c", "echo the port is taken; exit 1")
	if err := p.Start(); err == nil || !strings.Contains(err.Error(), "sh ended: the port is taken") {
		t.Errorf("got %v, want what the log says", err)
	}
	p.Stop()
}

// A test that is killed leaves no server, and nothing on disk.
func TestProcessEndsWithUs(t *testing.T) {
	desk, dir := listen(t), filepath.Join(t.TempDir(), "server")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(role, "victim")
	victim := exec.CommandContext(t.Context(), os.Args[0], desk.Addr().String(), dir)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	words := accept(t, desk)
	if got := next(t, words); got != "hello" {
		t.Errorf("got %q, want hello", got)
	}
	victim.Process.Kill()
	victim.Wait()
	if got := next(t, words); got != "" {
		t.Errorf("got %q, want the end", got)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder: got %v, want none", err)
	}
}

func listen(t *testing.T) *net.TCPListener {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.SetDeadline(time.Now().Add(time.Minute))
	return l
}

// accept returns what the server that connects says.
func accept(t *testing.T, l *net.TCPListener) *bufio.Reader {
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return bufio.NewReader(conn)
}

// next returns the next line, empty if the server is gone.
func next(t *testing.T, words *bufio.Reader) string {
	line, err := words.ReadString('\n')
	if err != nil && err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
