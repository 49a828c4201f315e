// Command backoffice is the company of the running example at work: an
// authorization server, an order-status API, a human-resource API and two
// portals, each with its own address, all over TLS. It makes calls between them,
// prints what they show, and ends with status 0 only if every call ended as
// access.yaml demands. With -v it prints each call with its token. With -http it calls
// every method over gRPC, HTTP and Connect instead, and prints the verdicts side by side.
//
// The servers are guarded by access.yaml and by nothing else.
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

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples"
)

// errDiffers says that a verdict is not the one that was expected.
var errDiffers = errors.New("not every verdict is the one that the built-in access.yaml demands")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errDiffers):
		fmt.Fprintln(os.Stderr, "backoffice:", err)
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "backoffice:", err)
		os.Exit(2)
	}
}

// config is what the flags say.
type config struct {
	access, decisions          string
	issuerAddr, orders, people string
	json, serve, verbose, log  bool
	http                       bool
}

func parse(args []string, errors io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("backoffice", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.BoolVar(&c.json, "json", false, "print each call as a line of JSON")
	flags.BoolVar(&c.http, "http", false, "call every method over gRPC, HTTP and Connect, instead of the scenes")
	flags.BoolVar(&c.serve, "serve", false, "then keep the servers running, and print commands to call them")
	flags.BoolVar(&c.verbose, "v", false, "print each call with its token")
	flags.BoolVar(&c.log, "log", false, "write the decision logs of the servers to standard error")
	flags.StringVar(&c.access, "access", "", "read the access matrix from this `file`; the verdicts expected stay those of the built-in access.yaml")
	flags.StringVar(&c.decisions, "decisions", "", "append a record of each decision of the servers to this `file`")
	flags.StringVar(&c.issuerAddr, "issuer-addr", "127.0.0.1:0", "`address` of the authorization server")
	flags.StringVar(&c.orders, "orders-addr", "127.0.0.1:0", "`address` of the order-status API")
	flags.StringVar(&c.people, "hr-addr", "127.0.0.1:0", "`address` of the human-resource API")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, err
}

func run(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	config, err := parse(args, errOut)
	if err != nil {
		return err
	}
	policy, err := config.policy()
	if err != nil {
		return err
	}
	level := slog.Level(100) // above all that is logged
	if config.log {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	records, err := config.records(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	demo, err := open(config, policy, records, log)
	if err != nil {
		return err
	}
	defer demo.Close()

	calls := &recorder{view: config.view(out)}
	began := time.Now()
	if err := demo.playAs(ctx, config, calls); err != nil {
		return err
	}
	if err := calls.finish(time.Since(began)); err != nil {
		return err
	}
	if config.serve {
		return demo.serve(ctx, errOut)
	}
	return ctx.Err()
}

// records returns what the servers write their decisions to: nothing is kept unless a flag
// names a file.
func (c config) records(log *slog.Logger) (records, error) {
	if c.decisions == "" {
		return discarded{}, nil
	}
	return decision.OpenFile(c.decisions, log)
}

// records receives records of decisions until it is closed.
type records interface {
	decision.Recorder
	io.Closer
}

// discarded keeps no records.
type discarded struct{}

func (discarded) Record(context.Context, decision.Record) {}

func (discarded) Close() error { return nil }

// playAs makes the calls of all scenes, or those of -http.
func (d *demo) playAs(ctx context.Context, config config, to *recorder) error {
	if !config.http {
		d.play(ctx, to)
		return nil
	}
	w, err := d.openWeb()
	if err == nil {
		w.play(ctx, to)
	}
	return err
}

// view returns how the calls are shown.
func (c config) view(out io.Writer) view {
	switch {
	case c.json:
		return jsonView{out}
	case c.verbose:
		return tableView{out}
	default:
		return &summaryView{out: out, colour: coloured(out)}
	}
}

func (c config) policy() (*access.Policy, error) {
	if c.access == "" {
		return examples.Policy()
	}
	return policyfile.Load(c.access)
}
