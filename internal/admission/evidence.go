package admission

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Evidence says why a request was let in, with or without a caller. It is safe for
// concurrent use.
type Evidence struct {
	controller *Controller
	ctx        context.Context // the request's own, as it came
	presented  *presented
	rule       *access.Rule
	claims     *claims.Claims // nil if there is no caller
	changes    uint64         // to the issuers' keys, as counted before the token was verified
	stream     *Stream        // nil unless NewStream was called
	ended      atomic.Bool

	// A request that was let in although its rule refuses it, since that is not
	// enforced yet, has no claims and no token, but these.
	observedRefusal error
	observedClaims  *claims.Claims // nil if its token is not genuine
}

// presented is what the peer sent. It is behind a pointer to protect the token: to
// print a struct that holds an Evidence prints the fields of the Evidence, but only
// the addresses of what they point to.
type presented struct {
	request Request
	token   string // that the claims are of; empty if there is no caller
}

// Caller returns who made the request. It is nil if there is no caller: the rule
// requires none, or the request was let in although the rule refuses it.
func (e *Evidence) Caller() *audience.Caller {
	if e.claims == nil {
		return nil
	}
	return e.claims.Caller()
}

// Of reports whether c let in a request for this method by e.
func (e *Evidence) Of(c *Controller, method string) bool {
	return e.controller == c && e.presented.request.Method == method
}

// End notes that the request is over: its token is no longer used for calls on behalf
// of the caller.
func (e *Evidence) End() { e.ended.Store(true) }

// Ended reports whether the request is over: [Evidence.End] was called, or its
// context has ended.
func (e *Evidence) Ended() bool { return e.ended.Load() || e.ctx.Err() != nil }

// Reveal returns the token that the request was admitted by; empty if it has no
// caller.
func (e *Evidence) Reveal() string { return e.presented.token }

// Format implements [fmt.Formatter]: whoever prints a context finds no token in
// it, whatever the verb.
func (*Evidence) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "admission.Evidence") }

// presentation returns how the token of e, which has these claims, was presented. The
// peer's certificate is looked for only if the token is bound to one.
func (e *Evidence) presentation(c *claims.Claims, now time.Time) access.Presentation {
	p := access.Presentation{Time: now}
	if c.Binding() != "" {
		p.Certificate = e.certificateThumbprint()
	}
	return p
}

// certificateThumbprint returns what x5t#S256 says of the peer's certificate
// (RFC 8705, section 3.1); empty for none.
func (e *Evidence) certificateThumbprint() string {
	find := e.presented.request.Peer.Certificate
	if find == nil {
		return ""
	}
	certificate := find(e.ctx)
	if certificate == nil {
		return ""
	}
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// handlerContext is the context of the handler of a request.
type handlerContext struct {
	context.Context
	evidence *Evidence
}

type evidenceKey struct{}

// NewContext returns the context for the handler of a request that was let in.
// It carries the caller, for [audience.FromContext], and e. It hides the caller of an
// outer request.
func NewContext(ctx context.Context, e *Evidence) context.Context {
	return &handlerContext{audience.NewContext(ctx, e.Caller()), e}
}

// FromContext returns the evidence of the request that ctx is the context of, or
// comes from.
func FromContext(ctx context.Context) (*Evidence, bool) {
	e, ok := ctx.Value(evidenceKey{}).(*Evidence)
	return e, ok
}

// Value implements [context.Context].
func (c *handlerContext) Value(key any) any {
	if key == (evidenceKey{}) {
		return c.evidence
	}
	return c.Context.Value(key)
}

// Format implements [fmt.Formatter]: whoever prints a context finds no token in
// it, whatever the verb.
func (*handlerContext) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "admission.Context") }
