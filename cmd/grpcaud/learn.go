package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

const learnHelp = `Learn writes an access matrix that admits the calls which records of decisions tell of,
and no others: each client with the methods that it called, the scopes that all these
calls had, and whether users or services called. The records are those that servers
write, also while a rollout lets calls through: a matrix that only names services is
enough to begin with.

Only calls that were let through are learnt, with genuine tokens that are addressed to the
service. Everything else is listed on standard error, and is not guessed. Read the file
before you enforce it: it says what was called, and not what should be.

With --base, everything in that file stays but the entries under allow of the services
that were called, and new clients are added. Without it, records must say enough: a
described preset, introspection, tokens without aud and operations over HTTP need a base.
With --descriptors, methods that nobody called are closed.

The exit status is 0 if a file was written, and 2 if nothing can be learnt or a log cannot
be read.`

const learnExamples = `  grpcaud learn --descriptors set.binpb decisions.jsonl > access.yaml
  grpcaud learn --base observe.yaml /var/log/orders/*.jsonl.gz > access.yaml
  zcat *.gz | grpcaud learn - | grpcaud check -`

// maxBase is the size of the largest base, in bytes.
const maxBase = 8 << 20

func learnCommand() *cobra.Command {
	var descriptors, base string
	cmd := &cobra.Command{
		Use:   "learn decisions.jsonl...",
		Short: "Write an access matrix from what running servers have recorded",
		Long:  learnHelp, Example: learnExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("want files with records of decisions, or - for standard input: %s %s", cmd.Parent().CommandPath(), cmd.Use)
			}
			return nil
		},
		ValidArgsFunction: cli.RecordFiles,
	}
	cmd.Flags().StringVar(&base, "base", "", "an access matrix, of which everything stays but the entries of the services that were called")
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptor.Usage)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		matrix, err := learnt(cmd, args, base, descriptors)
		if err != nil {
			return err
		}
		return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", matrix) })
	}
	return cmd
}

// learnt returns the matrix that is learnt from these files.
func learnt(cmd *cobra.Command, paths []string, base, descriptors string) ([]byte, error) {
	set, err := descriptor.Read(descriptors)
	if err != nil {
		return nil, err
	}
	from := learn.Base{Name: base}
	if base != "" {
		if from.Text, err = files.ReadInput(cmd, base, "access matrix", maxBase); err != nil {
			return nil, err
		}
	}
	collector := learn.NewCollector()
	log, err := recorded.Read(cmd, paths, collector.Add, nil)
	if err != nil {
		return nil, err
	}
	stderr := cmd.ErrOrStderr()
	if err := log.Report(stderr); err != nil {
		return nil, err
	}
	if log.Last.After(time.Now().Add(recorded.ClockDifference)) {
		fmt.Fprintf(stderr, "grpcaud: the last record is of %s, which is in the future: is the clock of a server wrong?\n", output.Stamp(log.Last))
	}
	return collector.Matrix(log.Count, from, set, stderr)
}
