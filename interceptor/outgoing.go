package interceptor

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/tokensource"
)

// outgoing is the context of one attempt of a call. The client's interceptors
// make it; its credentials look up there where the call goes, and note what
// they presented.
type outgoing struct {
	context.Context // the call's own

	place   *place
	proof   string      // of the guard that refuses it
	trailer metadata.MD // of the answer

	presented atomic.Pointer[presented]
}

// newOutgoing returns the context of an attempt, which has a name of its own.
func newOutgoing(ctx context.Context, p *place, method string) *outgoing {
	name := rand.Text()
	return &outgoing{
		Context: metadata.AppendToOutgoingContext(ctx, attemptHeader, name),
		place:   p, proof: proof(name, method),
	}
}

// place is where a connection leads.
type place struct {
	conn    *grpc.ClientConn
	dialled string // the authority that it was made for
}

// presented is a token that went out with a call, or with many. It is immutable.
type presented struct {
	token   tokensource.Token
	header  map[string]string   // that carries it; gRPC copies it
	tokens  tokensource.Source  // where it is from; nil if no other can be had
	request tokensource.Request // which it answers
	callers bool                // it is the token of a caller, or stands for one
	failed  bool                // there was none, and the call was not sent
}

func newPresented(tokens tokensource.Source, r tokensource.Request, t tokensource.Token) *presented {
	return &presented{token: t, header: map[string]string{authorization: t.Bearer()}, tokens: tokens, request: r}
}

// forCaller returns p, with the note that its token is a caller's, or stands for
// a caller.
func (p *presented) forCaller() *presented {
	p.callers = true
	return p
}

type outgoingKey struct{}

// outgoingFrom returns the attempt that ctx is the context of; nil if the call
// has not passed the interceptors.
func outgoingFrom(ctx context.Context) *outgoing {
	o, _ := ctx.Value(outgoingKey{}).(*outgoing)
	return o
}

// Value implements [context.Context].
func (o *outgoing) Value(key any) any {
	if key == (outgoingKey{}) {
		return o
	}
	return o.Context.Value(key)
}

// Format implements [fmt.Formatter]: whoever prints a context finds no token in
// it, whatever the verb.
func (*outgoing) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "interceptor.outgoing") }

// note keeps what was presented.
func (o *outgoing) note(p *presented) {
	if o != nil {
		o.presented.Store(p)
	}
}

// sent returns what was presented; the zero value if nothing was.
func (o *outgoing) sent() presented {
	if p := o.presented.Load(); p != nil {
		return *p
	}
	return presented{}
}
