package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

const reviewHelp = `Review compares an access matrix with records of decisions, and reports

  calls that will be refused when the rules are enforced
  grants that nobody used, and methods under "*" that nobody called
  grants of which that is not known: records are missing, lines that may be records
  could not be read, or a service has no record at all
  reviews that are overdue
  services that the file does not name
  clients that the file does not name, entries that only one of several clients uses, and
  scopes that every caller has (remarks, which change no exit status)

A record that was written under another file is judged again by this one. Such a record
does not show every claim: what it cannot show counts as met.

With --patch it writes a narrower file, as a patch: without the entries, clients and
methods that nobody used, and with the methods that were called in the place of "*". It
never admits more. The patch was tried: it admits every call of the records that the file
admits. Standard error says what it leaves alone, and why.

The exit status is 0 if there is nothing to do, 1 if there are findings (with --patch, if
there is a patch), and 2 if something cannot be read.`

const reviewExamples = `  grpcaud review access.yaml decisions.jsonl --since 90d
  grpcaud review access.yaml decisions-*.jsonl.gz -o html > review.html
  grpcaud review access.yaml decisions.jsonl --descriptors set.binpb --patch | git apply`

// mostMemory is from how much memory on speed is given for memory, in bytes.
const mostMemory = 400 << 20

func reviewCommand() *cobra.Command {
	var descriptors, since string
	var patch bool
	cmd := &cobra.Command{
		Use:   "review access.yaml decisions.jsonl...",
		Short: "Find out which grants nobody uses, from records of decisions",
		Long:  reviewHelp, Example: reviewExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return errors.New("want the records of decisions: " + cmd.Parent().CommandPath() + " " + cmd.Use)
			}
			return cli.Arguments(1, max(1, len(args)))(cmd, args)
		},
		ValidArgsFunction: cli.MatrixAndRecords,
	}
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptor.Usage)
	cmd.Flags().StringVar(&since, "since", "", "how long ago the review begins, such as 90d or 12h, or a date (default: with the first record)")
	cmd.Flags().BoolVar(&patch, "patch", false, "write a narrower file as a patch, for git apply or patch -p1")
	format := cli.OutputFlag(cmd, "table", "json", "markdown", "html")
	cmd.MarkFlagsMutuallyExclusive("patch", "output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if patch && args[0] == files.Dash {
			return errors.New("--patch changes the file of the access matrix: name it instead of -")
		}
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(mostMemory))
		counter, err := readRecords(cmd, args, descriptors, since)
		switch {
		case err != nil:
			return err
		case patch:
			return writePatch(cmd, counter)
		default:
			return output.WriteAnswer(cmd.OutOrStdout(), format.Value, counter.Report(), nil)
		}
	}
	return cmd
}

// readRecords counts the records for a review. The first argument is the matrix, and the
// others are the files with records.
func readRecords(cmd *cobra.Command, args []string, descriptors, since string) (*review.Counter, error) {
	now := time.Now()
	begin, err := review.Since(since, now)
	if err != nil {
		return nil, err
	}
	policy, set, err := files.Load(cmd, args[0], descriptors)
	if err != nil {
		return nil, err
	}
	counter := review.NewCounter(policy, set, args[0], begin, now)
	return counter, readInto(cmd, args[1:], counter)
}

// readInto reads the records in the files at these paths, of which there must be one.
func readInto(cmd *cobra.Command, paths []string, into interface {
	Record(*decision.Record) error
	Gap(decision.Gap) error
	Skipped(file string, lines decision.Skipped)
},
) error {
	log, err := recorded.Read(cmd, paths, into.Record, into.Gap)
	if err != nil {
		return err
	}
	for _, file := range log.Files {
		into.Skipped(file.Name, file.Skipped)
	}
	return log.Report(cmd.ErrOrStderr())
}

// writePatch writes the patch, and to standard error what it leaves alone.
func writePatch(cmd *cobra.Command, counter *review.Counter) error {
	patch, err := counter.Patch()
	if err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	output.WriteNotes(stderr, "narrowed", patch.Left)
	for _, note := range patch.Notes {
		fmt.Fprintf(stderr, "grpcaud: %s\n", output.Printable(note))
	}
	if patch.Text == "" {
		fmt.Fprintln(stderr, "grpcaud: there is nothing to narrow")
		return nil
	}
	if patch.Folder != "" {
		fmt.Fprintf(stderr, "grpcaud: apply the patch in %s\n", output.Printable(patch.Folder))
	}
	if _, err := io.WriteString(cmd.OutOrStdout(), patch.Text); err != nil {
		return err
	}
	return output.No
}
