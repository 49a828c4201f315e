package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/revoke"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/store"
)

const statusHelp = `Status shows the replicas of the servers that share a list of revocations: which policy
each enforces, how many entries its list has, how many changes it lacks, for how long
it has heard nothing from the store, and when something was revoked last.

With an access matrix it compares the policy of each with that file. Without, the
replicas are compared with each other.

` + store.Help + `

The exit status is 0 if every replica knows what was revoked and enforces the same
policy; 1 if one is stale, lacks something, has another number of entries than the
store or another policy, or if there is none; and 2 if the store cannot be asked. A
replica that was killed is listed for a minute.`

const statusExamples = `  grpcaud status --store valkeys://valkey.internal:6379 --store-user operator --store-password-file password
  grpcaud status access.yaml --store valkeys://valkey.internal:6379 -o json`

// settleTime is for how long replicas that lack something are watched: a change takes a
// moment, and is no fault.
const settleTime = 3 * time.Second

// statusOptions are the flags of the command status.
type statusOptions struct {
	store       store.Flags
	descriptors string
}

func statusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status [access.yaml] --store URL",
		Short: "Show the replicas that share a list of revocations",
		Long:  statusHelp, Example: statusExamples,
		Args:              cli.Arguments(0, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	o.store.Add(cmd)
	cmd.Flags().StringVar(&o.descriptors, "descriptors", "", descriptor.Usage)
	format := cli.OutputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		answer, err := o.ask(cmd, args)
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, answer, err)
	}
	return cmd
}

// ask asks the store for the replicas.
func (o *statusOptions) ask(cmd *cobra.Command, args []string) (output.Answer, error) {
	var policy string
	for _, path := range args {
		p, _, err := files.Load(cmd, path, o.descriptors)
		if err != nil {
			return nil, err
		}
		policy = p.Generation()
	}
	list, err := o.store.Open(cmd.Context())
	if err != nil {
		return nil, err
	}
	defer list.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), min(o.store.Timeout, settleTime))
	defer cancel()
	replicas, err := list.Await(ctx)
	if err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	return revoke.NewStatus(replicas, policy, time.Now()), nil
}
