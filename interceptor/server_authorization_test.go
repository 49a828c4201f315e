package interceptor_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

// TestAuthorizationInAnyCase shows that values are found, counted and hidden under
// a name that an interceptor further out wrote in another case.
func TestAuthorizationInAnyCase(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t))
	value := "Bearer " + issuer.Mint(good(nil))
	for _, row := range []struct {
		md   metadata.MD
		want audience.Reason
	}{
		{metadata.MD{"Authorization": {value}}, ""},
		{metadata.MD{"Authorization": {value, value}}, audience.ReasonCredentialsMalformed},
		{metadata.MD{"authorization": {value, value}}, audience.ReasonCredentialsMalformed},
		{metadata.MD{"authorization": {}}, audience.ReasonCredentialsMissing},
		{metadata.MD{}, audience.ReasonCredentialsMissing},
		{nil, audience.ReasonCredentialsMissing},
	} {
		ctx := metadata.NewIncomingContext(arrived(t.Context()), row.md)
		_, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: getOrder}, func(ctx context.Context, _ any) (any, error) {
			if left, _ := metadata.FromIncomingContext(ctx); len(left) > 0 {
				t.Errorf("the handler sees %v", left)
			}
			return nil, nil
		})
		if got := verdictOf(err).Reason; got != row.want {
			t.Errorf("%d values: %q, want %q", len(row.md), got, row.want)
		}
	}
}
