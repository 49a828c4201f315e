package interceptor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

// call is the context of a call that was let in, with or without a caller. It
// holds what the call was judged by where handlers cannot reach it, and hides
// the metadata by which they could: see [StripMetadata].
type call struct {
	context.Context // the call's own

	server   *Server
	method   string
	rule     *audience.Rule   // nil if the method has none
	claims   *audience.Claims // nil if there is no caller: nobody was asked, or what came was not good enough
	raw      *string          // the token that says so; fmt, which calls no method of a hidden field, prints an address
	spared   error            // what the call would be refused for, were its rule enforced
	found    *audience.Claims // the claims of a call that is spared, if they are genuine
	changes  uint64           // to the issuers' keys, as counted before the token was verified
	lease    *lease           // of a stream; nil for a unary call
	returned atomic.Bool      // the handler of a unary call has returned
	stream   settable         // the transport's; nil if there is none, or of another kind
	once     sync.Once        // guards incoming
	incoming any              // the metadata that is left, made when it is first asked for
}

type callKey struct{}

// callFrom returns the call that ctx is the context of, or comes from.
func callFrom(ctx context.Context) (*call, bool) {
	c, ok := ctx.Value(callKey{}).(*call)
	return c, ok
}

// Value implements [context.Context].
func (c *call) Value(key any) any {
	switch key {
	case callKey{}:
		return c
	case callerKey:
		return c.caller()
	case incomingKey:
		c.once.Do(func() { c.incoming = c.server.visible(c.Context.Value(key), c.token()) })
		return c.incoming
	case streamKey:
		return bare(c.Context.Value(key))
	}
	return c.Context.Value(key)
}

// caller returns who made the call, nil for nobody: a caller that the call has
// from further out is not its own.
func (c *call) caller() *audience.Caller {
	if c.claims == nil {
		return nil
	}
	return c.claims.Caller()
}

// leave has the call end: the handler of a unary call has returned. A stream ends
// with its lease.
func (c *call) leave() { c.returned.Store(true) }

// ended reports whether the call is over: its handler has returned, its RPC has
// ended, or its lease has. Through [Server.AuthFunc] the RPC's end is all that is
// known.
func (c *call) ended() bool {
	return c.returned.Load() || c.Context.Err() != nil || c.lease != nil && c.lease.reason.Load() != nil
}

// token returns the token that the call was admitted by; empty if it has no
// caller.
func (c *call) token() string {
	if c.raw == nil {
		return ""
	}
	return *c.raw
}

// Format implements [fmt.Formatter]: whoever prints a context finds no token in
// it, whatever the verb.
func (*call) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "interceptor.call") }

// The keys under which contexts keep the caller, and the metadata and the
// transport's stream of the call that they belong to. None is exported, but nothing else is looked for when
// they are asked for. So a call needs no context around it to name its caller,
// and a copy of the metadata is made for handlers that look.
var (
	callerKey   = keyOf(func(ctx context.Context) { audience.FromContext(ctx) })
	incomingKey = keyOf(func(ctx context.Context) { metadata.FromIncomingContext(ctx) })
	streamKey   = keyOf(func(ctx context.Context) { grpc.ServerTransportStreamFromContext(ctx) })
)

// keyOf returns the key that a context is asked for.
func keyOf(ask func(context.Context)) any {
	var l listener
	ask(&l)
	return l.key
}

// listener is a context that hears what it is asked for.
type listener struct {
	context.Context
	key any
}

func (l *listener) Value(key any) any {
	l.key = key
	return nil
}
