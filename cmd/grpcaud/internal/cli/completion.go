package cli

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// MatrixFiles completes the arguments of a command that takes so many files.
func MatrixFiles(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// Complete completes a flag with values that depend on the arguments so far.
func Complete(cmd *cobra.Command, flag string, values func(args []string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(args), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag, or it is completed already
	}
}

// FromMatrix completes with names of the matrix that the first argument names.
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
