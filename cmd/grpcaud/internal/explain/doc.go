// Package explain answers: what would the server of a service make of this token, and
// what is there to fix? It runs the engine of the server and keeps each check.
package explain
