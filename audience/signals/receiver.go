package signals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/logline"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/seen"
)

// memory is how long an event that was taken is remembered, so that it is not stored again.
const memory = time.Hour

// Receiver revokes the tokens that security events are about. It is safe for concurrent
// use. Make one with [NewReceiver].
type Receiver struct {
	options  options
	issuer   access.Issuer
	audience string
	verifier *verifier.Verifier
	seen     seen.IDs
	lines    logline.Limiter
	metrics  metrics
}

// NewReceiver returns a receiver of the events of an issuer, by its name in the matrix of
// the policy, for the aud that the issuer writes into the events of this stream. It needs
// [RevokeIn] or [RevokeWith]. It does no network I/O: the keys of the issuer are fetched for
// the first event. It keeps the issuer that the policy has now: after a policy that changes
// it, make a new one. Close it when it is no longer used.
func NewReceiver(policy *access.Policy, issuer, aud string, opts ...Option) (*Receiver, error) {
	r := &Receiver{audience: aud, options: options{interval: 2 * time.Second, log: slog.Default(), meters: otel.GetMeterProvider()}}
	for _, opt := range opts {
		opt.apply(&r.options)
	}
	err := r.configure(policy, issuer)
	if err == nil {
		r.metrics, err = newMetrics(r.options.meters, r.issuer.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("signals: %w", err)
	}
	of := r.issuer
	of.Introspection = access.Introspection{} // a security event token is a JWT, whatever its access tokens are
	r.verifier, err = verifier.New([]access.Issuer{of}, verifier.Transport(r.options.transport))
	if err != nil {
		return nil, fmt.Errorf("signals: %w", errors.Join(err, r.metrics.close()))
	}
	return r, nil
}

// configure takes over what the policy says of the issuer.
func (r *Receiver) configure(policy *access.Policy, issuer string) error {
	switch {
	case policy == nil:
		return errors.New("no policy")
	case r.audience == "":
		return errors.New("no audience: want what the issuer writes into aud of the events of this stream")
	case r.options.revoke == nil:
		return errors.New("nothing would follow from an event: want RevokeIn or RevokeWith")
	case r.options.log == nil:
		return errors.New("no logger")
	case r.options.meters == nil:
		return errors.New("no provider of meters")
	case r.options.interval < 100*time.Millisecond:
		return fmt.Errorf("an interval of %v between polls, want at least 100ms", r.options.interval)
	}
	m := policy.Matrix()
	var ok bool
	if r.issuer, ok = m.Issuers[issuer]; !ok {
		return fmt.Errorf("the matrix has no issuer %q: want one of %q", issuer, slices.Sorted(maps.Keys(m.Issuers)))
	}
	return nil
}

// Close ends the background work of r. It does not end pollers.
func (r *Receiver) Close() error {
	r.verifier.Close()
	return r.metrics.close()
}

// outcome is what became of an event.
type outcome string

const (
	revoked  outcome = "revoked"  // tokens are revoked
	ignored  outcome = "ignored"  // it is about nothing that is revoked here
	repeated outcome = "repeated" // it came before
	refused  outcome = "refused"  // it is not believed, or says what is not understood
	deferred outcome = "deferred" // it cannot be taken now, and may come again
)

// receive revokes the tokens of an event. named is its id by the poll that brought it; nil
// if it was pushed. After an outcome other than deferred the event need not come again.
func (r *Receiver) receive(ctx context.Context, raw string, named *string) (outcome, error) {
	e, err := r.verifier.VerifySecurityEvent(ctx, raw)
	became := refused
	if err == nil {
		became, err = r.take(ctx, e, raw, named)
	}
	if err != nil && temporary(err) {
		became = deferred
	}
	kind := kindOf(e)
	r.metrics.count(ctx, kind, became)
	r.write(ctx, e, kind, became, err)
	return became, err
}

// take stores what follows from a genuine event. It remembers the event after that, so that
// of two that come at once none is acknowledged too early.
func (r *Receiver) take(ctx context.Context, e *claims.SecurityEvent, raw string, named *string) (outcome, error) {
	now := time.Now().Round(0)
	if err := r.judge(e, now, named); err != nil {
		return refused, err
	}
	switch err := r.seen.Find(e.ID, raw, now); {
	case errors.Is(err, seen.ErrSeen):
		return repeated, nil
	case err != nil:
		return refused, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: "jti " + quote.List(e.ID), Err: err}
	}
	entries, err := r.entries(ctx, e)
	if err != nil {
		return refused, err
	}
	for _, entry := range entries {
		if err := r.options.revoke(ctx, entry); err != nil {
			return deferred, fmt.Errorf("%w: %w", errNotStored, err)
		}
	}
	if err := r.seen.Add(e.ID, raw, now, now.Add(memory)); errors.Is(err, seen.ErrOther) {
		r.options.log.WarnContext(ctx, "two security events have one id", slog.String("issuer", r.issuer.URL), slog.String("id", e.ID))
	}
	if len(entries) == 0 {
		return ignored, nil
	}
	return revoked, nil
}

// judge refuses a genuine event that is for another receiver or another time. An event that
// is older than any token of its issuer has nothing left to revoke.
func (r *Receiver) judge(e *claims.SecurityEvent, now time.Time, named *string) error {
	leeway := cmp.Or(r.issuer.Leeway, access.DefaultLeeway)
	longest := r.issuer.LongestLifetime()
	switch {
	case !slices.Contains(e.Audience, r.audience):
		return &audience.Refusal{Cause: audience.CauseAudienceMismatch, Got: "aud " + quote.List(e.Audience...), Want: quote.List(r.audience)}
	case e.IssuedAt.After(now.Add(leeway)):
		return &audience.Refusal{Cause: audience.CauseNotYetValid, Got: "iat " + e.IssuedAt.UTC().Format(time.RFC3339), Want: "a time before " + now.Add(leeway).UTC().Format(time.RFC3339)}
	case now.After(e.IssuedAt.Add(longest + leeway)):
		return &audience.Refusal{Cause: audience.CauseTokenTooOld, Got: "iat " + e.IssuedAt.UTC().Format(time.RFC3339), Want: fmt.Sprintf("at most %v before, as long as tokens of the issuer live", longest)}
	case named != nil && *named != e.ID:
		return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: "jti " + quote.List(e.ID), Want: "jti " + quote.List(*named) + ", as the answer to the poll has it"}
	}
	return nil
}
