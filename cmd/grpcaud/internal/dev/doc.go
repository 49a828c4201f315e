// Package dev plays the issuers of an access matrix on this machine: it writes the matrix
// that programs read meanwhile, serves the issuers, and follows the matrix as it is edited.
package dev
