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

// Evidence says why a request was let through, with or without a caller. It is safe
// for concurrent use.
type Evidence struct {
	controller *Controller
	ctx        context.Context // of the request, unchanged
	presented  *presented
	rule       *access.Rule
	claims     *claims.Claims // nil if there is no caller
	changes    uint64         // how often the issuers' keys had changed before the token was verified
	asked      time.Time      // when the issuer was asked about the token; zero if its rule demands no answer
	stream     *Stream        // nil if it has none
	ended      atomic.Bool

	// A request that was let through although its rule refuses it, since the rule is not
	// enforced yet, has no claims and no token. It has the fields below instead.
	observedRefusal error
	observedClaims  *claims.Claims // nil if its token is not genuine
}

// presented is what the peer sent. It is behind a pointer to protect the token:
// printing a struct that has an Evidence prints the fields of the Evidence, but of
// pointers only the addresses.
type presented struct {
	request *Request
	token   string // with the claims; empty if there is no caller
}

// Caller returns who made the request. It is nil if there is no caller: the rule
// requires none, or the request was let through although the rule refuses it.
func (e *Evidence) Caller() *audience.Caller {
	if e.claims == nil {
		return nil
	}
	return e.claims.Caller()
}

// Of reports whether e is c's evidence for a request of this method.
func (e *Evidence) Of(c *Controller, method string) bool {
	return e.controller == c && e.presented.request.Method == method
}

// End marks the request as over: its token is no longer used for calls on behalf of
// the caller.
func (e *Evidence) End() { e.ended.Store(true) }

// Ended reports whether the request is over: [Evidence.End] was called, or its
// context has ended.
func (e *Evidence) Ended() bool { return e.ended.Load() || e.ctx.Err() != nil }

// Reveal returns the token by which the request was admitted; empty if it has no
// caller.
func (e *Evidence) Reveal() string { return e.presented.token }

// Format implements [fmt.Formatter], so that no verb prints the token.
func (*Evidence) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "admission.Evidence") }

// presentation returns how the token of e, which has the claims c, was presented. It
// reads the peer's certificate only if the token is bound to one.
func (e *Evidence) presentation(c *claims.Claims, now time.Time) access.Presentation {
	p := access.Presentation{Time: now}
	if c.Binding() != "" {
		p.Certificate = e.certificateThumbprint()
	}
	return p
}

// certificateThumbprint returns the x5t#S256 of the peer's certificate (RFC 8705,
// section 3.1); empty if there is none.
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

// NewContext returns the context for the handler of a request that was let through. It
// carries the caller, for [audience.FromContext], and e. It hides the caller of an
// outer request.
func NewContext(ctx context.Context, e *Evidence) context.Context {
	return &handlerContext{audience.NewContext(ctx, e.Caller()), e}
}

// FromContext returns the evidence of the request whose context ctx is, or is derived
// from.
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

// Format implements [fmt.Formatter], so that no verb prints the token.
func (*handlerContext) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "admission.Context") }
