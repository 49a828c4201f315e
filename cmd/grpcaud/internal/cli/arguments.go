package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Arguments demands that many access matrices, and allows that many arguments in all.
func Arguments(matrices, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		use := cmd.Parent().CommandPath() + " " + cmd.Use
		switch {
		case len(args) > most:
			return fmt.Errorf("want no argument %q: %s", args[most], use)
		case len(args) >= matrices:
			return nil
		case matrices == 1:
			return fmt.Errorf("want the access matrix: %s", use)
		default:
			return fmt.Errorf("want two access matrices: %s", use)
		}
	}
}
