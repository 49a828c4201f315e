package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// run runs the program and returns its exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	root.SetIn(&files.StandardInput{Reader: stdin})
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if cmd == root && len(args) > 0 && strings.HasPrefix(err.Error(), "unknown command") {
		err = see(cmd, fmt.Errorf("%w%s", err, nearest.Hint(args[0], commandNames(cmd))))
	}
	if code, ok := errors.AsType[output.ExitStatus](err); ok {
		return int(code)
	}
	printError(stderr, err)
	return int(output.Unknown)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "grpcaud",
		Short: "Check, show, explain and compare the access matrix of gRPC services",
		Long: `Grpcaud works with the access matrix: the file that says which client may call
which method of which service, with which tokens. For the file and for tokens, -
is standard input.

The exit status is 0 if all is well, 1 if the answer is no, and 2 if there is no
answer: wrong use, a broken file, or an issuer that cannot be asked.`,
		Example: `  grpcaud check access.yaml
  grpcaud matrix access.yaml
  grpcaud explain access.yaml --service order-status --method GetOrderStatus < token`,
		Version:            version(),
		SilenceUsage:       true,
		SilenceErrors:      true,
		DisableSuggestions: true, // run writes its own
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return see(cmd, cmp.Or(cli.CheckRequired(cmd), cmd.ValidateFlagGroups()))
		},
	}
	root.AddCommand(
		checkCommand(),
		matrixCommand(),
		explainCommand(),
		tokenCommand(),
		doctorCommand(),
		initCommand(), devCommand(), uiCommand(),
		serveCommand(), callCommand(),
		authzCommand(), revokeCommand(), statusCommand(),
		diffCommand(), reachCommand(), learnCommand(), reviewCommand(),
		exportCommand(),
		presetsCommand(),
		schemaCommand(),
		versionCommand(),
	)
	root.SetVersionTemplate("{{.Version}}")
	root.SetFlagErrorFunc(see)
	return root
}

// see adds the command for help to an error about the arguments; nil stays nil.
func see(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	return names
}

// printError writes an error: one line for each joined error.
func printError(w io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "grpcaud: %s\n", output.Printable(output.StripPackage(strings.TrimSpace(line))))
	}
}
