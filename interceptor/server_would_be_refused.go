package interceptor

import (
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// WouldBeRefused is a caller whose calls went through only because the rules are
// not enforced yet.
type WouldBeRefused struct {
	// Method is the full name of the method that was called, cut where it is
	// longer than 200 bytes. It is empty in the one row that counts whatever
	// found no place in a row of its own.
	Method string

	// Issuer and Client are who called; empty where no genuine token came.
	Issuer, Client string

	// Peer is the address that the first call came from, without the port, and
	// UserAgent what it said it was: a stranger's text, of at most 128 bytes.
	// Where no genuine token came, each Peer has a row of its own.
	Peer, UserAgent string

	// Cause is why the calls would be refused, and Why the full text about the
	// first, for the operator, cut where it is longer than 1 KiB.
	Cause audience.Cause
	Why   string

	// Calls is how many there were, from First to Last.
	Calls       uint64
	First, Last time.Time
}

// WouldRefuse returns the callers whose calls would be refused if the rules
// were enforced now, and why, the most frequent first: from the calls since the
// server was made to which [access.Observe] or [access.Warn] applied. It keeps 1024
// rows of callers with a genuine token, and 1024 of those without. It is safe for
// concurrent use.
func (s *Server) WouldRefuse() []WouldBeRefused {
	var all []WouldBeRefused
	for _, row := range s.admission.WouldRefuse() {
		all = append(all, WouldBeRefused(row))
	}
	return all
}
