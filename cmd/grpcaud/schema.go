package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const schemaHelp = `Schema prints the JSON Schema of the access matrix (draft 2020-12), with which an
editor completes keys and marks mistakes. An editor with the YAML language server
reads it if the first line of the matrix is

  # yaml-language-server: $schema=access.schema.json

With --decisions it prints the schema of the records of decisions that servers
write.`

func schemaCommand() *cobra.Command {
	var decisions bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the access matrix, for editors",
		Long:  schemaHelp, Example: "  grpcaud schema > access.schema.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := string(policyfile.Schema())
			if decisions {
				text = decision.Schema()
			}
			return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", text) })
		},
	}
	cmd.Flags().BoolVar(&decisions, "decisions", false, "print the schema of the records of decisions instead")
	return cmd
}
