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
	"github.com/grpcaud/grpcaud/internal/authority"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Retry returns the options of a connection that repeats a call once if the server
// refuses its token for a reason that a new token can fix: TOKEN_EXPIRED,
// TOKEN_REVOKED, TOKEN_WITHDRAWN, and TOKEN_INVALID until a second token is also
// invalid. The source first drops the refused token, so it must have the method Drop of
// [tokensource.Cache]; calls with tokens of [Forward] or of other sources are not
// repeated. Other refused calls are not repeated, such as a call with a token for
// another audience or a call that got no token.
//
// A call is repeated only with a proof that the server's guard has refused it: the
// guard sends back the name that each attempt has in its metadata (grpcaud-call). A
// refusal that a handler passes on from another service has no such proof, since the
// handler has run. So no handler runs twice, with every kind of guard: a [Server], its
// AuthFunc, a proxy that sends no proof, or none.
//
// Unary calls are repeated, and streams that were refused when they began. For a
// stream with one request, the request is sent again. A stream with many requests is
// repeated only if it has not sent any yet. The connections of a [Client] to one
// service together, or the connections of one use of Retry, repeat at most 10 calls at
// once, and then one a second.
//
// Refusals are returned as [*RefusedError]. Use Retry beside [AsService] or
// [OnBehalfOf]; connections of a [Client] have it already.
func Retry() []grpc.DialOption { return (&retrier{budget: newRetryBudget()}).options() }

// retrier makes the calls of one connection.
type retrier struct {
	budget             *retryBudget
	services           *serviceCredentials        // map methods to services; nil if there is no matrix
	refusals           *clientRefusals            // reports refused calls; nil reports none
	secondTokenInvalid atomic.Bool                // the second token of a call was invalid too
	lastConnection     atomic.Pointer[connection] // of the last call; usually there is only one
}

func (r *retrier) options() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithChainUnaryInterceptor(r.unary), grpc.WithChainStreamInterceptor(r.stream)}
}

// unary is a [grpc.UnaryClientInterceptor].
func (r *retrier) unary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := r.check(ctx, method); err != nil {
		return err
	}
	for attempts := 1; ; attempts++ {
		a := r.newAttempt(ctx, conn, method)
		call, end := r.untilLogout(a)
		err := invoke(call, method, req, reply, conn, append(slices.Clip(opts), grpc.Trailer(&a.trailer))...)
		end()
		err = a.refusal(err, a.trailer)
		r.recordOutcome(attempts, err)
		if err == nil || attempts > 1 || !r.retryable(a, err) {
			r.report(a, method, err, a.token().unsent)
			return err
		}
	}
}

// check refuses a method that must not be called on this connection.
func (r *retrier) check(ctx context.Context, method string) error {
	if r.services == nil {
		return nil
	}
	err := r.services.checkMethod(method)
	r.report(ctx, method, err, true)
	return err
}

// serviceOf returns the service of the matrix that a method belongs to; empty if that
// is not known.
func (r *retrier) serviceOf(method string) string {
	if r.services == nil {
		return ""
	}
	to, err := r.services.current().routeFor(method)
	if err != nil || to == nil {
		return ""
	}
	return to.service
}

// report reports how a call ended, if it was refused or not sent.
func (r *retrier) report(ctx context.Context, method string, err error, unsent bool) {
	if err == nil || r.refusals == nil {
		return
	}
	if d, ok := refusedCall(r.serviceOf(method), method, err, unsent); ok {
		r.refusals.record(ctx, d)
	}
}

func (r *retrier) connectionOf(conn *grpc.ClientConn) *connection {
	c := r.lastConnection.Load()
	if c == nil || c.conn != conn {
		c = &connection{conn, authority.OfTarget(conn.CanonicalTarget())}
		r.lastConnection.Store(c)
	}
	return c
}

// tokenDropper is a source that can forget a token that it returned.
type tokenDropper interface {
	Drop(r tokensource.Request, t tokensource.Token)
}

// retryable reports whether a call that ended in err is to be repeated. If so, it has
// dropped the token of the attempt. It requires the proof that the server's guard
// refused this attempt: without the proof, the handler may have run.
func (r *retrier) retryable(a *attempt, err error) bool {
	refusal, refused := errors.AsType[*RefusedError](err)
	if !refused || refusal.proof != a.proof() || refusal.Ended || a.Err() != nil {
		return false
	}
	switch refusal.Reason {
	case audience.ReasonTokenExpired, audience.ReasonTokenRevoked, audience.ReasonTokenWithdrawn:
	case audience.ReasonTokenInvalid:
		if r.secondTokenInvalid.Load() {
			return false
		}
	default:
		return false
	}
	sent := a.token()
	source, drops := sent.source.(tokenDropper)
	if !drops || !r.budget.take(time.Now()) {
		return false
	}
	source.Drop(sent.request, sent.token)
	return true
}

// recordOutcome records whether the server refuses every token as invalid. If it does,
// calls are not repeated for that reason until one succeeds.
func (r *retrier) recordOutcome(attempts int, err error) {
	if err == nil {
		if r.secondTokenInvalid.Load() {
			r.secondTokenInvalid.Store(false)
		}
		return
	}
	if refusal, ok := errors.AsType[*RefusedError](err); ok && attempts > 1 && refusal.Reason == audience.ReasonTokenInvalid {
		r.secondTokenInvalid.Store(true)
	}
}

// retryBudget limits how many calls are repeated: a burst, and then one a second.
type retryBudget struct {
	mu         sync.Mutex // guards the fields below
	remaining  int
	refilledAt time.Time
}

const retryBurst = 10

func newRetryBudget() *retryBudget { return &retryBudget{remaining: retryBurst} }

// take uses up one retry; false if none remains.
func (b *retryBudget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if seconds := int(min(now.Sub(b.refilledAt)/time.Second, retryBurst)); seconds > 0 {
		b.remaining, b.refilledAt = min(b.remaining+seconds, retryBurst), now
	}
	if b.remaining == 0 {
		return false
	}
	b.remaining--
	return true
}
