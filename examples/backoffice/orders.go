package main

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// orders is the order-status API. It checks no token: the guard before it has
// admitted each caller.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	people    hrv1.HumanResourceClient // called on behalf of the caller that is being served
	mu        sync.Mutex               // guards byID
	byID      map[string]*ordersv1.Order
	clerkByID map[string]string // the employee who handles an order
}

func newOrders(people hrv1.HumanResourceClient) *orders {
	return &orders{
		people:    people,
		byID:      map[string]*ordersv1.Order{"o-1": {Id: "o-1", Status: ordersv1.Status_STATUS_PACKED, ChangedAt: timestamppb.New(time.Now())}},
		clerkByID: map[string]string{"o-1": "e-1"},
	}
}

// GetOrderStatus returns an order. For an employee it adds the clerk's name, which the
// human-resource API discloses to the employee, not to this service.
func (o *orders) GetOrderStatus(ctx context.Context, r *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	order, err := o.find(r.GetOrderId())
	if err != nil {
		return nil, err
	}
	caller, _ := audience.FromContext(ctx)
	if caller.User == "" || caller.Client != backofficePortal {
		return &ordersv1.GetOrderStatusResponse{Order: order}, nil
	}
	clerk, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: o.clerkByID[order.GetId()]})
	if err != nil {
		return nil, err
	}
	return &ordersv1.GetOrderStatusResponse{Order: order, Clerk: clerk.GetEmployee().GetName(), Callers: clerk.GetCallers()}, nil
}

// WatchOrderStatus sends the order once: nothing changes in an example.
func (o *orders) WatchOrderStatus(r *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	order, err := o.find(r.GetOrderId())
	if err != nil {
		return err
	}
	return stream.Send(&ordersv1.WatchOrderStatusResponse{Order: order})
}

// UpdateOrderStatus changes the status of an order.
func (o *orders) UpdateOrderStatus(_ context.Context, r *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	order, err := o.find(r.GetOrderId())
	if err != nil {
		return nil, err
	}
	order.Status, order.ChangedAt = r.GetStatus(), timestamppb.New(time.Now())
	o.mu.Lock()
	defer o.mu.Unlock()
	o.byID[order.GetId()] = order
	return &ordersv1.UpdateOrderStatusResponse{Order: proto.CloneOf(order)}, nil
}

// find returns a copy of an order.
func (o *orders) find(id string) (*ordersv1.Order, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	order, ok := o.byID[id]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no order %q", id)
	}
	return proto.CloneOf(order), nil
}
