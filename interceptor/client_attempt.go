package interceptor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// attempt is the context of one attempt of a call. The client's interceptors make it.
// The credentials read from it where the call goes, and record in it the token that
// they attached.
type attempt struct {
	context.Context // of the call

	retrier    *retrier // which makes the call
	connection *connection
	name       string      // of this attempt
	method     string      // full name
	trailer    metadata.MD // of the response

	carried atomic.Pointer[sentToken]
}

// newAttempt returns the context of an attempt, which has a random name of its own.
func (r *retrier) newAttempt(ctx context.Context, conn *grpc.ClientConn, method string) *attempt {
	name := newAttemptName()
	return &attempt{
		Context: metadata.AppendToOutgoingContext(ctx, attemptHeader, name),
		retrier: r, connection: r.connectionOf(conn), name: name, method: method,
	}
}

// proof returns what a guard sends back if it refuses this attempt.
func (a *attempt) proof() string { return proof(a.name, a.method) }

// connection is a gRPC connection and the authority that it was made for.
type connection struct {
	conn      *grpc.ClientConn
	authority string
}

// sentToken is a token that was attached to a call, or to many. It is immutable.
type sentToken struct {
	token    tokensource.Token
	header   map[string]string   // which carries the token; gRPC copies it
	source   tokensource.Source  // of the token; nil if it cannot issue another
	request  tokensource.Request // with which source returned the token
	ofCaller bool                // the token is a caller's, or was exchanged for one
	unsent   bool                // there was no token, and the call was not sent
}

func newSentToken(source tokensource.Source, r tokensource.Request, t tokensource.Token) *sentToken {
	return &sentToken{token: t, header: map[string]string{authorization: t.Bearer()}, source: source, request: r}
}

// markOfCaller returns t after noting that its token is a caller's, or was exchanged
// for one.
func (t *sentToken) markOfCaller() *sentToken {
	t.ofCaller = true
	return t
}

type attemptKey struct{}

// attemptFrom returns the attempt that ctx belongs to; nil if the call has not passed
// the interceptors.
func attemptFrom(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// Value implements [context.Context].
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// Format implements [fmt.Formatter]: whoever prints a context finds no token in
// it, whatever the verb.
func (*attempt) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "interceptor.attempt") }

// record keeps the token that was attached.
func (a *attempt) record(t *sentToken) {
	if a != nil {
		a.carried.Store(t)
	}
}

// token returns the token that was attached; the zero value if there was none.
func (a *attempt) token() sentToken {
	if t := a.carried.Load(); t != nil {
		return *t
	}
	return sentToken{}
}

// failUnsent records that the call is not sent, and returns its status.
func (a *attempt) failUnsent(code codes.Code, err error) error {
	if a == nil {
		return unsentStatus(code, err, "", "")
	}
	a.record(&sentToken{unsent: true})
	return unsentStatus(code, err, a.retrier.serviceOf(a.method), a.method)
}

// refusal returns err as a [RefusedError] if it is the server's refusal of this
// attempt. A call that was not sent was not refused. An error that is a RefusedError
// already comes from an inner interceptor.
func (a *attempt) refusal(err error, trailer metadata.MD) error {
	if err == nil || errors.Is(err, io.EOF) || a.token().unsent {
		return err
	}
	if _, already := errors.AsType[*RefusedError](err); already {
		return err
	}
	if refusal := refusalOf(err, trailer, a.proof()); refusal != nil {
		refusal.ofCaller = a.token().ofCaller
		refusal.Service, refusal.Method = a.retrier.serviceOf(a.method), a.method
		return refusal
	}
	return err
}

// callerEndedError says that there is no token for a caller because the caller's own
// token has ended or was revoked.
type callerEndedError struct{ error }

func (e callerEndedError) Unwrap() error { return e.error }

// unsentStatus returns the status of a call that was not sent because it has no token.
// Its service and method are empty if they are not known. Its detail tells a server
// whose handler returns it that the text is for the server's log only.
func unsentStatus(code codes.Code, err error, service, method string) error {
	reason := audience.ReasonTokenNotObtained
	if code == codes.Unavailable {
		reason = audience.ReasonIssuerUnavailable
	}
	info := &errdetails.ErrorInfo{Reason: string(reason), Domain: Domain, Metadata: map[string]string{}}
	if _, ended := errors.AsType[callerEndedError](err); ended {
		info.Metadata[callerEndedKey] = "ended"
	}
	text := err.Error()
	if method != "" {
		info.Metadata[serviceInfo], info.Metadata[methodInfo] = service, method
		text += " (not sent: " + strings.TrimPrefix(service+" "+method, " ") + ")"
	}
	st := status.New(code, text)
	if detailed, err := st.WithDetails(info); err == nil {
		st = detailed
	}
	return st.Err()
}
