// Package output writes what a command found to standard output: as text for a
// terminal, as Markdown, or as JSON. Nothing in a file or a token reaches the terminal
// unescaped.
package output
