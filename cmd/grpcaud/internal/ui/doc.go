// Package ui shows an access matrix in a browser on this machine: who may call what and
// why, what the servers say about a token, and what a change of the file changes. It
// follows the file.
package ui
