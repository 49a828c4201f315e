package remote

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/internal/authority"
	"github.com/grpcaud/grpcaud/tokensource"
)

// bearer presents one token, whatever it is. It implements
// [credentials.PerRPCCredentials].
type bearer struct {
	token     tokensource.Token
	hosts     authority.List
	dialled   string
	plaintext bool
}

// Present returns the options of a call that presents this very token. It is sent to
// these hosts only; if there are none, to the host of the connection.
func (c *Connection) Present(token string, conn *grpc.ClientConn, hosts []string) []grpc.CallOption {
	b := &bearer{tokensource.NewToken(token, time.Time{}), hosts, authority.OfTarget(conn.CanonicalTarget()), c.plaintext}
	return []grpc.CallOption{grpc.PerRPCCredentials(b)}
}

// GetRequestMetadata implements [credentials.PerRPCCredentials].
func (b *bearer) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	service := info.Method[:max(0, strings.LastIndexByte(info.Method, '/'))]
	called := strings.TrimSuffix(strings.TrimPrefix(strings.Join(uri, ""), "https://"), service)
	tls, _ := info.AuthInfo.(credentials.TLSInfo)
	if err := b.hosts.Check(called, b.dialled, &tls.State); err != nil {
		return nil, err
	}
	return map[string]string{"authorization": b.token.Bearer()}, nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (b *bearer) RequireTransportSecurity() bool { return !b.plaintext }
