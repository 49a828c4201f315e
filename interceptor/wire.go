package interceptor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience"
)

// Plaintext names a wire without encryption over which tokens may travel all
// the same. There is only [Loopback].
type Plaintext string

// Loopback is the connection within one machine: on a client, one made with
// google.golang.org/grpc/credentials/local; on a server, one from a loopback
// address, which means that every proxy on the machine is trusted.
const Loopback Plaintext = "loopback"

// wire decides over which connections tokens may travel.
type wire struct{ plaintext Plaintext }

func (w wire) check() error {
	if w.plaintext != "" && w.plaintext != Loopback {
		return fmt.Errorf("interceptor: plaintext over %q, want %q", w.plaintext, Loopback)
	}
	return nil
}

// private reports whether nobody can read or change what goes over a
// connection. A security level that is not told is taken for none.
func private(info credentials.AuthInfo) bool {
	known, ok := info.(interface {
		GetCommonAuthInfo() credentials.CommonAuthInfo
	})
	return ok && known.GetCommonAuthInfo().SecurityLevel == credentials.PrivacyAndIntegrity
}

// admits judges the connection that a call came over.
func (w wire) admits(ctx context.Context) error {
	p, ok := peer.FromContext(ctx)
	if ok && (private(p.AuthInfo) || w.plaintext == Loopback && fromLoopback(p.Addr)) {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseTransportInsecure, Want: "TLS",
		Hint: "serve with grpc.Creds, or allow it with interceptor.AllowPlaintext(interceptor.Loopback)",
	}
}

func fromLoopback(addr net.Addr) bool {
	if addr == nil {
		return false
	}
	ip, err := netip.ParseAddrPort(addr.String())
	return addr.Network() == "unix" || err == nil && ip.Addr().Unmap().IsLoopback()
}

// refusal says what to do about a connection that carries no token.
func (w wire) refusal() error {
	if w.plaintext == Loopback {
		return errors.New("interceptor: the connection is neither TLS nor known to be local; use google.golang.org/grpc/credentials/local instead of insecure")
	}
	return errors.New("interceptor: the connection is not TLS, and tokens do not travel where others can read them; use transport credentials, or see AllowPlaintext")
}

// carries judges the connection that a call is about to go over.
func (w wire) carries(info credentials.AuthInfo) bool {
	return info != nil && (private(info) || w.plaintext == Loopback && info.AuthType() == "local")
}
