package interceptor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// callOptions are those of the judgement of calls, and of how long it lasts.
type callOptions struct {
	revocations     audience.Revocations
	peerCertificate func(context.Context) *x509.Certificate // nil for tlsCertificate
	strip           strip                                   // besides stripped
	keep            []string                                // although stripped names them
	grace           time.Duration
	inPlace         bool // streams end when their handlers next use them
	endless         bool // streams do not end with their tokens
}

// Revocations sets who knows the tokens that were revoked; by default nobody is
// asked. It is asked about each call, once all else is found good, so that a
// revocation holds from the next call on, and again when a handler calls further
// for its caller ([OnBehalfOf], [Forward]). It sees the call's own context, with
// its metadata as they came. About running streams it is asked once
// a second, so that a stream ends within a second, and the time that the
// answers take, of the revocation of its token. A source that cannot tell fails
// calls with UNAVAILABLE, those of handlers further on too, but ends no stream. Nil is an error.
func Revocations(r audience.Revocations) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.revocations = r; r == nil {
			o.refuse(errors.New("interceptor: nil revocations; leave the option out to ask nobody"))
		}
	})
}

// PeerCertificate sets how the certificate is found that the client proved to
// hold, for tokens that are bound to one (RFC 8705, section 3). The default is
// the leaf certificate of the connection's TLS. Set it where a trusted proxy
// ends TLS: a function that reads the certificate from metadata must know that
// the proxy wrote it (RFC 9700, section 4.13). It is given the call's own context,
// with the metadata as they came, also when a running stream is judged again. It returns nil if there is no
// certificate, is called for bound tokens alone, and must be safe for
// concurrent use. A nil function is an error.
func PeerCertificate(of func(context.Context) *x509.Certificate) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.peerCertificate = of; of == nil {
			o.refuse(errors.New("interceptor: nil function for the peer's certificate"))
		}
	})
}

// Grace sets how long a stream may go on after its token has ended, which is at
// exp and the leeway of the issuer. The default is zero.
func Grace(d time.Duration) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.grace = d; d < 0 {
			o.refuse(fmt.Errorf("interceptor: grace of %v, want 0 or more", d))
		}
	})
}

// CheckOnReceive ends streams in their handlers' own goroutines: the next
// RecvMsg or SendMsg returns the status, and the handler's context is cancelled.
// A handler that waits for its client is not woken, nor is the client told, so
// the default is to end streams in time, at the price of a goroutine for each.
func CheckOnReceive() ServerOption {
	return serverOption(func(o *serverOptions) { o.inPlace = true })
}

// InsecureIgnoreStreamExpiry lets streams go on after their tokens have ended,
// for as long as both sides like. By default they end. Revocations and new
// policies still end them.
func InsecureIgnoreStreamExpiry() ServerOption {
	return serverOption(func(o *serverOptions) { o.endless = true })
}
