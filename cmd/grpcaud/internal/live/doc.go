// Package live answers: does a running server refuse what the access matrix refuses? It
// calls one method of the server with an empty message, each time with something that
// must be refused.
package live
