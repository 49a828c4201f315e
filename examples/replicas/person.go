package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

// person is a customer who watches an order, by streams to all replicas.
type person struct {
	name, order string
	token       tokensource.Token

	running atomic.Int64
	done    sync.WaitGroup
	mu      sync.Mutex // guards the fields below
	last    time.Time  // when the last stream ended
	ends    map[audience.Reason]int
}

// newPerson returns a customer who has just logged in at the customer portal.
func newPerson(f *fleet, name, order string) *person {
	text := f.Issuer.User(company.CustomerPortal, name, company.OrderStatus, "orders.read")
	return &person{name: name, order: order, token: tokensource.NewToken(text, time.Time{}), ends: map[audience.Reason]int{}}
}

func (p *person) credentials() grpc.CallOption {
	held := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) { return p.token, nil })
	var creds credentials.PerRPCCredentials = interceptor.AsService(held, company.OrderStatus)
	return grpc.PerRPCCredentials(creds)
}

// watch opens streams to each replica, and returns when each has had its first message.
func (p *person) watch(ctx context.Context, replicas []*company.Server, streams int) error {
	creds := p.credentials()
	for _, replica := range replicas {
		orders := ordersv1.NewOrderStatusClient(replica.Conn)
		for range streams {
			stream, err := orders.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: p.order}, creds)
			if err == nil {
				_, err = stream.Recv()
			}
			if err != nil {
				return fmt.Errorf("%s watches %s: %w", p.name, p.order, err)
			}
			p.running.Add(1)
			p.done.Go(func() { p.follow(stream) })
		}
	}
	return nil
}

// follow reads a stream to its end.
func (p *person) follow(stream grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse]) {
	var err error
	for err == nil {
		_, err = stream.Recv()
	}
	reason, _ := interceptor.ReasonOf(err)
	p.mu.Lock()
	p.last = time.Now()
	p.ends[reason]++
	p.mu.Unlock()
	p.running.Add(-1)
}

// ended returns how many streams ended for a reason, and when the last of all did.
func (p *person) ended(why audience.Reason) (int, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ends[why], p.last
}

// calls returns what each replica says to a call: the reason of its refusal, or empty.
func (p *person) calls(ctx context.Context, replicas []*company.Server) ([]audience.Reason, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var all []audience.Reason
	for _, replica := range replicas {
		_, err := ordersv1.NewOrderStatusClient(replica.Conn).ListOrders(ctx, &ordersv1.ListOrdersRequest{}, p.credentials())
		reason, refused := interceptor.ReasonOf(err)
		if err != nil && !refused {
			return nil, err
		}
		all = append(all, reason)
	}
	return all, nil
}
