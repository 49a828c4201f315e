package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/reach"
)

const reachHelp = `Reach shows who can make whom do what: which methods each client can call, directly
and through services that call on. Every way is shown with its calls, the entries that
admit them and their lines, the shortest first. It is what can be, and not what is:
which calls a handler makes, and which scopes and roles somebody has, is not known.

  as itself               with a token of the client alone
  for a user              with a token that a user has from the client
  on behalf of the user   with a token that was exchanged for that of the user
  forwards the token      with the token that the service received
  without a token         the method is public, or the token optional
  rules are not enforced  a rollout lets the call through until it ends; --enforced leaves
                          these calls out, as if all rollouts had ended

The user is kept if the last token identifies the user who began, and LOST if a service
on the way calls as itself for what a user asked of it; none means that nobody began but
the client. A service calls on as its runs_as, or else as the client that has its name,
or its name or audience as id.

The exit status is 0 if there is a way, 1 if there is none, and 2 if the file cannot be
read or has no such name.`

const reachExamples = `  grpcaud reach access.yaml --from customer-portal
  grpcaud reach access.yaml --to human-resource/GetEmployee
  grpcaud reach learnt.yaml --enforced
  grpcaud reach access.yaml -o html > reach.html`

func reachCommand() *cobra.Command {
	var descriptors, from, to string
	var enforced bool
	cmd := &cobra.Command{
		Use:   "reach access.yaml",
		Short: "Show who can reach what, also through services that call on",
		Long:  reachHelp, Example: reachExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	cmd.Flags().StringVar(&from, "from", "", "the client with which the ways begin (default: each)")
	cmd.Flags().StringVar(&to, "to", "", "SERVICE or SERVICE/METHOD with which they end (default: each)")
	cmd.Flags().BoolVar(&enforced, "enforced", false, "leave rollouts out: show what can be when all of them have ended")
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptor.Usage)
	cli.Complete(cmd, "from", cli.FromMatrix(files.ClientNames))
	cli.Complete(cmd, "to", cli.FromMatrix(files.ServiceNames))
	format := cli.OutputFlag(cmd, "table", "html", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, _, err := files.Load(cmd, args[0], descriptors)
		if err != nil {
			return err
		}
		q, err := reach.Ask(policy, from, to)
		if err != nil {
			return err
		}
		if enforced {
			q = q.Enforced()
		}
		found := false
		if err := output.Write(cmd.OutOrStdout(), func(p *output.Page) { found = q.Write(p, format.Value) }); err != nil {
			return err
		}
		if !found {
			return output.No
		}
		return nil
	}
	return cmd
}
