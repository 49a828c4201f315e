package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/dev"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const devHelp = `Dev plays the issuers of the matrix on this machine, for development without an
identity provider. They grant exactly what the matrix allows, in tokens that are
written as each issuer's preset says.

It writes access.dev.yaml beside access.yaml: the same rules, with these issuers instead
of the real ones, and for each client a secret in an environment variable. Programs read
that file in the meantime. A file of that name that was edited by hand is never replaced.

It prints the secrets as lines for a shell, a call that is admitted, and one that is
refused. It follows access.yaml. A version that does not load changes nothing.

Users log in at the authorization endpoint (code with PKCE), with the roles that --role
gives to the --user before it. Clients with mtls get certificates of an authority that
lives as long as the command. The signal HUP, or a POST to /rotate, rotates the keys.

It listens on a loopback address only: whoever reaches it can be anybody.`

const devExamples = `  grpcaud dev access.yaml
  grpcaud dev access.yaml --user alice --role clerk --user bob --expire 30s`

// devOptions are the flags of the command dev.
type devOptions struct {
	dev.Options
	users       cli.Users
	descriptors string
}

func devCommand() *cobra.Command {
	var d devOptions
	cmd := &cobra.Command{
		Use:   "dev access.yaml",
		Short: "Play the issuers of the matrix on this machine",
		Long:  devHelp, Example: devExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return d.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&d.Addr, "addr", "127.0.0.1:0", "the loopback address to listen on; port 0 is any free port")
	flags.StringVar(&d.Output, "out", "", "the matrix for programs (default: access.dev.yaml beside access.yaml)")
	flags.DurationVar(&d.Lifetime, "expire", 5*time.Minute, "how long tokens are valid")
	flags.StringVar(&d.descriptors, "descriptors", "", descriptor.Usage)
	d.users.Flags(cmd)
	return cmd
}

// run plays the issuers until the command is interrupted.
func (d devOptions) run(cmd *cobra.Command, path string) error {
	if err := d.complete(path); err != nil {
		return err
	}
	policy, set, err := files.Load(cmd, path, d.descriptors)
	if err != nil {
		return err
	}
	d.Methods = set.Methods
	server, err := dev.Listen(d.Options, policy)
	if err != nil {
		return err
	}
	defer server.Close()
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP) // which Windows never sends
	defer signal.Stop(hangUp)
	if err := output.Write(cmd.OutOrStdout(), server.Write); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { d.follow(ctx, cmd, server, set.Options) })
	all.Go(func() { rotateOn(ctx, hangUp, cmd, server) })
	defer context.AfterFunc(ctx, func() { server.Close() })()
	return server.Serve()
}

// complete fills in what was left out, and refuses what cannot work.
func (d *devOptions) complete(path string) error {
	if path == files.Dash {
		return errors.New("dev follows the matrix and writes another beside it: name a file, not standard input")
	}
	if d.Lifetime < time.Second {
		return fmt.Errorf("--expire %v: want a second or more", d.Lifetime)
	}
	d.Path, d.Users = path, d.users.List
	if d.Output == "" {
		d.Output = dev.OutputPath(path)
	}
	return nil
}

// follow applies each change of the matrix until ctx ends.
func (d devOptions) follow(ctx context.Context, cmd *cobra.Command, server *dev.Server, options []access.MethodOptions) {
	known, reports := server.Secrets(), 0
	report := func(s policyfile.Stats) {
		reports++
		if s.Err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: %s is not applied, and the last good one stays:\n", d.Path)
			printError(cmd.ErrOrStderr(), s.Err)
			return
		}
		if reports > 1 { // the first is of the file that is played already
			fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: %s is applied, and %s is written\n", d.Path, d.Output)
		}
		_ = output.Write(cmd.OutOrStdout(), func(p *output.Page) { server.WriteNewSecrets(p, known) }) // nobody may read any more
		known = server.Secrets()
	}
	_ = policyfile.Watch(ctx, d.Path, server.Swap, policyfile.WatchLogger(slog.New(slog.DiscardHandler)),
		policyfile.WatchReport(report), policyfile.WatchMethodOptions(options...)) // it only returns errors about its arguments
}

// rotateOn rotates the keys at each signal until ctx ends.
func rotateOn(ctx context.Context, signals <-chan os.Signal, cmd *cobra.Command, server *dev.Server) {
	for {
		select {
		case <-signals:
			server.Rotate()
			fmt.Fprintln(cmd.ErrOrStderr(), "grpcaud: the keys are rotated")
		case <-ctx.Done():
			return
		}
	}
}
