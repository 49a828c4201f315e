// Package cli has what commands share about their arguments and flags: how many
// matrices they take, their output format, and completion in a shell.
package cli
