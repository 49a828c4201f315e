package company_test

import (
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestCustomersAreNoEmployees shows that a customer who logs in at the back-office portal is
// refused at every method, as is the token of the customer portal at human-resource.
func TestCustomersAreNoEmployees(t *testing.T) {
	ctx, c := open(t, company.Config{})
	desk := orders(t, c, company.BackofficePortal, "ada")
	_, getOrder := desk.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"})
	_, list := desk.ListOrders(ctx, &ordersv1.ListOrdersRequest{})
	watch, err := desk.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: "o-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, watched := watch.Recv()
	files := people(t, c, company.BackofficePortal, "ada")
	_, get := files.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-1"})
	all, err := files.ListEmployees(ctx, &hrv1.ListEmployeesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, listed := all.Recv()
	reviews, err := files.ReviewEmployees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, reviewed := reviews.Recv()
	for method, err := range map[string]error{
		"GetOrderStatus": getOrder, "ListOrders": list, "WatchOrderStatus": watched,
		"GetEmployee": get, "ListEmployees": listed, "ReviewEmployees": reviewed,
	} {
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s for a customer: got %v, want %s", method, err, codes.PermissionDenied)
		}
	}
	_, err = people(t, c, company.CustomerPortal, "ada").GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-1"})
	if reason, _ := interceptor.ReasonOf(err); reason != audience.ReasonClientNotAllowed {
		t.Errorf("GetEmployee through the customer portal: got %v, want %s", err, audience.ReasonClientNotAllowed)
	}
}

// TestEmployeesAreListed shows that an employee sees all employees, or those of a department.
func TestEmployeesAreListed(t *testing.T) {
	ctx, c := open(t, company.Config{})
	for department, want := range map[string]int{"": 3, "Sales": 1, "Legal": 0} {
		stream, err := people(t, c, company.BackofficePortal, "alice").ListEmployees(ctx, &hrv1.ListEmployeesRequest{Department: department})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for ; ; got++ {
			if _, err = stream.Recv(); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) || got != want {
			t.Errorf("department %q: got %d employees, %v, want %d", department, got, err, want)
		}
	}
}
