package interceptor

import (
	"context"

	"google.golang.org/grpc"
)

// CredentialsOf lets tests reach what gRPC's own client would not send.
func CredentialsOf(value string) (string, error) {
	token, err := credentialsOf(value)
	if err == nil {
		err = refined(nil, token)
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// CallOf returns the part of a handler's context that holds the token.
func CallOf(ctx context.Context) any {
	c, _ := callFrom(ctx)
	return c
}

// Leases returns how many streams of s run under a lease.
func Leases(s *Server) int { return s.leases.count() }

// Timing reports whether the timer of the leases of s was running. It stops it.
func Timing(s *Server) bool { return s.leases.timer.Stop() }

// Stripped returns the names of metadata that are hidden by default, and those
// of them that pass nevertheless.
func Stripped() (hidden, passing []string) { return stripped, carried }

// Decide returns the context of the handler of a unary call, as the interceptor
// makes it.
func Decide(s *Server, ctx context.Context, method string) (context.Context, error) {
	return s.decide(ctx, method, false, grpc.SetTrailer)
}
