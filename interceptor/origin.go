package interceptor

import (
	"context"
	"net"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// peerAddress returns where a call comes from, as the connection has it: empty if
// that is unknown. Behind a proxy it is the proxy.
func peerAddress(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// peerHost returns where a call comes from without the port, which differs with
// each connection. It is cut where it is long.
func peerHost(ctx context.Context) string {
	address := peerAddress(ctx)
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	return cut(address, maxPeer)
}

// userAgent returns what the peer says it is: a stranger's text.
func userAgent(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "user-agent"), " ")
}
