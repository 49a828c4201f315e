package company

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// orders is the order-status API. It checks no token: the guard before it has
// admitted each caller.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	people hrv1.HumanResourceClient // called on behalf of the caller that is being served
	staff  staff
	trail  *trail
	jobs   chan []byte // for the night

	mu      sync.Mutex // guards the fields below
	all     []*ordersv1.Order
	changed chan struct{} // closed at the next change
}

// clerkOf returns the employee who handles an order: one for all, in an example.
func clerkOf(*ordersv1.Order) string { return "e-1" }

// GetOrderStatus returns an order. For an employee it adds the clerk's name, which the
// human-resource API discloses to the employee, not to this service.
func (o *orders) GetOrderStatus(ctx context.Context, r *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	order, _, err := o.find(ctx, r.GetOrderId())
	if err != nil {
		return nil, err
	}
	caller, _ := audience.FromContext(ctx)
	if caller.User == "" || caller.Client != BackofficePortal {
		return &ordersv1.GetOrderStatusResponse{Order: order}, nil
	}
	clerk, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: clerkOf(order)})
	if err != nil {
		return nil, err
	}
	return &ordersv1.GetOrderStatusResponse{Order: order, Clerk: clerk.GetEmployee().GetName(), Callers: clerk.GetCallers()}, nil
}

// ListOrders returns the orders that the caller may see, the oldest first.
func (o *orders) ListOrders(ctx context.Context, _ *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
	visible, err := o.visibleTo(ctx)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	response := &ordersv1.ListOrdersResponse{}
	for _, order := range o.all {
		if visible(order) {
			response.Orders = append(response.Orders, proto.CloneOf(order))
		}
	}
	return response, nil
}

// WatchOrderStatus sends the order, and sends it again after each change.
func (o *orders) WatchOrderStatus(r *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	var sent *ordersv1.Order
	for {
		order, changed, err := o.find(stream.Context(), r.GetOrderId())
		if err != nil {
			return err
		}
		if !proto.Equal(order, sent) {
			if err := stream.Send(&ordersv1.WatchOrderStatusResponse{Order: order}); err != nil {
				return err
			}
			sent = order
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}

// UpdateOrderStatus changes the status of an order. If a user asks for it, the clerk of
// the order is told at once, on behalf of the user; the sales department is told at night.
func (o *orders) UpdateOrderStatus(ctx context.Context, r *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	if _, known := ordersv1.Status_name[int32(r.GetStatus())]; !known || r.GetStatus() == ordersv1.Status_STATUS_UNSPECIFIED {
		return nil, status.Errorf(codes.InvalidArgument, "no status %d", r.GetStatus())
	}
	order, _, err := o.find(ctx, r.GetOrderId())
	if err != nil {
		return nil, err
	}
	if caller, _ := audience.FromContext(ctx); caller.User != "" {
		if err := o.tell(ctx, order, r.GetStatus(), caller); err != nil {
			return nil, err
		}
	}
	return &ordersv1.UpdateOrderStatusResponse{Order: o.change(order.GetId(), r.GetStatus())}, nil
}

// tell tells the clerk at once, and leaves a job for the night. This must end before the
// handler returns: nothing is done on the caller's behalf once the caller's call has ended.
func (o *orders) tell(ctx context.Context, order *ordersv1.Order, to ordersv1.Status, caller audience.Caller) error {
	reply, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: clerkOf(order)})
	if err != nil {
		return err
	}
	asked, name := caller.Record(interceptor.RequestID(ctx)), o.staff.login(caller)
	later, err := json.Marshal(job{Order: order.GetId(), Status: to, Asked: asked, Name: name})
	if err != nil {
		return err
	}
	select {
	case o.jobs <- later:
	default:
		return status.Error(codes.ResourceExhausted, "too many jobs wait for the night")
	}
	o.trail.add(Entry{Time: asked.Time, Order: order.GetId(), Status: to, Told: reply.GetEmployee().GetName(), Callers: reply.GetCallers(), Asked: asked, Employee: name})
	return nil
}

// change gives an order another status, and returns a copy of it.
func (o *orders) change(id string, to ordersv1.Status) *ordersv1.Order {
	o.mu.Lock()
	defer o.mu.Unlock()
	order := o.byIDLocked(id)
	order.Status, order.ChangedAt = to, timestamppb.New(time.Now())
	close(o.changed)
	o.changed = make(chan struct{})
	return proto.CloneOf(order)
}

// find returns a copy of an order that the caller may see, and what will be closed at the
// next change of any order.
func (o *orders) find(ctx context.Context, id string) (*ordersv1.Order, <-chan struct{}, error) {
	visible, err := o.visibleTo(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	order := o.byIDLocked(id)
	if order == nil || !visible(order) {
		return nil, nil, status.Errorf(codes.NotFound, "no order %q", id) // an order of somebody else looks the same
	}
	return proto.CloneOf(order), o.changed, nil
}

// byIDLocked returns an order; nil if there is none.
func (o *orders) byIDLocked(id string) *ordersv1.Order {
	for _, order := range o.all {
		if order.GetId() == id {
			return order
		}
	}
	return nil
}

// visibleTo tells which orders the caller may see: a service and an employee all, a
// customer their own.
func (o *orders) visibleTo(ctx context.Context) (func(*ordersv1.Order) bool, error) {
	caller, _ := audience.FromContext(ctx)
	if caller.User != "" && caller.Client == CustomerPortal {
		name := o.staff.login(caller)
		return func(order *ordersv1.Order) bool { return order.GetCustomer() == name }, nil
	}
	return func(*ordersv1.Order) bool { return true }, o.staff.check(caller)
}
