package admission

import (
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
	return &audience.Refusal{
		Cause: audience.CauseTransportInsecure, Want: "TLS",
		Got: fmt.Sprintf("plaintext from %q", cut(peer.address(), maxPeer)), Hint: p.Hint,
	}
}
