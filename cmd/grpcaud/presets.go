package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/preset"
	"github.com/grpcaud/grpcaud/internal/provider"
)

const presetsHelp = `Presets lists the presets that an issuer of the access matrix may name: the kinds of
authorization servers that grpcaud knows, each with its page of the documentation.

With a name it prints that preset written out, as a mapping that can replace the name.
Paste it, and change what your server does differently.`

func presetsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "presets [NAME]",
		Short: "List the presets, or print one to start from",
		Long:  presetsHelp, Example: "  grpcaud presets\n  grpcaud presets keycloak",
		Args:      cli.Arguments(0, 1),
		ValidArgs: provider.Presets(),
	}
	format := cli.OutputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return output.WriteAnswer(cmd.OutOrStdout(), format.Value, preset.All(), nil)
		}
		one, err := preset.New(args[0])
		if err != nil {
			return see(cmd, err)
		}
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, one, nil)
	}
	return cmd
}
