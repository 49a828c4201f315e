// Package overhttp carries requests over HTTP to the decision about them, and carries it
// out: what the request is, how its peer is told of a refusal, what the handler gets, and
// how a response that goes on is ended. The adapter finds the method of the request.
package overhttp
