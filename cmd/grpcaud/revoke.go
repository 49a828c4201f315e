package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/revoke"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/store"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

// revokeOptions are the flags of the command revoke.
type revokeOptions struct {
	revoke.Request
	store  store.Flags
	token  string
	dryRun bool
}

const revokeHelp = `Revoke has every replica of the servers refuse tokens that have not expired, and end
the streams that run with them. The tokens are named by

  --token-file      one token, in a file or, for -, on standard input
  --jti             one token, by its id
  --session         the tokens of one login (sid)
  --subject         the tokens of a user (sub)
  --client          the tokens of a client of the file
  --issued-before   only tokens that were issued before that time, or before now

Several together name the tokens that match all of them. With --issued-before, the
user can log in again; without, the user is locked out until the revocation ends. That is
when the last of these tokens has expired, by the longest lifetime of a token that the
issuer may give (max_lifetime), or after --for.

It waits until every replica that follows the list knows it, and says how long that took.
With --dry-run nothing is revoked: it says whom the tokens concern by the file, and which
replicas follow.

` + store.Help + `

The exit status is 0 if every replica knows it; 1 if one does not, or if there is none;
and 2 if nothing was revoked. A replica that cannot be reached learns it when it is back,
and refuses calls until then once it is stale.`

const revokeExamples = `  grpcaud revoke access.yaml --store valkeys://valkey.internal:6379 --subject alice --issued-before now --dry-run
  grpcaud revoke access.yaml --store valkeys://valkey.internal:6379 --token-file - < token`

func revokeCommand() *cobra.Command {
	var o revokeOptions
	cmd := &cobra.Command{
		Use:   "revoke access.yaml --store URL",
		Short: "Have every replica refuse tokens that have not expired",
		Long:  revokeHelp, Example: revokeExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	o.store.Add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.token, "token-file", "", "the file with the token to revoke; - is standard input")
	flags.StringVar(&o.ID, "jti", "", "revoke the token with this id")
	flags.StringVar(&o.Session, "session", "", "revoke the tokens of this login")
	flags.StringVar(&o.Subject, "subject", "", "revoke the tokens of this user")
	flags.StringVar(&o.Client, "client", "", "revoke the tokens of this client of the file")
	flags.StringVar(&o.IssuedBefore, "issued-before", "", "only tokens that were issued before this time (RFC 3339), or before now")
	flags.BoolVar(&o.Everybody, "everybody", false, "let --issued-before alone name all tokens of the issuer")
	flags.StringVar(&o.Issuer, "issuer", "", "the issuer of the tokens, by its name in the file (default: the only one)")
	flags.DurationVar(&o.For, "for", 0, "how long they are refused (default: the longest lifetime of a token of the issuer)")
	flags.BoolVar(&o.dryRun, "dry-run", false, "revoke nothing; say whom it would concern")
	for _, other := range []string{"jti", "session", "subject", "client", "issued-before", "everybody", "for"} {
		cmd.MarkFlagsMutuallyExclusive("token-file", other)
	}
	cli.Complete(cmd, "issuer", cli.FromMatrix(files.IssuerNames))
	cli.Complete(cmd, "client", cli.FromMatrix(files.ClientNames))
	format := cli.OutputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		answer, err := o.revoke(cmd, args[0])
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, answer, err)
	}
	return cmd
}

// revoke revokes what the flags name, by the matrix at path.
func (o *revokeOptions) revoke(cmd *cobra.Command, path string) (output.Answer, error) {
	policy, err := files.LoadMatrix(cmd, path)
	if err != nil {
		return nil, err
	}
	target, err := o.target(cmd, policy.Matrix())
	if err != nil {
		return nil, err
	}
	list, err := o.store.Open(cmd.Context())
	if err != nil {
		return nil, err
	}
	defer list.Close()
	report := &revoke.Report{Target: target, DryRun: o.dryRun}
	return report, o.carryOut(cmd.Context(), list, report)
}

// target returns which tokens are to be revoked.
func (o *revokeOptions) target(cmd *cobra.Command, m access.Matrix) (revoke.Target, error) {
	for _, flag := range []string{"jti", "session", "subject", "client", "issued-before", "token-file", "for"} {
		if f := cmd.Flags().Lookup(flag); f.Changed && (f.Value.String() == "" || f.Value.String() == "0s") {
			return revoke.Target{}, fmt.Errorf("--%s is empty: give it a value, or leave it out", flag)
		}
	}
	if o.token == "" {
		return o.Named(m, time.Now())
	}
	token, err := tokenrequest.ReadToken(cmd, o.token)
	if err != nil {
		return revoke.Target{}, err
	}
	return o.Held(m, token, time.Now())
}

// carryOut revokes the tokens, unless it is a dry run, and waits for the replicas.
func (o *revokeOptions) carryOut(ctx context.Context, list *shared.List, report *revoke.Report) error {
	began := time.Now()
	if !o.dryRun {
		switch err := list.Revoke(ctx, report.Target.Entry); {
		case errors.Is(err, revocation.ErrFull):
			return errors.New("nothing was revoked: the list is full; raise the bound of the servers, and --bound, or wait until entries expire")
		case err != nil:
			return fmt.Errorf("the store has not confirmed it, so run the command again: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.store.Timeout)
	defer cancel()
	replicas, err := list.Await(ctx)
	report.Replicas, report.Took = replicas, time.Since(began)
	if err != nil && !o.dryRun {
		return fmt.Errorf("it was revoked, and which replicas know it could not be found out: %w", err)
	}
	return err
}
