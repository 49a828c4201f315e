// Batch shows work that outlives its caller. Alice changes an order; part of the work
// is done on her behalf during her call, and the rest waits in a queue until after her
// token has expired. The queue holds a record of who asked, and no token: the worker
// calls as itself, and its log line names both.
//
//	go run ./examples/batch
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
	"github.com/grpcaud/grpcaud/tokensource"
)

//go:embed access.yaml
var matrix []byte

// lifetime is how long every token is valid.
const lifetime = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "batch:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	policy, err := policyfile.Parse("access.yaml", matrix)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	c, err := company.Open(company.Config{
		Policy: policy,
		Issuer: []matrixissuer.Option{matrixissuer.Lifetime(lifetime)},
		Server: func(string) []interceptor.ServerOption {
			return []interceptor.ServerOption{interceptor.Logger(slog.New(slog.DiscardHandler))}
		},
		Client: func(string) []interceptor.ClientOption {
			return []interceptor.ClientOption{interceptor.Logger(log)}
		},
	})
	if err != nil {
		return err
	}
	return errors.Join(play(ctx, c, out), c.Close())
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// play is the day and the night of one order.
func play(ctx context.Context, c *company.Company, out io.Writer) error {
	fmt.Fprintln(out, "Day. Alice changes order o-1 through the back-office portal.")
	alice := tokensource.NewToken(c.Issuer.User(company.BackofficePortal, "alice", company.OrderStatus, "orders.write"), time.Time{})
	if err := update(ctx, c, alice); err != nil {
		return err
	}
	atOnce := c.Trail()[0]
	fmt.Fprintf(out, "  At once, on her behalf: %s is told; human-resource saw the callers %q.\n", atOnce.Told, atOnce.Callers)
	job := <-c.Jobs()
	fmt.Fprintf(out, "  In the queue, for later:\n    %s\n", job)
	if strings.Contains(string(job), alice.Reveal()) {
		return errors.New("the queue holds a token")
	}

	fmt.Fprintln(out, "\nNight. Alice has gone home, and her token has expired.")
	select {
	case <-time.After(lifetime + 2*time.Second): // more than the lifetime and the leeway of access.yaml
	case <-ctx.Done():
		return ctx.Err()
	}
	err := update(ctx, c, alice)
	if reason, _ := interceptor.ReasonOf(err); reason != audience.ReasonTokenExpired {
		return fmt.Errorf("alice's token: got %w, want it refused as expired", err)
	}
	fmt.Fprintf(out, "  Her token is refused: %s.\n", audience.ReasonTokenExpired)
	fmt.Fprintln(out, "  The worker takes the job; the log line of its call names both:")
	later, err := c.Work(ctx, job)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %s is told; human-resource saw the callers %q.\n", later.Told, later.Callers)
	return nil
}

// update changes the order with a token that the portal holds.
func update(ctx context.Context, c *company.Company, token tokensource.Token) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", "req-4711")
	creds := interceptor.AsService(holding(token), company.OrderStatus)
	_, err := ordersv1.NewOrderStatusClient(c.Orders.Conn).UpdateOrderStatus(ctx,
		&ordersv1.UpdateOrderStatusRequest{OrderId: "o-1", Status: ordersv1.Status_STATUS_SHIPPED}, grpc.PerRPCCredentials(creds))
	return err
}

// holding is a source that returns one token for every request.
func holding(t tokensource.Token) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) { return t, nil })
}
