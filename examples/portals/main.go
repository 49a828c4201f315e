// Command portals is the company of the running example for people: the customer portal and
// the back-office portal, in a browser, with one sign-on for both. It prints their addresses
// and who can sign in, and runs until Ctrl-C.
//
//	go run ./examples/portals
//	go run ./examples/portals -issuer https://idp.example.com/realms/corp
//
// The services, their authorization server and the access matrix are those of
// examples/backoffice. The portals, and the authorization server, have names of their own
// below localhost, which browsers look for on this machine: cookies do not tell ports apart.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "portals:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	customerAddr, backofficeAddr, loginAddr string

	provider provider // empty for the embedded authorization server

	log   bool
	night time.Duration // how long a job waits for the worker
}

func parse(args []string, errors io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("portals", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.StringVar(&c.customerAddr, "customer-addr", "127.0.0.1:9201", "loopback `address` of the customer portal; port 0 takes a free one")
	flags.StringVar(&c.backofficeAddr, "backoffice-addr", "127.0.0.1:9202", "loopback `address` of the back-office portal")
	flags.StringVar(&c.loginAddr, "login-addr", "127.0.0.1:9203", "loopback `address` of the authorization server, with the page to sign in on")
	flags.StringVar(&c.provider.issuer, "issuer", "", "sign users in at this `URL` of a real authorization server; the clients have their secrets where access.yaml says")
	flags.StringVar(&c.provider.preset, "preset", "", "with -issuer: the `name` of the preset for its tokens (default the one in access.yaml)")
	flags.StringVar(&c.provider.audience, "audience", "", "with -issuer: the `text` that names a service in aud, with * for the name of the service, such as urn:acme:* (default the name)")
	flags.DurationVar(&c.night, "night", 3*time.Second, "how long a job waits until the worker does it")
	flags.BoolVar(&c.log, "log", false, "write the decision logs of the services to standard error")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, c.check()
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	config, err := parse(args, errOut)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if config.log {
		level = slog.LevelInfo
	}
	p, err := open(config, slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	if err != nil {
		return err
	}
	p.describe(out)
	return errors.Join(p.serve(ctx), p.close())
}
