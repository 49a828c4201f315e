package company_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/examples"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestTheTrailNamesEmployeePortalAndWorker shows that a part of the work is done on behalf of the
// employee, that the worker does the rest as itself, and that trail and log name all three.
func TestTheTrailNamesEmployeePortalAndWorker(t *testing.T) {
	var log lockedbuffer.Buffer
	ctx, c := open(t, company.Config{Client: func(string) []interceptor.ClientOption {
		return []interceptor.ClientOption{interceptor.Logger(slog.New(slog.NewTextHandler(&log, nil)))}
	}})
	change := &ordersv1.UpdateOrderStatusRequest{OrderId: "o-3", Status: ordersv1.Status_STATUS_PACKED}
	if _, err := orders(t, c, company.BackofficePortal, "").UpdateOrderStatus(ctx, change); err != nil || len(c.Trail()) != 0 {
		t.Fatalf("a portal that calls as itself: got %v and trail %v, want an empty one", err, c.Trail())
	}
	if _, err := orders(t, c, company.BackofficePortal, "alice").UpdateOrderStatus(ctx, change); err != nil {
		t.Fatal(err)
	}
	job := <-c.Jobs()
	if bytes.Contains(job, []byte("eyJ")) {
		t.Errorf("the job holds a token: %s", job)
	}
	if _, err := c.Work(ctx, job); err != nil {
		t.Fatal(err)
	}
	trail := c.Trail()
	if len(trail) != 2 {
		t.Fatalf("got trail %+v, want two entries", trail)
	}
	for i, want := range []company.Entry{
		{Told: "Bob Builder", Callers: []string{company.OrderStatus, company.BackofficePortal, "alice"}},
		{Told: "Carol Clerk", Callers: []string{company.NightWorker}, Worker: company.NightWorker},
	} {
		got := trail[i]
		if got.Order != "o-3" || got.Status != change.GetStatus() || got.Time.IsZero() || got.Asked.User != "alice" || got.Employee != "alice" || got.Asked.Client != company.BackofficePortal ||
			got.Told != want.Told || got.Worker != want.Worker || !slices.Equal(got.Callers, want.Callers) {
			t.Errorf("entry %d of the trail is %+v, want %+v for alice at the portal", i, got, want)
		}
	}
	if line := log.String(); !strings.Contains(line, "client=night-worker method=/acme.hr.v1.HumanResource/GetEmployee") || !strings.Contains(line, "on_behalf_of.user=alice") {
		t.Errorf("the log of the worker's call does not name both: %s", line)
	}
}

// TestJobsThatCannotBeDone shows the errors about jobs: a text that is no job, a matrix without a
// worker, and a queue that is full, which changes nothing.
func TestJobsThatCannotBeDone(t *testing.T) {
	policy, err := examples.Policy()
	if err != nil {
		t.Fatal(err)
	}
	m := policy.Matrix()
	people := m.Services[company.HumanResource]
	people.Allow = slices.DeleteFunc(people.Allow, func(a access.Allow) bool { return slices.Contains(a.Clients, company.NightWorker) })
	m.Services[company.HumanResource] = people
	delete(m.Clients, company.NightWorker)
	if policy, err = access.New(m, policy.GivenOptions()...); err != nil {
		t.Fatal(err)
	}
	ctx, c := open(t, company.Config{Policy: policy})
	for text, want := range map[string]string{"": "job: ", "{}": "no client night-worker"} {
		if _, err := c.Work(ctx, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Work(%q) = %v, want an error with %q", text, err, want)
		}
	}
	clerk := orders(t, c, company.BackofficePortal, "alice")
	to := ordersv1.Status_STATUS_SHIPPED
	for i := range cap(c.Jobs()) + 1 {
		want := codes.OK
		if i == cap(c.Jobs()) {
			want, to = codes.ResourceExhausted, ordersv1.Status_STATUS_DELIVERED
		}
		if _, err := clerk.UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{OrderId: "o-1", Status: to}); status.Code(err) != want {
			t.Fatalf("update %d: got %v, want %s", i, err, want)
		}
	}
	order, err := clerk.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"})
	if err != nil || order.GetOrder().GetStatus() != ordersv1.Status_STATUS_SHIPPED || len(c.Trail()) != cap(c.Jobs()) {
		t.Errorf("got %v, %v and %d entries, want the refused update to change nothing", order, err, len(c.Trail()))
	}
}
