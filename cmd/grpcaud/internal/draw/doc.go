// Package draw shows an access matrix: its entries as a table, a page or a graph, and
// what is different between two matrices.
package draw
