package serving

import "context"

// Propagation says whose token a call carries.
type Propagation int

const (
	AsService  Propagation = iota // the client's own
	OnBehalfOf                    // one that was exchanged for the caller's or the user's
	Forward                       // the caller's or the user's
)

// ConnectionKind says who else can read a connection, in the words of gRPC.
type ConnectionKind string

const (
	TLS       ConnectionKind = "tls"
	Local     ConnectionKind = "local"    // plaintext that does not leave the machine
	Plaintext ConnectionKind = "insecure" // that leaves it
)

// Outgoing is a call that a client is about to send.
type Outgoing struct {
	Method    string // full name
	Authority string // of the address that it goes to
	Kind      ConnectionKind
}

// Presenter presents the tokens of a client.
type Presenter struct {
	// Present returns what one attempt of a call carries. Its error is a gRPC status.
	Present func(context.Context, Outgoing) (Presented, error)

	// UntilLogout returns a context for an attempt, which ends with the one of the user
	// for whom it is made, also if its own was detached from that one. The caller calls
	// end when the attempt has ended.
	UntilLogout func(context.Context) (call context.Context, end func())
}

// Presented is what one attempt of a call carries.
type Presented struct {
	// Header has the values by their names; no token for a public method.
	Header map[string]string

	// Ended tells how the attempt ended, and which one it was, from 1. It returns the
	// error for the caller: a refusal by the guard is an interceptor.RefusedError. If it
	// returns true, the token was forgotten, and the call may be made once more.
	Ended func(answer Answer, attempts int) (error, bool)
}

// Answer is how an attempt ended.
type Answer struct {
	Err     error               // a gRPC status; nil if there was none
	Trailer map[string][]string // in which a challenge may be, with names in lower case
}
