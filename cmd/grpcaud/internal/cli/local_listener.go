package cli

import (
	"errors"
	"fmt"
	"net"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

// ListenLocally listens on the loopback address of the flag --addr, which other machines
// cannot reach. why says why it must be one.
func ListenLocally(addr, why string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w; want a loopback address and a port, such as 127.0.0.1:8080", addr, err)
	}
	if !loopback.Host(host) {
		return nil, fmt.Errorf("--addr %s: %s, so it listens on a loopback address only, such as 127.0.0.1:0", addr, why)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; port 0, as in --addr 127.0.0.1:0, is any free port", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("--addr %s: %s is no loopback address", addr, l.Addr()), l.Close())
	}
	return l, nil
}
