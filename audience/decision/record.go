package decision

import (
	"context"
	"time"
)

// Version is the version of the records that this package writes.
const Version = 1

// The values of type in a line.
const (
	typeRecord = "grpcaud.decision"
	typeGap    = "grpcaud.gap"
)

// Record is one decision about a call, or about a stream that was refused while it ran.
// The zero value of a field means that it is not known, or has no meaning for the call. A
// Record is a plain value; [Recorder] implementations may keep it.
type Record struct {
	// Time is when the decision was made.
	Time time.Time

	// RequestID names the call in the log and, if it was refused, to the peer. It is
	// empty for a call that came without one and was admitted.
	RequestID string

	// Method is the full name of the gRPC method, such as
	// /acme.orders.v1.OrderStatus/GetOrderStatus, or of the operation over HTTP.
	Method string

	// Stream says that the call is a stream.
	Stream bool

	// Service is the name of the service in the matrix. It is empty for a public method
	// and for one without a rule.
	Service string

	// Issuer is the iss of the token. The fields from here to Chain, and Token, are set
	// only if a genuine token came; a token is genuine before it is known for whom it is.
	Issuer string

	// Preset is the preset by which the token was read; "custom" if the matrix describes
	// the tokens of the issuer.
	Preset string

	// Introspected says that the issuer was asked about the token (RFC 7662).
	Introspected bool

	// Audience is the aud of the token.
	Audience []string

	// Client is the id of the client at the issuer.
	Client string

	// ClientName is the name of the client in the matrix; empty if it has none there.
	ClientName string

	// Caller says whether a user or a service calls.
	Caller Caller

	// User is the user, in the form that the configuration chose: see [Users].
	User string

	// Scopes and Roles are what the token grants.
	Scopes, Roles []string

	// Chain lists the parties that act for the user, the latest first. Those that are not
	// clients of the matrix have the form that the configuration chose for users.
	Chain []string

	// Peer is the address that the call came from: of a proxy, if there is one.
	Peer string

	// Decision is what was decided.
	Decision Outcome

	// Mode says what happens to a call that the rules refuse: "enforce", "warn" or
	// "observe".
	Mode string

	// Reason is what the peer of a refused call is told, and Cause why it was refused: see
	// [audience.Reason] and [audience.Cause]. Both are empty for an admitted call. A call
	// that ended before it was judged has the name of its gRPC status as the reason.
	Reason, Cause string

	// Entry is the entry of the matrix that admitted the call, such as
	// "services.order-status.allow[0]"; for a refused call, the one in which the most
	// checks passed, if a genuine token addressed to the service came. File and Line are
	// where it stands.
	Entry string
	File  string
	Line  int

	// Policy is the generation of the policy: of a file, the SHA-256 of its content.
	Policy string

	// Token is the first 8 bytes, in hex, of the SHA-256 of the token's jti.
	Token string

	// Duration is how long the decision took; for a stream that was ended, how long it
	// ran. In a line it is duration_ns, in nanoseconds.
	Duration time.Duration
}

// Outcome is the word for a decision.
type Outcome string

// The outcomes.
const (
	Admitted    Outcome = "admitted"
	Refused     Outcome = "refused"
	WouldRefuse Outcome = "would_refuse" // the call went on without a caller: its rule is not enforced yet
	Ended       Outcome = "ended"        // a running stream was refused
)

// Caller is the kind of a caller.
type Caller string

// The kinds of callers. Which tokens are a user's is what an entry with callers: users
// admits; the same holds for services.
const (
	NoCaller      Caller = "none"    // no genuine token came
	User          Caller = "user"    // a client on behalf of a user
	Service       Caller = "service" // a client as itself
	UnknownCaller Caller = "unknown" // the token does not tell
)

// Recorder receives the records of a server. A [File] is one, and so is the result of
// [Logger].
type Recorder interface {
	// Record is called once for each decision, in the goroutine of the call, which waits
	// for it: it must not block. It must be safe for concurrent use. ctx is the context of
	// the call.
	Record(ctx context.Context, r Record)
}

// RecorderFunc is a function that is a [Recorder].
type RecorderFunc func(context.Context, Record)

// Record implements [Recorder].
func (f RecorderFunc) Record(ctx context.Context, r Record) { f(ctx, r) }

// Gap says that records are missing: how many, and of which time.
type Gap struct {
	// Time is when the gap was written.
	Time time.Time

	// Records is how many records are missing.
	Records uint64

	// First and Last are the times of the first and the last of them. A gap after a write
	// error may name a longer time than that of the records it counts, never a shorter one.
	First, Last time.Time

	// Reason is why: "full" if records came faster than they could be written, or "error"
	// if a write failed.
	Reason string

	// Error is the error of the last failed write.
	Error string
}
