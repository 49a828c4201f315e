package main

import (
	"github.com/spf13/cobra"
)

const matrixHelp = `Matrix draws the access matrix: for each service, which clients may call which
methods, and what their tokens must hold.

  table      the entries of the file, for a terminal (the default)
  markdown   clients and methods as tables, for a wiki or a pull request
  mermaid    a graph, for Markdown that draws Mermaid
  dot        a graph, for Graphviz
  html       one page that needs nothing else, to be looked at and printed
  json       for programs

Clients with the same rights share a row, methods with the same rules a column:
a drawing grows with what is allowed, not with what could be.`

const matrixExamples = `  grpcaud matrix access.yaml
  grpcaud matrix access.yaml --client customer-portal
  grpcaud matrix access.yaml -o html > matrix.html
  grpcaud matrix access.yaml -o dot --service order-status | dot -Tsvg > matrix.svg`

func matrixCommand() *cobra.Command {
	var descriptors string
	var services, clients []string
	cmd := &cobra.Command{
		Use:   "matrix access.yaml",
		Short: "Draw who may call what",
		Long:  matrixHelp, Example: matrixExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	cmd.Flags().StringSliceVar(&services, "service", nil, "draw this service alone; may be repeated")
	cmd.Flags().StringSliceVar(&clients, "client", nil, "draw what this client may do; may be repeated")
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptorsUsage)
	suggest(cmd, "service", ofFile(serviceNames))
	suggest(cmd, "client", ofFile(clientNames))
	format := outputFlag(cmd, "table", "markdown", "mermaid", "dot", "html", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := readDescriptors(descriptors)
		if err != nil {
			return err
		}
		policy, err := loadMatrix(cmd, args[0], set.options...)
		if err != nil {
			return err
		}
		d, err := draw(policy.Matrix(), set.options, services, clients)
		if err != nil {
			return err
		}
		return write(cmd, func(p *page) { d.write(p, format.word) })
	}
	return cmd
}

// write draws d in one of the formats of the command.
func (d *drawing) write(p *page, format string) {
	switch format {
	case "markdown":
		d.markdown(p)
	case "mermaid":
		d.mermaid(p)
	case "dot":
		d.dot(p)
	case "html":
		d.html(p)
	case "json":
		p.json(d)
	default:
		d.table(p)
	}
}

func (d *drawing) table(p *page) {
	for i, s := range d.Services {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("%s  %s\n", p.in(bold, printable(s.Name)), p.in(faint, s.about()))
		for _, remark := range s.Remarks {
			p.printf("  %s\n", p.in(doubt, printable(remark)))
		}
		if len(s.Allow) == 0 {
			continue
		}
		rows := [][]string{p.head("CLIENTS", "METHODS", "THE TOKEN NEEDS")}
		for _, e := range s.Allow {
			rows = append(rows, []string{few(e.who()), few(e.what()), e.demands.String()})
		}
		p.table("  ", rows)
	}
	if len(d.Public) > 0 {
		p.printf("\n%s  %s\n", p.in(bold, "public"), words(d.Public))
	}
}

// about says whom tokens for s are addressed to and by whom they are made.
func (s service) about() string {
	about := "audience " + joined(s.Audiences, " or ")
	if len(s.Issuers) > 0 {
		about += ", issuer " + joined(s.Issuers, " or ")
	}
	if len(s.GRPC) > 0 {
		about += ", gRPC " + words(s.GRPC)
	}
	return about
}

// few joins the first of many values.
func few(values []string) string {
	const most = 8
	if len(values) <= most {
		return words(values)
	}
	return words(values[:most]) + " and " + plural(len(values)-most, "other")
}
