// Package recorded reads the records of decisions that commands are given: files, pipes
// and standard input, one after another. It shows the progress on a terminal, and says
// what was not read.
package recorded
