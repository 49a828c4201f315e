// Package initial writes what a new user of this library begins with: an access matrix in
// which every method of the given gRPC services is closed, and the Go code that installs it.
package initial
