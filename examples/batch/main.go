// Batch shows work that outlives its caller. Alice asks for a change of an order;
// part of it is done at once on her behalf, the rest waits in a queue until her
// token has died. What waits there is a record of who asked, and no token: the
// worker calls as itself, and its audit line names both.
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
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

//go:embed access.yaml
var matrix []byte

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
	c, err := open(policy, log)
	if err != nil {
		return err
	}
	defer c.close()
	return c.play(ctx, out)
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// play is the day and the night of one order.
func (c *company) play(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "Day. Alice changes order o-1 through the back-office portal.")
	alice := tokensource.NewToken(c.issuer.User("backoffice-portal", "alice", "order-status", "orders.write"), time.Time{})
	asAlice := grpc.PerRPCCredentials(interceptor.AsService(holding(alice), "order-status"))
	update := func() error {
		ctx := metadata.AppendToOutgoingContext(ctx, "x-request-id", "req-4711")
		_, err := ordersv1.NewOrderStatusClient(c.orders.conn).UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{OrderId: "o-1", Status: ordersv1.Status_STATUS_SHIPPED}, asAlice)
		return err
	}
	if err := update(); err != nil {
		return err
	}
	select {
	case err := <-c.desk.told:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	job := <-c.desk.queue
	fmt.Fprintf(out, "In the queue: %s\n", job)
	if strings.Contains(string(job), alice.Reveal()) {
		return errors.New("the queue holds a token")
	}

	fmt.Fprintln(out, "\nNight. Alice has gone home, and her token has died.")
	select {
	case <-time.After(lifetime + 2*time.Second): // its life, the leeway, and a little
	case <-ctx.Done():
		return ctx.Err()
	}
	err := update()
	if reason, _ := interceptor.ReasonOf(err); reason != audience.ReasonTokenExpired {
		return fmt.Errorf("alice's token: got %w, want a refusal", err)
	}
	fmt.Fprintf(out, "Her token now: %v\n", err)
	return c.worker.work(ctx, job)
}

// holding hands out one token for whatever is asked.
func holding(t tokensource.Token) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) { return t, nil })
}
