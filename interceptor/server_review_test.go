package interceptor_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// TestOverdueReviewIsLoggedOnce shows that the log is told of each review of a hosted
// service once: when the server starts or when it becomes overdue, not again with the next
// policy.
func TestOverdueReviewIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		matrix := func(m *access.Matrix) {
			orders, people := m.Services["order-status"], m.Services["human-resource"]
			orders.Allow[0].ReviewBy, orders.Allow[1].ReviewBy = time.Now().Add(-time.Hour), time.Now().Add(40*24*time.Hour)
			people.ReviewBy = time.Now().Add(-time.Hour) // which this server does not host
			m.Services["order-status"], m.Services["human-resource"] = orders, people
		}
		written := &log{}
		policy := company(t, matrix)
		server := serverOf(t, newIssuer(), policy, interceptor.Logger(slog.New(slog.NewTextHandler(written, nil))))
		told := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			got := 0
			for line := range strings.Lines(written.String()) {
				if strings.Contains(line, "a review was due by") {
					got++
					if len(want) < got || !strings.Contains(line, "level=WARN") || !strings.Contains(line, want[got-1]) {
						t.Errorf("%s: line %s, want %v", when, line, want)
					}
				}
			}
			if got != len(want) {
				t.Errorf("%s: %d lines, want %d:\n%s", when, got, len(want), written.String())
			}
		}
		first, second := "services.order-status.allow[0]", "services.order-status.allow[1]"
		told("at the start", first)
		if err := server.Swap(policy); err != nil {
			t.Fatal(err)
		}
		time.Sleep(39 * 24 * time.Hour)
		told("after the same policy again", first)
		time.Sleep(2 * 24 * time.Hour)
		told("after the second has become overdue", first, second)
		time.Sleep(400 * 24 * time.Hour)
		told("a year later", first, second)
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
