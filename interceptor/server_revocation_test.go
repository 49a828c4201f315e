package interceptor_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

var revoked = verdict{codes.Unauthenticated, audience.ReasonTokenRevoked}

// TestRevokedTokenIsRefusedAtOnce shows that a revocation counts for the next call
// with a known token, and for a running stream within a quarter of a second.
func TestRevokedTokenIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		o := newReviewServer(t, echo, company(t), interceptor.Revocations(list))
		mine, others := o.open(t, time.Hour), o.open(t, time.Hour)
		confirm(t, mine)
		time.Sleep(10 * time.Minute)
		revoke(t, list, revocation.Entry{Subject: "alice"})
		began := time.Now()
		if err := drain(mine); verdictOf(err) != revoked {
			t.Errorf("a running stream: %v, want %v", err, revoked)
		}
		if took := time.Since(began); took > 250*time.Millisecond {
			t.Errorf("the stream ended after %v, want a quarter of a second at most", took)
		}
		if err := drain(others); verdictOf(err) != revoked {
			t.Errorf("another stream of the user: %v, want %v", err, revoked)
		}
		if err := drain(o.open(t, time.Hour)); verdictOf(err) != revoked {
			t.Errorf("a new call: %v, want %v", err, revoked)
		}
	})
}

// TestRevocationRefusesOnlyItsTokens shows that a revocation does not concern other
// tokens.
func TestRevocationRefusesOnlyItsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		o := newReviewServer(t, echo, company(t), interceptor.Revocations(list))
		stream := o.open(t, time.Hour)
		confirm(t, stream)
		revoke(t, list, revocation.Entry{ID: "another"})
		time.Sleep(time.Minute)
		confirm(t, stream)
	})
}

func revoke(t *testing.T, list *revocation.List, r revocation.Entry) {
	t.Helper()
	r.Issuer, r.Expires = corp, time.Now().Add(time.Hour)
	if err := list.Revoke(r); err != nil {
		t.Fatal(err)
	}
}

// confirm sends a review and waits for its confirmation.
func confirm(t *testing.T, stream reviewer) {
	t.Helper()
	if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
}

// revocations is a source that a test writes.
type revocations func(context.Context) error

func (f revocations) Revoked(ctx context.Context, _ *claims.Claims) error { return f(ctx) }

// TestOutageOfRevocationsRefusesCallsAndEndsNoStream shows that calls are refused, for
// a reason of its own, and streams continue if the checker does not know; and that a
// checker that hangs delays only its own checks.
func TestOutageOfRevocationsRefusesCallsAndEndsNoStream(t *testing.T) {
	for name, answer := range map[string]func(context.Context) error{
		"fails": func(context.Context) error { return errors.New("no route to host") },
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var down atomic.Bool
				o := newReviewServer(t, echo, company(t), interceptor.Revocations(revocations(func(ctx context.Context) error {
					if !down.Load() {
						return nil
					}
					return answer(ctx)
				})))
				stream := o.open(t, time.Minute)
				confirm(t, stream)
				synctest.Wait()
				down.Store(true)
				time.Sleep(10 * time.Second)
				confirm(t, stream)
				if err := drain(stream); verdictOf(err) != expired {
					t.Errorf("the stream ended with %v, want %v", err, expired)
				}
				if name == "hangs" {
					return
				}
				if got, want := verdictOf(drain(o.open(t, time.Minute))), (verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}); got != want {
					t.Errorf("a new call: %v, want %v", got, want)
				}
			})
		})
	}
}

// boundedRevocations is a source that says itself until when its knowledge counts.
type boundedRevocations struct{ tooOld *atomic.Bool }

func (r boundedRevocations) Revoked(context.Context, *claims.Claims) error { return r.Ready() }

func (r boundedRevocations) Ready() error {
	if r.tooOld.Load() {
		return errors.New("nothing was heard from the store")
	}
	return nil
}

// TestStreamsEndWhenRevocationsAreTooOld shows that a stream goes on as long as a call
// would be admitted by what is known, and no longer: beyond the bound of the source both
// are refused, for the same reason, and both are admitted again afterwards.
func TestStreamsEndWhenRevocationsAreTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tooOld atomic.Bool
		o := newReviewServer(t, echo, company(t), interceptor.Revocations(boundedRevocations{&tooOld}))
		stream := o.open(t, time.Hour)
		confirm(t, stream)
		time.Sleep(time.Minute)
		confirm(t, stream)
		synctest.Wait()
		tooOld.Store(true)
		lasts(t, stream, unavailable, 0, time.Second)
		if got := verdictOf(drain(o.open(t, time.Hour))); got != unavailable {
			t.Errorf("a new stream: %v, want %v", got, unavailable)
		}
		if _, err := hrv1.NewHumanResourceClient(o.conn).GetEmployee(bearing(timed(t), "Bearer "+o.mint(time.Hour)), &hrv1.GetEmployeeRequest{}); verdictOf(err) != unavailable {
			t.Errorf("a call: %v, want %v", verdictOf(err), unavailable)
		}
		tooOld.Store(false)
		again := o.open(t, time.Hour)
		confirm(t, again)
		time.Sleep(time.Minute)
		confirm(t, again)
	})
}
