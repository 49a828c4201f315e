package company

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// newOrders returns the order-status API with some orders of three customers.
func newOrders(people hrv1.HumanResourceClient, staff staff) *orders {
	now := time.Now()
	order := func(id, customer, item string, s ordersv1.Status, age time.Duration) *ordersv1.Order {
		return &ordersv1.Order{Id: id, Customer: customer, Item: item, Status: s, ChangedAt: timestamppb.New(now.Add(-age))}
	}
	const day = 24 * time.Hour
	return &orders{
		people: people, staff: staff, trail: &trail{}, jobs: make(chan []byte, mostJobs), changed: make(chan struct{}),
		all: []*ordersv1.Order{
			order("o-1", "ada", "Writing desk, walnut", ordersv1.Status_STATUS_PACKED, 2*time.Hour),
			order("o-2", "ada", "Reading lamp, brass", ordersv1.Status_STATUS_DELIVERED, 9*day),
			order("o-3", "ada", "Desk chair, green", ordersv1.Status_STATUS_PLACED, 20*time.Minute),
			order("o-4", "ben", "Bookshelf, oak", ordersv1.Status_STATUS_SHIPPED, day),
			order("o-5", "ben", "Kitchen table, beech", ordersv1.Status_STATUS_CANCELLED, 3*day),
			order("o-6", "alice", "Standing lamp, black", ordersv1.Status_STATUS_PLACED, time.Hour), // who works here, and buys here
		},
	}
}
