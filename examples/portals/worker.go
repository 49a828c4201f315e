package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/grpcaud/grpcaud/examples/internal/company"
)

// work does the jobs that updates have left, each after it has waited until night, as the
// worker itself. A job that fails stays undone, and the log says why.
func work(ctx context.Context, c *company.Company, night time.Duration, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case job := <-c.Jobs():
			select {
			case <-ctx.Done():
				return
			case <-time.After(night):
			}
			if _, err := c.Work(ctx, job); err != nil {
				log.Error("a job failed", slog.Any("error", err))
			}
		}
	}
}
