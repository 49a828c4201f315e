package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
)

const diffHelp = `Diff compares two access matrices by what they mean, not by how they are
written: which clients may call which methods with one and not with the other, for
whom the demands on tokens grow or shrink, and what else changes of issuers,
services, clients and public methods.

  gains      may call, and could not before
  loses      could call, and may no longer
  weaker     may call with every token that did, and with more
  stronger   may call with some of the tokens that did, and with no others
  other      may call with other tokens
  changed    anything else

The exit status is 0 if there is no difference, 1 if there is one, and 2 if a file
cannot be read.`

const diffExamples = `  grpcaud diff access.yaml access-new.yaml
  git show main:access.yaml | grpcaud diff - access.yaml -o markdown
  grpcaud diff access.yaml --keycloak https://sso.example.com --realm corp --admin-client auditor --admin-secret-file secret
  grpcaud diff access.yaml --realm-file realm-export.json`

func diffCommand() *cobra.Command {
	var realm realmFlags
	cmd := &cobra.Command{
		Use:   "diff old.yaml new.yaml | diff access.yaml --keycloak URL --realm R",
		Short: "Say who gains and who loses what by a change, or what a realm of Keycloak does otherwise",
		Long:  diffHelp + diffKeycloakHelp, Example: diffExamples,
		Args:              realm.args,
		ValidArgsFunction: matrixFiles(2),
	}
	format := outputFlag(cmd, "table", "markdown", "json")
	realm.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if realm.set() {
			return realm.diff(cmd, args[0], format.word)
		}
		var matrices [2]audience.Matrix
		for i, path := range args {
			policy, err := loadMatrix(cmd, path)
			if err != nil {
				return err
			}
			matrices[i] = policy.Matrix()
		}
		changes := compare(matrices[0], matrices[1])
		if err := write(cmd, func(p *page) { changes.write(p, format.word) }); err != nil {
			return err
		}
		if len(changes) > 0 {
			return no
		}
		return nil
	}
	return cmd
}

// changes are what is different, service by service.
type changes []change

// change is one difference. Clients and Methods are empty where it is not about
// calls.
type change struct {
	Kind    string   `json:"change"`
	Where   string   `json:"where"`
	Clients []string `json:"clients,omitempty"`
	Methods []string `json:"methods,omitempty"`
	Old     string   `json:"old,omitempty"`
	New     string   `json:"new,omitempty"`
}

// The kinds of changes.
const (
	gains    = "gains"
	loses    = "loses"
	weaker   = "weaker"
	stronger = "stronger"
	other    = "other"
	changed  = "changed"
)

var changeColours = map[string]string{gains: doubt, weaker: doubt, loses: good, stronger: good, other: bold, changed: bold}

func (c changes) write(p *page, format string) {
	titles := []string{"CHANGE", "WHERE", "CLIENTS", "METHODS", "OLD", "NEW"}
	switch {
	case format == "json":
		p.json(map[string]any{"changes": append(changes{}, c...)})
	case len(c) == 0:
		p.printf("no difference\n")
	case format == "markdown":
		var rows [][]string
		for _, x := range c {
			rows = append(rows, x.row(words))
		}
		for i := range titles {
			titles[i] = strings.ToLower(titles[i])
		}
		p.markdownTable(titles, rows)
	default:
		rows := [][]string{p.head(titles...)}
		for _, x := range c {
			row := x.row(few)
			row[0] = p.in(changeColours[x.Kind], row[0])
			rows = append(rows, row)
		}
		p.table("", rows)
	}
}

func (c change) row(list func([]string) string) []string {
	return []string{c.Kind, printable(c.Where), list(c.Clients), list(c.Methods), printable(c.Old), printable(c.New)}
}
