package admission

import (
	"cmp"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
)

// Plaintext says which connections may carry tokens although others could read
// them. The zero value allows none.
type Plaintext struct {
	// Loopback allows connections that do not leave the machine.
	Loopback bool

	// Any allows every kind of connection except [UnknownConnection]: a service mesh
	// encrypts them.
	Any bool

	// Hint is what the operator can do about a refused connection, in the terms
	// of the transport.
	Hint string
}

// check refuses a request whose connection others can read.
func (p Plaintext) check(peer *Peer) error {
	switch peer.Connection {
	case PrivateConnection:
		return nil
	case LoopbackConnection:
		if p.Loopback || p.Any {
			return nil
		}
	case PlaintextConnection:
		if p.Any {
			return nil
		}
	}
	return &audience.Refusal{Cause: audience.CauseTransportInsecure, Want: p.want(), Got: "plaintext from " + peer.place(), Hint: cmp.Or(peer.Hint, p.Hint)}
}

// want says which connections are allowed.
func (p Plaintext) want() string {
	switch {
	case p.Any:
		return "TLS, or plaintext of a connection whose other end is known"
	case p.Loopback:
		return "TLS, or plaintext from this machine (a loopback address or a unix socket), which is all that the server allows"
	}
	return "TLS"
}

// place describes where a connection comes from.
func (p *Peer) place() string {
	if p.Addr == nil {
		return "an unknown address"
	}
	return fmt.Sprintf("%q", cut(p.address(), maxPeer))
}
