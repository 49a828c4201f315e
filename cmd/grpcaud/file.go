package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// read returns what the regular file at path holds, up to most bytes.
func read(path string, most int64) ([]byte, error) {
	return regularfile.Read(path, most)
}

// load reads the access matrix at path, with the options in a set of descriptors,
// if there is one.
func load(cmd *cobra.Command, path, descriptorSet string) (*audience.Policy, descriptors, error) {
	set, err := readDescriptors(descriptorSet)
	if err != nil {
		return nil, set, err
	}
	policy, err := loadMatrix(cmd, path, set.options...)
	return policy, set, err
}

// known checks a name that the user wrote against those that there are.
func known(what, name string, names iter.Seq[string]) error {
	all := slices.Collect(names)
	if slices.Contains(all, name) {
		return nil
	}
	return fmt.Errorf("no %s %q in the file%s", what, name, nearest.Hint(name, all))
}

// matrixFiles completes the arguments of a command that takes so many files.
func matrixFiles(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// suggest completes a flag with values that depend on the arguments so far.
func suggest(cmd *cobra.Command, flag string, values func(args []string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return values(args), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag, or it is completed already
	}
}

// ofFile completes with names of the matrix that the first argument names.
func ofFile(names func(audience.Matrix) []string) func(args []string) []string {
	return func(args []string) []string {
		if len(args) == 0 || args[0] == dash {
			return nil
		}
		policy, err := policyfile.Load(args[0])
		if err != nil {
			return nil
		}
		return names(policy.Matrix())
	}
}

// serviceNames are those of the services, and of the APIs of others.
func serviceNames(m audience.Matrix) []string {
	names := slices.AppendSeq(guardedNames(m), maps.Keys(m.External))
	slices.Sort(names)
	return names
}

func guardedNames(m audience.Matrix) []string { return slices.Sorted(maps.Keys(m.Services)) }

func clientNames(m audience.Matrix) []string { return slices.Sorted(maps.Keys(m.Clients)) }
