package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const matrixHelp = `Matrix shows the access matrix: for each service, which clients may call which
methods, and what their tokens need.

  table      the entries of the file, for a terminal (the default)
  markdown   clients and methods as tables, for a wiki or a pull request
  mermaid    a graph, for Markdown with Mermaid
  dot        a graph, for Graphviz
  html       one page without other files, for a browser or a printer
  json       for programs

Clients with the same rights share a row, and methods with the same rules share a
column.`

const matrixExamples = `  grpcaud matrix access.yaml
  grpcaud matrix access.yaml --client customer-portal
  grpcaud matrix access.yaml -o html > matrix.html
  grpcaud matrix access.yaml -o dot --service order-status | dot -Tsvg > matrix.svg`

func matrixCommand() *cobra.Command {
	var descriptors string
	var services, clients []string
	cmd := &cobra.Command{
		Use:   "matrix access.yaml",
		Short: "Show who may call what",
		Long:  matrixHelp, Example: matrixExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	cmd.Flags().StringSliceVar(&services, "service", nil, "show this service only; may be repeated")
	cmd.Flags().StringSliceVar(&clients, "client", nil, "show what this client may do; may be repeated")
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptor.Usage)
	cli.Complete(cmd, "service", cli.FromMatrix(files.ServiceNames))
	cli.Complete(cmd, "client", cli.FromMatrix(files.ClientNames))
	format := cli.OutputFlag(cmd, "table", "markdown", "mermaid", "dot", "html", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		policy, set, err := files.Load(cmd, args[0], descriptors)
		if err != nil {
			return err
		}
		d, err := draw.New(policy, set.Options, services, clients)
		if err != nil {
			return err
		}
		return output.Write(cmd.OutOrStdout(), func(p *output.Page) { d.Write(p, format.Value) })
	}
	return cmd
}
