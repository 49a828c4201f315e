package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// job is a message of the queue: what is to be done, and who asked for it. It contains
// no token.
type job struct {
	Order string          `json:"order"`
	Asked audience.Record `json:"asked"`
}

// orders is the order-status API. While the caller is there, it calls on the caller's
// behalf; the rest of the work it puts into a queue.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	people hrv1.HumanResourceClient // on behalf of the caller
	out    io.Writer
	queue  chan []byte
}

// UpdateOrderStatus tells the clerk of the order at once, and leaves a job for later.
func (o *orders) UpdateOrderStatus(ctx context.Context, r *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	// This must end before the handler returns: nothing is done on the caller's behalf
	// once the caller's call has ended.
	reply, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-1"})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.out, "  At once, on her behalf: %s is told; human-resource saw the callers %q.\n", reply.GetEmployee().GetName(), reply.GetCallers())

	caller, _ := audience.FromContext(ctx)
	later, err := json.Marshal(job{Order: r.GetOrderId(), Asked: caller.Record(interceptor.RequestID(ctx))})
	if err != nil {
		return nil, err
	}
	select {
	case o.queue <- later:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &ordersv1.UpdateOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId(), Status: r.GetStatus()}}, nil
}
