package interceptor_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
)

// TestReportHealth shows that a server says that it serves once it can judge
// calls, and not before.
func TestReportHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		o.issuer.Down()
		h := health.NewServer()
		says := func(service string) healthpb.HealthCheckResponse_ServingStatus {
			resp, err := h.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil {
				t.Fatal(err)
			}
			return resp.GetStatus()
		}
		o.server.ReportHealth(t.Context(), h)
		o.server.ReportHealth(t.Context(), h, "acme.hr.v1.HumanResource")
		time.Sleep(time.Minute)
		for _, service := range []string{"", "acme.hr.v1.HumanResource"} {
			if got := says(service); got != healthpb.HealthCheckResponse_NOT_SERVING {
				t.Errorf("%q, while the issuer is down: %v", service, got)
			}
		}
		if err := o.server.Ready(t.Context()); err == nil {
			t.Error("Ready, while the issuer is down")
		}
		o.issuer.Up()
		time.Sleep(time.Minute)
		o.issuer.Down()
		time.Sleep(time.Minute)
		for _, service := range []string{"", "acme.hr.v1.HumanResource"} {
			if got := says(service); got != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("%q, once there were keys: %v", service, got)
			}
		}
		if err := o.server.Ready(t.Context()); err != nil {
			t.Errorf("Ready, with keys at hand: %v", err)
		}
	})
}

// uncertain is a checker that may not know what was revoked.
type uncertain struct {
	*revocation.List
	lost atomic.Bool
}

func (u *uncertain) Ready() error {
	if u.lost.Load() {
		return errors.New("no store")
	}
	return nil
}

// TestReportHealthOfRevocations shows that a server does not serve while it is not known
// what was revoked, and serves again afterwards.
func TestReportHealthOfRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checker := &uncertain{List: revocation.NewList(1)}
		o := newReviewServer(t, echo, company(t), interceptor.Revocations(checker))
		h := health.NewServer()
		o.server.ReportHealth(t.Context(), h)
		for _, lost := range []bool{false, true, false} {
			checker.lost.Store(lost)
			time.Sleep(2 * time.Second)
			answer, err := h.Check(t.Context(), &healthpb.HealthCheckRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if serving := answer.GetStatus() == healthpb.HealthCheckResponse_SERVING; serving == lost {
				t.Errorf("lost: %t, but %v", lost, answer.GetStatus())
			}
			if err := o.server.Ready(t.Context()); (err != nil) != lost {
				t.Errorf("lost: %t, but Ready returns %v", lost, err)
			}
		}
	})
}

// TestReportHealthEnds shows that the work ends with its context, and with the
// server; synctest would see it go on.
func TestReportHealthEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		o.issuer.Down()
		ctx, cancel := context.WithCancel(t.Context())
		h := health.NewServer()
		o.server.ReportHealth(ctx, h, "a")
		o.server.ReportHealth(context.WithoutCancel(ctx), h, "b")
		time.Sleep(time.Minute)
		cancel()
		began := time.Now()
		if err := o.server.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}
