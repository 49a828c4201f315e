package interceptor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience"
)

// Plaintext names a wire without encryption over which tokens may travel all
// the same: [Loopback], or a [Mesh]. The zero value is none.
type Plaintext string

// Loopback is the connection within one machine: on a client, one made with
// google.golang.org/grpc/credentials/local; on a server, one from a loopback
// address, which means that every proxy on the machine is trusted.
const Loopback Plaintext = "loopback"

// Mesh is the connection to a sidecar, or a node's proxy, of the mesh of this
// name, such as "istio", which encrypts what goes on from there. On a client it
// is one made with google.golang.org/grpc/credentials/insecure or local. On a
// server it is every one: see to it that nothing but the mesh reaches its port,
// and that the mesh takes nothing in plaintext (in Istio, mutual TLS that is
// STRICT). An empty name is an error of whoever is given it.
func Mesh(name string) Plaintext { return mesh + Plaintext(name) }

const mesh Plaintext = "mesh "

// wire decides over which connections tokens may travel.
type wire struct{ plaintext Plaintext }

// meshed reports whether a mesh is named that encrypts.
func (w wire) meshed() bool { return strings.HasPrefix(string(w.plaintext), string(mesh)) }

func (w wire) check() error {
	switch {
	case w.plaintext == "", w.plaintext == Loopback:
		return nil
	case !w.meshed():
		return fmt.Errorf("interceptor: plaintext over %q, want Loopback or Mesh", w.plaintext)
	case strings.TrimSpace(string(w.plaintext)) == strings.TrimSpace(string(mesh)):
		return errors.New("interceptor: a mesh without a name; say which encrypts, such as Mesh(\"istio\")")
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
	if ok && (private(p.AuthInfo) || w.meshed() || w.plaintext == Loopback && fromLoopback(p.Addr)) {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseTransportInsecure, Want: "TLS",
		Got: fmt.Sprintf("plaintext from %q", cut(peerAddress(ctx), maxPeer)), Hint: w.remedy(),
	}
}

// remedy says what to do about a call whose connection others can read.
func (w wire) remedy() string {
	covers := "AllowPlaintext(Loopback) covers only calls from a loopback address or a unix socket of this machine"
	if w.plaintext == Loopback {
		return covers + ", which this is not: serve with TLS (grpc.Creds), or name the mesh that encrypts with interceptor.AllowPlaintext(Mesh(name))"
	}
	return "serve with TLS (grpc.Creds), or name what keeps the wire private: " + covers + ", AllowPlaintext(Mesh(name)) those that a mesh encrypts"
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
	switch {
	case w.plaintext == Loopback:
		return errors.New("interceptor: the connection is neither TLS nor known to be local; use google.golang.org/grpc/credentials/local instead of insecure")
	case w.meshed():
		return fmt.Errorf("interceptor: the connection is neither TLS nor plaintext to a sidecar of %q; use google.golang.org/grpc/credentials/insecure", w.plaintext)
	}
	return errors.New("interceptor: the connection is not TLS, and tokens do not travel where others can read them; use transport credentials, or see AllowPlaintext")
}

// carries judges the connection that a call is about to go over.
func (w wire) carries(info credentials.AuthInfo) bool {
	if info == nil || private(info) {
		return info != nil
	}
	kind := info.AuthType()
	return kind == "local" && w.plaintext != "" || kind == "insecure" && w.meshed()
}
