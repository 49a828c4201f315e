package remote

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/internal/authority"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Bearer presents one token, without looking at its content. It implements
// [credentials.PerRPCCredentials], for one call.
type Bearer struct {
	token     tokensource.Token
	hosts     authority.List
	dialled   string
	plaintext bool
	unsent    atomic.Pointer[error]
}

// Bearer returns credentials that present this token. The token is sent to these hosts
// only; if there are none, to the host of the connection.
func (c *Connection) Bearer(token string, conn *grpc.ClientConn, hosts []string) *Bearer {
	return &Bearer{
		token: tokensource.NewToken(token, time.Time{}), hosts: hosts,
		dialled: authority.OfTarget(conn.CanonicalTarget()), plaintext: c.plaintext,
	}
}

// Option returns the option of the call that presents the token.
func (b *Bearer) Option() grpc.CallOption { return grpc.PerRPCCredentials(b) }

// Unsent returns why the token was not sent; nil if it was.
func (b *Bearer) Unsent() error {
	if err := b.unsent.Load(); err != nil {
		return *err
	}
	return nil
}

// GetRequestMetadata implements [credentials.PerRPCCredentials].
func (b *Bearer) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	service := info.Method[:max(0, strings.LastIndexByte(info.Method, '/'))]
	called := strings.TrimSuffix(strings.TrimPrefix(strings.Join(uri, ""), "https://"), service)
	tls, _ := info.AuthInfo.(credentials.TLSInfo)
	if err := b.hosts.Check(called, b.dialled, &tls.State); err != nil {
		b.unsent.Store(&err)
		return nil, err
	}
	return map[string]string{"authorization": b.token.Bearer()}, nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (b *Bearer) RequireTransportSecurity() bool { return !b.plaintext }
