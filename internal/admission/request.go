package admission

import (
	"context"
	"crypto/x509"
	"net"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Request is a request as its transport received it. Everything that the peer wrote
// in it is unchanged: the adapter judges nothing.
type Request struct {
	// Method is the full name of the gRPC method that is called, such as
	// /acme.orders.v1.OrderStatus/GetOrderStatus, or of the operation.
	Method string

	// Unmatched is why the request is no method and no operation of the matrix, if its
	// transport finds out; Method is then only a name for the log. The request is
	// refused. Its peer is told so if it has a genuine token, and otherwise the same as
	// elsewhere otherwise: a stranger does not learn which operations exist.
	Unmatched string

	// Guard is the policy by which Method was found, from [Controller.Guard]; nil for
	// the policy in force.
	Guard *access.Guard

	// Addressee is the service for which a proxy asks. It is nil on a server, where
	// the method alone selects the service.
	Addressee *Addressee

	// Shape says whether further messages follow after the request was admitted.
	Shape Shape

	// Credentials are the values of the authorization header, all of them, in
	// the order in which they came.
	Credentials []string

	// Peer is what is known of the other end of the connection.
	Peer Peer

	// RequestID is the name that the peer gave the request; empty for none.
	RequestID string
}

// Peer is the other end of a connection, which may be a proxy. The zero value is an
// unknown peer, from which no token is accepted.
type Peer struct {
	// Addr is the address that the connection comes from; nil if it is unknown.
	Addr net.Addr

	// UserAgent is what the peer says it is.
	UserAgent string

	// Connection says who else can read what goes over the connection.
	Connection Connection

	// Hint is what the operator can do if the connection is refused; empty for the
	// hint of [Config.Plaintext].
	Hint string

	// Certificate returns the certificate that the client proved to hold; nil if there
	// is none. It is called with the context of the request: for tokens that are bound
	// to a certificate (RFC 8705, section 3), also when a running stream is judged
	// again, and for the log of a refused request. A nil function means that there is
	// no certificate. It must be safe for concurrent use.
	Certificate func(context.Context) *x509.Certificate
}

// Shape says how many messages a request has.
type Shape int

// These are the shapes of requests.
const (
	UnknownShape   Shape = iota // the adapter does not know it
	UnaryShape                  // one message each way
	StreamingShape              // several messages, while the request runs
)

// Connection says who else can read what goes over a connection.
type Connection int

// These are the kinds of connections.
const (
	UnknownConnection   Connection = iota
	PlaintextConnection            // anybody on the way can read or change the messages
	LoopbackConnection             // plaintext that does not leave the machine
	PrivateConnection              // nobody can read or change the messages
)

// presentsCredentials reports whether a request has an authorization value of any
// form.
func (r *Request) presentsCredentials() bool { return len(r.Credentials) > 0 }

// address returns the peer's address; empty if it is unknown.
func (p *Peer) address() string {
	if p.Addr == nil {
		return ""
	}
	return p.Addr.String()
}

// host returns the peer's address without the port, which differs between connections.
// A long one is cut.
func (p *Peer) host() string {
	address := p.address()
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	return cut(address, maxPeer)
}

// certificateName returns the name in the client's certificate, cut if it is long: the
// first subject alternative name (a URI, such as a SPIFFE ID, a DNS name, an address),
// or otherwise the common name; empty without a certificate. The configuration of TLS
// decides whether an authority has verified it.
func (p *Peer) certificateName(ctx context.Context) string {
	if p.Certificate == nil {
		return ""
	}
	certificate := p.Certificate(ctx)
	if certificate == nil {
		return ""
	}
	name := certificate.Subject.CommonName
	switch {
	case len(certificate.URIs) > 0:
		name = certificate.URIs[0].String()
	case len(certificate.DNSNames) > 0:
		name = certificate.DNSNames[0]
	case len(certificate.EmailAddresses) > 0:
		name = certificate.EmailAddresses[0]
	case len(certificate.IPAddresses) > 0:
		name = certificate.IPAddresses[0].String()
	}
	return cut(name, maxName)
}

// CleanID returns an id that a peer chose, or "" if the id is longer than 128 bytes or
// has characters other than letters, digits, dots, hyphens and underscores.
func CleanID(id string) string {
	const longest = 128
	if len(id) > longest || strings.ContainsFunc(id, notInID) {
		return ""
	}
	return id
}

func notInID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
}
