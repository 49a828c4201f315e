package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const schemaHelp = `Schema prints the JSON Schema of the access matrix (draft 2020-12), with which an
editor completes keys and marks mistakes. An editor with the YAML language server
reads it if the first line of the matrix is

  # yaml-language-server: $schema=access.schema.json`

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the access matrix, for editors",
		Long:  schemaHelp, Example: "  grpcaud schema > access.schema.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", policyfile.Schema()) })
		},
	}
}
