// Package files reads what commands are given by a path: access matrices, tokens and
// certificates. A dash is standard input; everything else is a regular file.
package files
