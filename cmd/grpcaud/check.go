package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

const checkHelp = `Check reads the access matrix as a server does, and reports

  mistake   the file and the .proto files contradict each other: a method without
            a rule, a rule without a method
  warning   what is allowed but rarely meant: a client that no rule names, a
            service that nobody may call, an audience that two services share, an
            audience that the provider puts into every token
  info      what is wide on purpose: every method, any client, no scope

Give it a set of descriptors to compare with the .proto files; protoc
--descriptor_set_out=set.binpb and buf build -o set.binpb make one. Options of
package grpcaud.v1 in it are merged with the file, as a server does.

The exit status is 0 if there is no mistake, 1 if there is one (with --strict, or
a warning), and 2 if the file cannot be read or is no access matrix; then standard
error says why, with line and column.`

const checkExamples = `  grpcaud check access.yaml
  grpcaud check access.yaml --descriptors set.binpb --strict -o json`

func checkCommand() *cobra.Command {
	var descriptors string
	var strict bool
	cmd := &cobra.Command{
		Use:   "check access.yaml",
		Short: "Find what is wrong with an access matrix, or rarely meant",
		Long:  checkHelp, Example: checkExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptorsUsage)
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 for warnings too")
	format := outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := check(cmd, args[0], descriptors)
		if err != nil {
			return err
		}
		if err := write(cmd, func(p *page) { found.write(p, format.word) }); err != nil {
			return err
		}
		if found.count(audience.Mistake) > 0 || strict && found.count(audience.Warning) > 0 {
			return no
		}
		return nil
	}
	return cmd
}

// findings are what check reports.
type findings []*policyfile.Error

// check lints the file at path, and compares it with the descriptors, if there
// are any.
func check(cmd *cobra.Command, path, descriptors string) (findings, error) {
	set, err := readDescriptors(descriptors)
	if err != nil {
		return nil, err
	}
	matrix, err := openMatrix(cmd, path)
	if err != nil {
		return nil, err
	}
	policy, err := matrix.policy(set.options...)
	if err != nil {
		return nil, err
	}
	problems := policy.Warnings()
	if descriptors != "" {
		problems = slices.Concat(problems, set.compare(policy))
	}
	return matrix.locate(problems, set.options...)
}

func (f findings) count(s audience.Severity) int {
	n := 0
	for _, x := range f {
		if x.Severity == s {
			n++
		}
	}
	return n
}

func (f findings) write(p *page, format string) {
	if format == "json" {
		f.json(p)
		return
	}
	colours := map[audience.Severity]string{audience.Mistake: bad, audience.Warning: doubt, audience.Info: faint}
	var rows [][]string
	for _, x := range f {
		bare := *x
		bare.Text = ""
		place := bare.Error()
		rows = append(rows, []string{p.in(colours[x.Severity], x.Severity.String()), printable(place[:len(place)-len(": ")]), printable(x.Text)})
	}
	p.table("", rows)
	p.printf("%s, %s, %s\n", plural(f.count(audience.Mistake), "mistake"), plural(f.count(audience.Warning), "warning"), plural(f.count(audience.Info), "info"))
}

func (f findings) json(p *page) {
	type finding struct {
		Severity string `json:"severity"`
		File     string `json:"file"`
		Line     int    `json:"line,omitempty"`
		Column   int    `json:"column,omitempty"`
		Text     string `json:"text"`
	}
	all := []finding{}
	for _, x := range f {
		all = append(all, finding{x.Severity.String(), x.File, x.Line, x.Column, x.Text})
	}
	p.json(map[string]any{"findings": all})
}
