package main

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/reach"
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

Below them stands what clients gain and lose through services that call on, as reach
shows it, and whether the user is lost on the way.

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
		var policies [2]*access.Policy
		for i, path := range args {
			var err error
			if policies[i], err = files.LoadMatrix(cmd, path); err != nil {
				return err
			}
		}
		return diff(cmd, policies[0], policies[1], format.Value)
	}
	return cmd
}

// diff writes the changes from one policy to the other, and what follows from them.
func diff(cmd *cobra.Command, before, after *access.Policy, format string) error {
	changes, ways := draw.Compare(before.Matrix(), after.Matrix()), reach.Compare(before, after)
	err := output.Write(cmd.OutOrStdout(), func(p *output.Page) {
		if format == "json" {
			p.JSON(map[string]any{"changes": changes, "reach": ways})
			return
		}
		changes.Write(p, format)
		reach.WriteChanges(p, ways, format)
	})
	if err == nil && len(changes)+len(ways) > 0 {
		return output.No
	}
	return err
}
