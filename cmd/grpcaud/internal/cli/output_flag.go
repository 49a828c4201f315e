package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Choice is the value of a flag that takes one of a few values.
type Choice struct {
	Values []string // the possible ones
	Value  string   // the chosen one
}

// OutputFlag adds the flag -o to cmd. It takes one of these formats; the default is the
// first.
func OutputFlag(cmd *cobra.Command, formats ...string) *Choice {
	c := &Choice{Values: formats, Value: formats[0]}
	cmd.Flags().VarP(c, "output", "o", "one of "+strings.Join(formats, ", "))
	Complete(cmd, "output", func([]string) []string { return formats })
	return c
}

// String implements pflag.Value.
func (c *Choice) String() string { return c.Value }

// Type implements pflag.Value.
func (c *Choice) Type() string { return "format" }

// Set implements pflag.Value.
func (c *Choice) Set(value string) error {
	if !slices.Contains(c.Values, value) {
		return fmt.Errorf("want one of %s", strings.Join(c.Values, ", "))
	}
	c.Value = value
	return nil
}
