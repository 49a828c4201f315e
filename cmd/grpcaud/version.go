package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, as --version does",
		Long: `Version prints the version of the program, the Go release that it was built with and,
if it is known, the commit.`,
		Example: "  grpcaud version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.Printf("%s", version()) })
		},
	}
}

// version describes the build: the version, the Go release, and the commit if it is
// known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "grpcaud %s %s\n", cmp.Or(info.Main.Version, "(unknown)"), info.GoVersion)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.time" || s.Key == "vcs.modified" {
			fmt.Fprintf(&b, "%s %s\n", s.Key, s.Value)
		}
	}
	return b.String()
}
