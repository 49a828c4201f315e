package interceptor

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/credentials"
)

// Plaintext is a kind of connection without encryption that may carry tokens:
// [Loopback], or a [Mesh]. The zero value is none.
type Plaintext struct {
	kind plaintextKind
	mesh string // its name
}

type plaintextKind int

const (
	noPlaintext plaintextKind = iota
	loopbackPlaintext
	meshPlaintext
)

// Loopback is a connection within one machine. On a client it is a connection made
// with google.golang.org/grpc/credentials/local. On a server it is a connection from
// a loopback address; this means that every proxy on the machine is trusted.
var Loopback = Plaintext{kind: loopbackPlaintext}

// Mesh is a connection to a sidecar, or to a proxy on the node, of the service mesh
// with this name, such as "istio". The proxy encrypts the rest of the way. On a
// client it is a connection made with google.golang.org/grpc/credentials/insecure or
// local. On a server it is every plaintext connection: make sure that only the mesh
// can reach the server's port, and that the mesh accepts no plaintext (in Istio,
// mutual TLS in mode STRICT). An empty name is an error of the function that gets the
// option.
func Mesh(name string) Plaintext { return Plaintext{meshPlaintext, name} }

// String returns p as log and metrics name it.
func (p Plaintext) String() string {
	switch p.kind {
	case loopbackPlaintext:
		return "loopback"
	case meshPlaintext:
		return "mesh " + p.mesh
	default:
		return "none"
	}
}

// wire decides over which connections tokens may travel.
type wire struct{ plaintext Plaintext }

// allowsPlaintext reports whether some connections without encryption may carry
// tokens.
func (w wire) allowsPlaintext() bool { return w.plaintext.kind != noPlaintext }

// allowsMesh reports whether the plaintext connections of a mesh may carry tokens.
func (w wire) allowsMesh() bool { return w.plaintext.kind == meshPlaintext }

func (w wire) check() error {
	if w.allowsMesh() && strings.TrimSpace(w.plaintext.mesh) == "" {
		return errors.New("interceptor: a mesh without a name; say which encrypts, such as Mesh(\"istio\")")
	}
	return nil
}

// private reports whether a connection protects what it carries from reading and
// change. A connection that does not state its security level counts as plaintext.
func private(info credentials.AuthInfo) bool {
	known, ok := info.(interface {
		GetCommonAuthInfo() credentials.CommonAuthInfo
	})
	return ok && known.GetCommonAuthInfo().SecurityLevel == credentials.PrivacyAndIntegrity
}

// refusal returns the error of a call over a connection that must not carry a token.
func (w wire) refusal() error {
	switch {
	case w.plaintext == Loopback:
		return errors.New("interceptor: the connection is neither TLS nor known to be local; use google.golang.org/grpc/credentials/local instead of insecure, or nil in Dial")
	case w.allowsMesh():
		return fmt.Errorf("interceptor: the connection is neither TLS nor plaintext to a sidecar of %q; use google.golang.org/grpc/credentials/insecure", w.plaintext.String())
	}
	return errors.New("interceptor: the connection is not TLS, and tokens do not travel where others can read them; use transport credentials such as credentials.NewTLS(nil)" + loopbackHint)
}

// loopbackHint says what to write for a server without TLS on the same machine.
const loopbackHint = "; for a server on this machine, while you develop: interceptor.NewClient(policy, name, interceptor.AllowPlaintext(interceptor.Loopback)), and nil for the credentials in Dial, or google.golang.org/grpc/credentials/local in grpc.NewClient"

// carries reports whether a client may send a token over a connection.
func (w wire) carries(info credentials.AuthInfo) bool {
	if info == nil || private(info) {
		return info != nil
	}
	kind := info.AuthType()
	return kind == "local" && w.allowsPlaintext() || kind == "insecure" && w.allowsMesh()
}
