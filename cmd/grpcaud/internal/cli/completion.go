package cli

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// MatrixFiles completes the arguments of a command that takes at most that many files.
func MatrixFiles(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// MatrixAndRecords completes the arguments of a command that takes an access matrix, and
// then files with records of decisions.
func MatrixAndRecords(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return RecordFiles(cmd, args, toComplete)
	}
	return MatrixFiles(1)(cmd, args, toComplete)
}

// RecordFiles completes files with records of decisions.
func RecordFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"jsonl", "json", "log", "gz"}, cobra.ShellCompDirectiveFilterFileExt
}

// Complete sets the completion of a flag; the values may depend on the arguments.
func Complete(cmd *cobra.Command, flag string, values func(args []string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(args), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag does not exist, or has a completion
	}
}

// FromMatrix returns values for [Complete]: names in the matrix that is the first
// argument.
func FromMatrix(names func(access.Matrix) []string) func(args []string) []string {
	return func(args []string) []string {
		if len(args) == 0 || args[0] == files.Dash {
			return nil
		}
		policy, err := policyfile.Load(args[0])
		if err != nil {
			return nil
		}
		return names(policy.Matrix())
	}
}
