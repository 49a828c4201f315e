package interceptor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Retry returns the options of a connection whose calls are made once more if
// the server refuses their token for a reason that another one cures:
// TOKEN_EXPIRED, TOKEN_REVOKED, and TOKEN_INVALID until that has not helped.
// The source drops that very token first, so it must have the Drop of
// [tokensource.Cache]; tokens of [Forward] and of other sources are the only
// ones there are. Nothing else is tried again: not a wrong audience, and not a
// call that got no token.
//
// The server's guard must have refused this very call, which it proves by the name
// that each attempt bears in its metadata (grpcaud-call) and the refusal repeats. A
// refusal that a handler hands on from elsewhere is none: the handler has run. So
// no handler runs twice, whoever guards it: a [Server], its AuthFunc, a proxy that
// knows no such proof, or nobody.
//
// Calls are unary, or streams that were refused when they began: a stream of
// one request is sent it again; one of many must not have sent any yet. Each
// call is tried once more at most, and all together 10 at once, and then no more
// than one a second.
//
// Refusals come back as [*RefusedError]. Use it beside [AsService] or
// [OnBehalfOf]; connections of a [Client] have it already.
func Retry() []grpc.DialOption { return (&retrier{allowance: newAllowance()}).options() }

// retrier makes the calls of one connection.
type retrier struct {
	allowance *allowance
	may       func(method string) error // refuses calls that are not to be sent; nil for none
	barren    atomic.Bool               // another token was found invalid too
	place     atomic.Pointer[place]     // of the last call: there is one connection, as a rule
}

func (r *retrier) options() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(r.unary), grpc.WithChainStreamInterceptor(r.stream)}
}

// unary is a [grpc.UnaryClientInterceptor].
func (r *retrier) unary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := r.mayCall(method); err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		out := newOutgoing(ctx, r.placeOf(conn), method)
		err := invoke(out, method, req, reply, conn, append(slices.Clip(opts), grpc.Trailer(&out.trailer))...)
		err = out.refused(err, out.trailer)
		r.learn(tries, err)
		if err == nil || tries > 1 || !r.again(out, err) {
			return err
		}
	}
}

func (r *retrier) mayCall(method string) error {
	if r.may == nil {
		return nil
	}
	return r.may(method)
}

func (r *retrier) placeOf(conn *grpc.ClientConn) *place {
	p := r.place.Load()
	if p == nil || p.conn != conn {
		p = &place{conn, dialledAuthority(conn.CanonicalTarget())}
		r.place.Store(p)
	}
	return p
}

// dropper is a source that can forget a token that it handed out.
type dropper interface {
	Drop(r tokensource.Request, t tokensource.Token)
}

// again reports whether a call that ended in err is to be made once more, and
// has the token dropped that it bore. Nothing but the proof that this attempt was
// refused by the server's guard will do: else its handler may have run.
func (r *retrier) again(out *outgoing, err error) bool {
	refusal, refused := errors.AsType[*RefusedError](err)
	if !refused || refusal.proof != out.proof || refusal.Ended || out.Err() != nil {
		return false
	}
	switch refusal.Reason {
	case audience.ReasonTokenExpired, audience.ReasonTokenRevoked:
	case audience.ReasonTokenInvalid:
		if r.barren.Load() {
			return false
		}
	default:
		return false
	}
	sent := out.sent()
	source, drops := sent.tokens.(dropper)
	if !drops || !r.allowance.take(time.Now()) {
		return false
	}
	source.Drop(sent.request, sent.token)
	return true
}

// learn notes whether this server finds every token invalid: then no other one
// is tried until a call succeeds.
func (r *retrier) learn(tries int, err error) {
	if err == nil {
		if r.barren.Load() {
			r.barren.Store(false)
		}
		return
	}
	if refusal, ok := errors.AsType[*RefusedError](err); ok && tries > 1 && refusal.Reason == audience.ReasonTokenInvalid {
		r.barren.Store(true)
	}
}

// allowance is how often calls may be tried again: so many at once, and then
// one each second.
type allowance struct {
	mu   sync.Mutex // guards both
	left int
	at   time.Time // left is as of then
}

const allowedAtOnce = 10

func newAllowance() *allowance { return &allowance{left: allowedAtOnce} }

// take uses up one, if there is one left.
func (a *allowance) take(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if whole := int(min(now.Sub(a.at)/time.Second, allowedAtOnce)); whole > 0 {
		a.left, a.at = min(a.left+whole, allowedAtOnce), now
	}
	if a.left == 0 {
		return false
	}
	a.left--
	return true
}
