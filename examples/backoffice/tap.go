package main

import (
	"context"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// tap keeps the token of the last call that reached a server, before the guard sees
// it: for display, and for the scene in which a token is stolen.
type tap struct {
	mu    sync.Mutex // guards token
	token string
}

func (t *tap) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			t.keep(ctx)
			return handler(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			t.keep(stream.Context())
			return handler(srv, stream)
		}),
	}
}

func (t *tap) keep(ctx context.Context) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = strings.TrimPrefix(strings.Join(values, ""), "Bearer ")
}

// take returns the token and forgets it.
func (t *tap) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	token := t.token
	t.token = ""
	return token
}
