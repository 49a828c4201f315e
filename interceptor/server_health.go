package interceptor

import (
	"context"
	"time"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Ready returns nil if calls can be judged: the keys of every issuer are in memory, and
// it is known what was revoked ([revocation.Readier]). It starts to fetch keys that have
// not been requested before.
func (s *Server) Ready(ctx context.Context) error { return s.admission.Ready(ctx) }

// ReportHealth sets h to NOT_SERVING until the server is [Server.Ready], and to
// SERVING from then on: if an issuer fails later, its keys stay in memory. While it is
// not known what was revoked ([revocation.Readier]), h is NOT_SERVING again. It sets
// the status of the services with these names; without names, the status of the
// whole server, whose name is empty. It returns at once; the work ends with ctx or
// [Server.Close].
func (s *Server) ReportHealth(ctx context.Context, h *health.Server, services ...string) {
	if len(services) == 0 {
		services = []string{""}
	}
	report := func(serving bool) {
		status := healthpb.HealthCheckResponse_NOT_SERVING
		if serving {
			status = healthpb.HealthCheckResponse_SERVING
		}
		for _, service := range services {
			h.SetServingStatus(service, status)
		}
	}
	report(false)
	s.background.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.open, cancel)()
		s.watchReady(ctx, report)
	})
}

// watchReady reports each second whether the server can judge calls, until ctx ends, or
// until that does not change any more.
func (s *Server) watchReady(ctx context.Context, report func(serving bool)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for began := false; ; {
		ready, changes := s.admission.RevocationsReady()
		began = began || s.Ready(ctx) == nil
		report(began && ready == nil)
		if began && !changes {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
