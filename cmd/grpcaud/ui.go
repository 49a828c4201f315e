package main

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ui"
)

const uiHelp = `Ui shows the matrix in a browser on this machine: who may call what, and the entry
behind each cell; what each client can reach; what the servers say about a token, at
every service and method; and what a change of the file changes, compared with
--against or with a file that is chosen in the page. With --decisions, which names a
file with records of decisions, it shows a review too: what each client may call, and
when it last did.

The page follows the matrix. A version that does not load is shown as an error with
its line, and the last good one stays. Records are read once, at the start.

It listens on a loopback address only, and loads nothing from elsewhere. The address
that it prints opens the page once, and then the next one is printed, so that other
users of the machine cannot use it. A token that is pasted is judged and forgotten:
it is in no address, log or answer. Keys come from --jwks, from the issuer's keys_file,
or from the issuer; with --offline no issuer is asked.`

const uiExamples = `  grpcaud ui access.yaml
  grpcaud ui access.yaml --against access-main.yaml --open
  grpcaud ui access.yaml --decisions decisions-1.jsonl --decisions decisions-2.jsonl.gz
  grpcaud ui access.yaml --offline --addr 127.0.0.1:8080`

// uiOptions are the flags of the command ui.
type uiOptions struct {
	ui.Options
	keyFlags
	descriptors string
	decisions   []string
	since       string
	open        bool
}

func uiCommand() *cobra.Command {
	var u uiOptions
	cmd := &cobra.Command{
		Use:   "ui access.yaml",
		Short: "Show the matrix in a browser, judge tokens there, and follow the file",
		Long:  uiHelp, Example: uiExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return u.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&u.Addr, "addr", "127.0.0.1:0", "the loopback address to listen on; port 0 is any free port")
	flags.StringVar(&u.Against, "against", "", "the matrix before the change, to compare with")
	flags.StringVar(&u.descriptors, "descriptors", "", descriptor.Usage)
	flags.StringArrayVar(&u.decisions, "decisions", nil, "a file with records of decisions, for the review; for more files, repeat it")
	flags.StringVar(&u.since, "since", "", "how long ago the review begins, such as 90d or 12h, or a date (default: with the first record)")
	flags.BoolVar(&u.open, "open", false, "open the page in the browser of the system")
	u.add(cmd)
	return cmd
}

// run serves the page until the command is interrupted.
func (u uiOptions) run(cmd *cobra.Command, path string) error {
	if path == files.Dash || u.Against == files.Dash {
		return errors.New("ui follows the matrix: name a file, not standard input")
	}
	u.Path = path
	var err error
	if u.Set, err = descriptor.Read(u.descriptors); err != nil {
		return err
	}
	if u.Keys, err = u.keys(); err != nil {
		return err
	}
	if u.Records, err = u.records(cmd); err != nil {
		return err
	}
	u.Address, u.Report = u.announce(cmd), reportTo(cmd)
	server, err := ui.Listen(u.Options)
	if err != nil {
		return err
	}
	defer server.Close()
	return server.Serve(cmd.Context())
}

// records reads the records of decisions; nil if none are asked for.
func (u uiOptions) records(cmd *cobra.Command) (*review.Kept, error) {
	now := time.Now()
	since, err := review.Since(u.since, now)
	switch {
	case err != nil:
		return nil, err
	case u.since != "" && len(u.decisions) == 0:
		return nil, errors.New("--since is for a review: name the records with --decisions")
	case len(u.decisions) == 0:
		return nil, nil
	}
	kept := review.Keep(since, now)
	return kept, readInto(cmd, u.decisions, kept)
}

// announce returns a function that prints each address, and opens the first one if that
// is asked for.
func (u uiOptions) announce(cmd *cobra.Command) func(string) {
	first := true
	return func(url string) {
		if !first {
			fmt.Fprintf(cmd.OutOrStdout(), "The page is open. The next browser opens it with\n  %s\n", url)
			return
		}
		first = false
		fmt.Fprintf(cmd.OutOrStdout(), "%s is at\n  %s\nThe address works once. The page follows the file. Interrupt to end.\n", output.Printable(u.Path), url)
		if !u.open {
			return
		}
		openBrowser(url, func(err error) {
			fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: no browser was opened: %v; open the address yourself\n", err)
		})
	}
}

// reportTo returns a function that reports changes of files to standard error.
func reportTo(cmd *cobra.Command) func(string, error) {
	return func(path string, err error) {
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: %s is not shown, and the last good one stays:\n", output.Printable(path))
			printError(cmd.ErrOrStderr(), err)
			return
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: %s has changed, and is shown\n", output.Printable(path))
	}
}

// openBrowser opens a page with the program that the system has for that. It does not
// wait for it, since a browser may run for long, and calls failed if it fails.
func openBrowser(url string, failed func(error)) {
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	case "darwin":
		cmd = exec.Command("open", url)
	default:
		cmd = exec.Command("xdg-open", url)
	}
	go func() {
		if err := cmd.Run(); err != nil {
			failed(err)
		}
	}()
}
