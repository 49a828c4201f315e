package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/login"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/jwkset"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

const checkHelp = `Check reads the access matrix as a server does, and reports

  mistake   the file and the .proto files contradict each other: a method without
            a rule, a rule without a method
  warning   the file is valid, but probably wrong: a client that no rule names, a
            service that nobody may call, an audience that two services share, an
            audience that the provider puts into every token, an entry for users
            that no user's token can reach, clients with names that are alike, a
            review that is overdue; with --strict also an entry without why, and
            a service without owner
  info      the file allows much: every method, any client, no scope; or an entry is
            for users, and the file does not say at which of its clients they log in

Give it a set of descriptors to compare with the .proto files; protoc
--descriptor_set_out=set.binpb and buf build -o set.binpb make one. Options of
package grpcaud.v1 in it are merged with the file, as a server does.

The exit status is 0 if there is no mistake, 1 if there is one (with --strict, or
a warning), and 2 if the file cannot be read or is no access matrix; then standard
error says why, with line and column, and what else is probably wrong.`

const checkExamples = `  grpcaud check access.yaml
  grpcaud check access.yaml --descriptors set.binpb --strict -o json`

func checkCommand() *cobra.Command {
	var descriptors string
	var strict bool
	cmd := &cobra.Command{
		Use:   "check access.yaml",
		Short: "Find mistakes in an access matrix, and what is probably wrong",
		Long:  checkHelp, Example: checkExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	cmd.Flags().StringVar(&descriptors, "descriptors", "", descriptor.Usage)
	cmd.Flags().BoolVar(&strict, "strict", false, "warn of an entry without why and a service without owner, and exit with 1 for a warning, too")
	format := cli.OutputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := check(cmd, args[0], descriptors, strict)
		if err != nil {
			return err
		}
		if err := output.Write(cmd.OutOrStdout(), func(p *output.Page) { found.write(p, format.Value) }); err != nil {
			return err
		}
		if found.count(access.Mistake) > 0 || strict && found.count(access.Warning) > 0 {
			return output.No
		}
		return nil
	}
	return cmd
}

// findings are the results of check.
type findings []*policyfile.Error

// check returns the findings in the file at path, and in its comparison with the
// descriptors, if there are any.
func check(cmd *cobra.Command, path, descriptors string, strict bool) (findings, error) {
	set, err := descriptor.Read(descriptors)
	if err != nil {
		return nil, err
	}
	matrix, err := files.OpenMatrix(cmd, path)
	if err != nil {
		return nil, err
	}
	policy, err := matrix.Policy(set.Options...)
	if err != nil {
		return nil, withWarnings(err, matrix, set)
	}
	problems := slices.Concat(policy.Warnings(), login.Check(policy.Matrix()), filesOfIssuers(policy.Matrix()))
	problems = slices.Concat(problems, policy.Overdue(time.Now()), alikeNames(policy.Matrix()))
	if strict {
		problems = slices.Concat(problems, unexplained(policy))
	}
	if descriptors != "" {
		problems = slices.Concat(problems, set.Compare(policy))
	}
	return matrix.Locate(problems, set.Options...)
}

// filesOfIssuers warns of files of issuers that hold no keys or no authorities.
func filesOfIssuers(m access.Matrix) []*access.Problem {
	var problems []*access.Problem
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		issuer := m.Issuers[name]
		for key, err := range map[string]error{"keys_file": checkKeysFile(issuer.KeysFile), "ca_file": checkCAFile(issuer.CAFile)} {
			if err != nil {
				problems = append(problems, &access.Problem{Path: []string{"issuers", name, key}, Text: err.Error(), Severity: access.Warning})
			}
		}
	}
	return problems
}

func checkKeysFile(path string) error {
	if path == "" {
		return nil
	}
	data, err := regularfile.Read(path, 1<<20)
	if err != nil {
		return fmt.Errorf("no keys: %w", err)
	}
	if what := jwkset.Misfit(data); what != "" {
		return fmt.Errorf("%s is not a JWK set: %s", path, what)
	}
	return nil
}

func checkCAFile(path string) error {
	if path == "" {
		return nil
	}
	return files.AddCertificates(x509.NewCertPool(), path)
}

// withWarnings adds the warnings about a file to the error about its mistakes, so that
// all can be fixed at once.
func withWarnings(err error, matrix files.MatrixFile, set descriptor.Set) error {
	found, _ := matrix.Locate(nil, set.Options...)
	for _, x := range found {
		if x.Severity == access.Warning {
			warning := *x
			warning.Text = "warning: " + x.Text
			err = errors.Join(err, &warning)
		}
	}
	return err
}

func (f findings) count(s access.Severity) int {
	n := 0
	for _, x := range f {
		if x.Severity == s {
			n++
		}
	}
	return n
}

func (f findings) write(p *output.Page, format string) {
	if format == "json" {
		f.json(p)
		return
	}
	colours := map[access.Severity]string{access.Mistake: output.Bad, access.Warning: output.Doubt, access.Info: output.Faint}
	var rows [][]string
	for _, x := range f {
		bare := *x
		bare.Text = ""
		place := bare.Error()
		rows = append(rows, []string{p.Colour(colours[x.Severity], x.Severity.String()), output.Printable(place[:len(place)-len(": ")]), output.Printable(x.Text)})
	}
	p.Table("", rows)
	p.Printf("%s, %s, %s\n", output.Plural(f.count(access.Mistake), "mistake"), output.Plural(f.count(access.Warning), "warning"), output.Plural(f.count(access.Info), "info"))
}

func (f findings) json(p *output.Page) {
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
	p.JSON(map[string]any{"findings": all})
}
