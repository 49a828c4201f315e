package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// CheckRequired returns an error that names each required flag that is not there, with
// what it is for.
func CheckRequired(cmd *cobra.Command) error {
	var missing []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if required := f.Annotations[cobra.BashCompOneRequiredFlag]; len(required) > 0 && required[0] == "true" && !f.Changed {
			missing = append(missing, "--"+f.Name+" ("+purpose(f)+")")
		}
	})
	if len(missing) == 0 {
		return nil
	}
	return errors.New("missing " + strings.Join(missing, ", and "))
}

// purpose is the usage of a flag without the words that it is required.
func purpose(f *pflag.Flag) string {
	what, _, _ := strings.Cut(f.Usage, " (required")
	return what
}
