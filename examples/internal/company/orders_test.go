package company_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestCustomersSeeTheirOwnOrders shows which orders each caller can list, get and watch.
// An order of somebody else looks like one that does not exist.
func TestCustomersSeeTheirOwnOrders(t *testing.T) {
	ctx, c := open(t, company.Config{})
	all := []string{"o-1", "o-2", "o-3", "o-4", "o-5", "o-6"}
	for _, row := range []struct {
		portal, user string
		want         []string
	}{
		{company.CustomerPortal, "ada", all[:3]},
		{company.CustomerPortal, "ben", all[3:5]},
		{company.CustomerPortal, "alice", all[5:]}, // who works here, and buys here
		{company.CustomerPortal, "", all},
		{company.BackofficePortal, "alice", all},
		{company.BackofficePortal, "", all},
	} {
		client := orders(t, c, row.portal, row.user)
		list, err := client.ListOrders(ctx, &ordersv1.ListOrdersRequest{})
		var got []string
		for _, order := range list.GetOrders() {
			got = append(got, order.GetId())
		}
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s for %q lists %q, %v, want %q", row.portal, row.user, got, err, row.want)
		}
		for _, id := range append(all, "o-7", "") {
			want := codes.NotFound
			if slices.Contains(row.want, id) {
				want = codes.OK
			}
			_, get := client.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: id})
			watch := watched(ctx, client, id)
			if status.Code(get) != want || status.Code(watch) != want {
				t.Errorf("%s for %q gets %q: %v, and watches it: %v, want %s", row.portal, row.user, id, get, watch, want)
			}
		}
	}
}

// watched returns how the first message of a watched order ends.
func watched(ctx context.Context, client ordersv1.OrderStatusClient, id string) error {
	watch, err := client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: id})
	if err == nil {
		_, err = watch.Recv()
	}
	return err
}

// TestChangesAreSeenAtOnce shows that a watcher receives the order, and then each of its
// changes and no other's.
func TestChangesAreSeenAtOnce(t *testing.T) {
	ctx, c := open(t, company.Config{})
	watch, err := orders(t, c, company.CustomerPortal, "ada").WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: "o-1"})
	if err != nil {
		t.Fatal(err)
	}
	clerk := orders(t, c, company.BackofficePortal, "alice")
	next := func(want ordersv1.Status) {
		t.Helper()
		seen, err := watch.Recv()
		if err != nil || seen.GetOrder().GetId() != "o-1" || seen.GetOrder().GetStatus() != want {
			t.Fatalf("got %v, %v, want o-1 to be %s", seen, err, want)
		}
	}
	next(ordersv1.Status_STATUS_PACKED)
	for _, change := range []*ordersv1.UpdateOrderStatusRequest{
		{OrderId: "o-4", Status: ordersv1.Status_STATUS_DELIVERED},
		{OrderId: "o-1", Status: ordersv1.Status_STATUS_SHIPPED},
	} {
		if _, err := clerk.UpdateOrderStatus(ctx, change); err != nil {
			t.Fatal(err)
		}
	}
	next(ordersv1.Status_STATUS_SHIPPED)
}

// TestUpdatesAreChecked shows which changes are refused, and that they change nothing.
func TestUpdatesAreChecked(t *testing.T) {
	ctx, c := open(t, company.Config{})
	clerk := orders(t, c, company.BackofficePortal, "alice")
	for _, row := range []struct {
		client ordersv1.OrderStatusClient
		id     string
		to     ordersv1.Status
		want   codes.Code
	}{
		{clerk, "o-9", ordersv1.Status_STATUS_SHIPPED, codes.NotFound},
		{clerk, "o-1", ordersv1.Status_STATUS_UNSPECIFIED, codes.InvalidArgument},
		{clerk, "o-1", 99, codes.InvalidArgument},
		{orders(t, c, company.CustomerPortal, "ada"), "o-1", ordersv1.Status_STATUS_SHIPPED, codes.PermissionDenied},
		{orders(t, c, company.BackofficePortal, "ada"), "o-1", ordersv1.Status_STATUS_SHIPPED, codes.PermissionDenied},
	} {
		if _, err := row.client.UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{OrderId: row.id, Status: row.to}); status.Code(err) != row.want {
			t.Errorf("%q to %d: got %v, want %s", row.id, row.to, err, row.want)
		}
	}
	order, err := clerk.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"})
	if err != nil || order.GetOrder().GetStatus() != ordersv1.Status_STATUS_PACKED || order.GetClerk() != "Bob Builder" || len(c.Trail()) != 0 {
		t.Errorf("got %v, %v and %v, want o-1 as it was, with its clerk, and an empty trail", order, err, c.Trail())
	}
}
