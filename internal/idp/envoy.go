package idp

import (
	"context"
	_ "embed"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const envoyVersion = "1.40.0" // as in requirements.txt

//go:embed envoy/requirements.txt
var envoyRequirements []byte

// Proxy is a running Envoy. It does not change.
type Proxy struct {
	// Admin is the URL of its administration interface.
	Admin string

	listeners map[string]string // addresses by name
}

// Addr returns the address of the listener with this name; empty if there is none.
func (p *Proxy) Addr(listener string) string { return p.listeners[listener] }

// Envoy starts Envoy 1.40.0 with config, a bootstrap in YAML; it ends with t.
// Listeners should have port 0 of 127.0.0.1: [Proxy.Addr] returns the address that they
// got. config must not set the administration interface.
func Envoy(t testing.TB, config []byte) *Proxy {
	t.Helper()
	ask(t, "envoy")
	p, err := startEnvoy(t, config)
	if err != nil {
		t.Fatalf("idp: %v", err)
	}
	return p
}

func startEnvoy(t testing.TB, config []byte) (*Proxy, error) {
	installed, err := cached(pinned("envoy-"+envoyVersion, string(envoyRequirements)), func(dir string) error {
		return installWheel(dir, envoyRequirements)
	})
	if err != nil {
		return nil, err
	}
	at, err := newSite()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(at.path("envoy.yaml"), config, 0o600); err != nil {
		return nil, err
	}
	p := &Proxy{listeners: map[string]string{}}
	child := &process{
		dir: at.dir,
		args: []string{
			filepath.Join(installed, "envoy", "_bin", "envoy"), "--disable-hot-restart", "--concurrency", "1",
			"-c", "envoy.yaml", "--admin-address-path", "admin",
			"--config-yaml", "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}",
		},
		ready: func(ctx context.Context) error { return p.find(ctx, at.path("admin")) },
	}
	t.Cleanup(func() {
		child.tell(t)
		child.remove()
	})
	return p, child.start()
}

// listenerStatus is of the answer of Envoy's /listeners.
type listenerStatus struct {
	Name  string
	Local struct {
		Socket struct {
			Address string
			Port    int `json:"port_value"`
		} `json:"socket_address"`
	} `json:"local_address"`
}

// find asks Envoy, which writes the address of its administration interface to file,
// whether it is ready, and for the addresses of its listeners.
func (p *Proxy) find(ctx context.Context, file string) error {
	addr, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p.Admin = "http://" + strings.TrimSpace(string(addr))
	if err := call(ctx, http.MethodGet, p.Admin+"/ready", "", nil, nil); err != nil {
		return err
	}
	var found struct {
		Statuses []listenerStatus `json:"listener_statuses"`
	}
	if err := call(ctx, http.MethodGet, p.Admin+"/listeners?format=json", "", nil, &found); err != nil {
		return err
	}
	for _, l := range found.Statuses {
		p.listeners[l.Name] = net.JoinHostPort(l.Local.Socket.Address, strconv.Itoa(l.Local.Socket.Port))
	}
	return nil
}
