// Package reach says who can make whom do what by an access matrix, and writes it.
package reach
