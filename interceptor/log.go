package interceptor

import (
	"context"
	"errors"
	"log/slog"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

type trailer = metadata.MD

// record logs one decision, the only place where the whole story of a refusal
// is told. a is nil if the token is not known to be genuine.
func (s *Server) record(ctx context.Context, method string, a *admitted, err error) {
	level, message := slog.LevelDebug, "call admitted"
	if err != nil {
		level, message = slog.LevelWarn, "call refused"
	}
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("method", method)}
	if a != nil {
		caller := a.claims.Caller()
		attrs = append(attrs, slog.String("issuer", caller.Issuer), slog.String("client", caller.Service), slog.String("user", caller.User))
	}
	if err != nil {
		attrs = append(attrs, slog.String("code", statusOf(err).Code().String()), slog.String("error", err.Error()))
	}
	var refusal *audience.Refusal
	if errors.As(err, &refusal) {
		attrs = append(attrs, slog.String("reason", string(refusal.Reason())), slog.String("cause", string(refusal.Cause)))
	}
	s.log.LogAttrs(ctx, level, message, attrs...)
}
