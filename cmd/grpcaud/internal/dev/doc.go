// Package dev plays the issuers of an access matrix on this machine: it writes the matrix
// that programs read in the meantime, serves the issuers, and follows the matrix while it
// is edited.
package dev
