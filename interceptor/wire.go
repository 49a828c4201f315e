package interceptor

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/credentials"
)

// Plaintext names a connection without encryption over which tokens may travel
// all the same: [Loopback], or a [Mesh]. The zero value is none.
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

// Loopback is the connection within one machine: on a client, one made with
// google.golang.org/grpc/credentials/local; on a server, one from a loopback
// address, which means that every proxy on the machine is trusted.
var Loopback = Plaintext{kind: loopbackPlaintext}

// Mesh is the connection to a sidecar, or a node's proxy, of the mesh of this
// name, such as "istio", which encrypts what goes on from there. On a client it
// is one made with google.golang.org/grpc/credentials/insecure or local. On a
// server it is every one: see to it that nothing but the mesh reaches its port,
// and that the mesh takes nothing in plaintext (in Istio, mutual TLS that is
// STRICT). An empty name is an error of whoever is given it.
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

// plain reports whether there are connections without encryption among them.
func (w wire) plain() bool { return w.plaintext.kind != noPlaintext }

// meshed reports whether a mesh is named that encrypts.
func (w wire) meshed() bool { return w.plaintext.kind == meshPlaintext }

func (w wire) check() error {
	if w.meshed() && strings.TrimSpace(w.plaintext.mesh) == "" {
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

// refusal says what to do about a connection that carries no token.
func (w wire) refusal() error {
	switch {
	case w.plaintext == Loopback:
		return errors.New("interceptor: the connection is neither TLS nor known to be local; use google.golang.org/grpc/credentials/local instead of insecure")
	case w.meshed():
		return fmt.Errorf("interceptor: the connection is neither TLS nor plaintext to a sidecar of %q; use google.golang.org/grpc/credentials/insecure", w.plaintext.String())
	}
	return errors.New("interceptor: the connection is not TLS, and tokens do not travel where others can read them; use transport credentials, or see AllowPlaintext")
}

// carries judges the connection that a call is about to go over.
func (w wire) carries(info credentials.AuthInfo) bool {
	if info == nil || private(info) {
		return info != nil
	}
	kind := info.AuthType()
	return kind == "local" && w.plain() || kind == "insecure" && w.meshed()
}
