package interceptor

import (
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// WouldBeRefused is a caller whose calls went through only because the rules are
// not enforced yet.
type WouldBeRefused struct {
	// Method is the full name of the method that was called, cut after 200 bytes.
	// It is empty in the rows that count the calls without a row of their own: a row for
	// each Peer and Certificate, and one for all others.
	Method string

	// Issuer and Client name the caller; empty if the call had no genuine token.
	Issuer, Client string

	// Peer is the address that the first call came from, without the port.
	// UserAgent is the user agent that the peer sent, which is not verified; it has
	// at most 128 bytes.
	Peer, UserAgent string

	// Certificate is the name in the client's certificate: the first URI, DNS name,
	// e-mail or IP address of its subject alternative names, else the common name; at
	// most 200 bytes. It is empty without a certificate. It is as trustworthy as the
	// certificate: see [PeerCertificate], and ClientAuth of the TLS configuration.
	// Calls without a genuine token have a row for each Peer, UserAgent and Certificate.
	Certificate string

	// Cause is why the calls would be refused. Why is the full text about the first
	// call, for the operator, cut after 1 KiB.
	Cause audience.Cause
	Why   string

	// Calls is the number of calls, from First to Last.
	Calls       uint64
	First, Last time.Time
}

// WouldRefuse returns the callers whose calls would be refused if the rules were
// enforced now, and why, the most frequent first. It counts all calls since the server
// was made to which [access.Observe] or [access.Warn] applied. It keeps 1024 rows of
// callers with a genuine token, and 1024 rows of callers without one, of which one Peer
// with one Certificate has at most 128. It is safe for concurrent use.
func (s *Server) WouldRefuse() []WouldBeRefused {
	var all []WouldBeRefused
	for _, row := range s.admission.WouldRefuse() {
		all = append(all, WouldBeRefused(row))
	}
	return all
}
