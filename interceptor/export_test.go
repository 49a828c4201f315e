package interceptor

import "context"

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
