// Replicas shows that what is revoked once is refused everywhere: three replicas of
// order-status share a list of revocations over Valkey or Redis. Ada and Ben watch their
// orders at all of them. Ada's tokens are revoked at one replica, and her streams end at
// all three; Ben's go on. Then the store dies, and comes back empty.
//
//	go run ./examples/replicas
//	go run ./examples/replicas -store valkey://127.0.0.1:6379 -streams 1000
//
// Without -store, the store is embedded. With it, the example uses a list of its own name,
// and removes it at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	store := flag.String("store", "", "the URL of a Valkey or Redis (default: an embedded one)")
	streams := flag.Int("streams", 100, "how many streams each of the two has at each replica")
	flag.Parse()
	if err := run(ctx, os.Stdout, *store, *streams); err != nil {
		fmt.Fprintln(os.Stderr, "replicas:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, url string, streams int) error {
	if streams < 1 {
		return fmt.Errorf("-streams %d: want at least 1", streams)
	}
	s, err := openStore(url)
	if err != nil {
		return err
	}
	f, err := openFleet(ctx, s)
	if err != nil {
		return errors.Join(err, s.close())
	}
	return errors.Join(play(ctx, f, out, streams), f.close(), s.close())
}
