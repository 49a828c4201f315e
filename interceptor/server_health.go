package interceptor

import (
	"context"
	"time"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Ready returns nil if the keys of every issuer are in memory, so that calls can be
// judged. It starts to fetch keys that have not been requested before.
func (s *Server) Ready(ctx context.Context) error { return s.admission.Ready(ctx) }

// ReportHealth sets h to NOT_SERVING until the server is [Server.Ready], and to
// SERVING from then on: if an issuer fails later, its keys stay in memory. It sets
// the status of the services with these names; without names, the status of the
// whole server, whose name is empty. It returns at once; the work ends with ctx or
// [Server.Close].
func (s *Server) ReportHealth(ctx context.Context, h *health.Server, services ...string) {
	if len(services) == 0 {
		services = []string{""}
	}
	report := func(status healthpb.HealthCheckResponse_ServingStatus) {
		for _, service := range services {
			h.SetServingStatus(service, status)
		}
	}
	report(healthpb.HealthCheckResponse_NOT_SERVING)
	s.background.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.open, cancel)()
		if s.await(ctx) {
			report(healthpb.HealthCheckResponse_SERVING)
		}
	})
}

// await reports whether the server became ready before ctx ended.
func (s *Server) await(ctx context.Context) bool {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for s.Ready(ctx) != nil {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
