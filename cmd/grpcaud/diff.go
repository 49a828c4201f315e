package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

const diffHelp = `Diff compares two access matrices by their meaning, not by their text: which clients
may call which methods with one and not with the other, for whom the demands on
tokens become weaker or stronger, and what else changes in issuers, services, clients
and public methods.

  gains      may call, and could not before
  loses      could call before, and may not any more
  weaker     may call with each token that was accepted before, and with others
  stronger   may call with some of the tokens that were accepted before
  other      may call with other tokens
  changed    anything else

The exit status is 0 if there is no difference, 1 if there is one, and 2 if a file
cannot be read.`

const diffExamples = `  grpcaud diff access.yaml access-new.yaml
  git show main:access.yaml | grpcaud diff - access.yaml -o markdown
  grpcaud diff access.yaml --keycloak https://sso.example.com --realm corp --admin-client auditor --admin-secret-file secret
  grpcaud diff access.yaml --realm-file realm-export.json`

func diffCommand() *cobra.Command {
	var realm realmOptions
	cmd := &cobra.Command{
		Use:   "diff old.yaml new.yaml | diff access.yaml --keycloak URL --realm R",
		Short: "Compare two access matrices, or one with a realm of Keycloak",
		Long:  diffHelp + diffKeycloakHelp, Example: diffExamples,
		Args:              realm.args,
		ValidArgsFunction: cli.MatrixFiles(2),
	}
	format := cli.OutputFlag(cmd, "table", "markdown", "json")
	realm.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if realm.set() {
			return realm.diff(cmd, args[0], format.Value)
		}
		var matrices [2]access.Matrix
		for i, path := range args {
			policy, err := files.LoadMatrix(cmd, path)
			if err != nil {
				return err
			}
			matrices[i] = policy.Matrix()
		}
		changes := draw.Compare(matrices[0], matrices[1])
		if err := output.Write(cmd.OutOrStdout(), func(p *output.Page) { changes.Write(p, format.Value) }); err != nil {
			return err
		}
		if len(changes) > 0 {
			return output.No
		}
		return nil
	}
	return cmd
}
