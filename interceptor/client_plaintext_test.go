package interceptor_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// claimed are transport credentials without encryption that say this of themselves.
type claimed struct {
	credentials.TransportCredentials
	info credentials.AuthInfo
}

func (c claimed) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, c.info, nil
}

func (c claimed) Clone() credentials.TransportCredentials { return c }

func (claimed) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// levelled is an AuthInfo of a kind, with a security level.
type levelled struct {
	credentials.CommonAuthInfo
	kind string
}

func (l levelled) AuthType() string { return l.kind }

// unlevelled is an AuthInfo that does not state its security level.
type unlevelled struct{}

func (unlevelled) AuthType() string { return "tls" }

// TestNoCallOverPlaintextIsSent holds that a client without AllowPlaintext sends nothing over
// a connection that is not known to be private, whatever it calls itself, for whom the call
// is, and also if the method needs no token.
func TestNoCallOverPlaintextIsSent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	issuer := newIssuer()
	policy := company(t, withSecrets(t), func(m *access.Matrix) { m.Public = []string{"grpc.health.v1.Health"} })
	collector, address := collect(t, "tcp", "127.0.0.1:0")
	level := func(kind string, l credentials.SecurityLevel) credentials.AuthInfo {
		return levelled{credentials.CommonAuthInfo{SecurityLevel: l}, kind}
	}
	customer, orders := newClient(t, issuer, policy, "customer-portal"), newClient(t, issuer, policy, "order-status")
	for name, creds := range map[string]credentials.TransportCredentials{
		"insecure":       insecure.NewCredentials(),
		"local":          local.NewCredentials(),
		"no security":    claimed{insecure.NewCredentials(), level("tls", credentials.NoSecurity)},
		"integrity only": claimed{insecure.NewCredentials(), level("tls", credentials.IntegrityOnly)},
		"no level":       claimed{insecure.NewCredentials(), level("tls", credentials.InvalidSecurityLevel)},
		"says nothing":   claimed{insecure.NewCredentials(), unlevelled{}},
		"nothing":        claimed{insecure.NewCredentials(), nil},
	} {
		for way, opts := range map[string][]grpc.DialOption{
			"as itself":       customer.DialOptions("order-status"),
			"on behalf of":    orders.DialOptionsOnBehalfOf("human-resource"),
			"forward":         orders.DialOptionsForward("human-resource"),
			"with other ones": append(customer.DialOptions("order-status"), grpc.WithPerRPCCredentials(harmless{})),
		} {
			conn, err := grpc.NewClient(address, append(opts, grpc.WithTransportCredentials(creds))...)
			closing(t, conn, err)
			_, health := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
			errs := []error{health}
			if way == "on behalf of" || way == "forward" {
				_, err := hrv1.NewHumanResourceClient(conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{})
				errs = append(errs, err)
			}
			if way == "as itself" || way == "with other ones" {
				errs = append(errs, callBoth(ctx, conn)...)
				for _, err := range interceptor.ResumeStream(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
					return ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
				}) {
					errs = append(errs, err)
				}
			}
			want := codes.Unauthenticated
			if way == "on behalf of" || way == "forward" { // no login of the caller helps
				want = codes.Internal
			}
			for i, err := range errs {
				if status.Code(err) != want || !strings.Contains(err.Error(), "the connection is not TLS") {
					t.Errorf("%s, %s, %d: got %v", name, way, i, err)
				}
			}
		}
	}
	if collector.calls.Load() != 0 || issuer.Requests(testutil.Token) != 0 {
		t.Errorf("%d calls arrived, %d tokens were requested; want none", collector.calls.Load(), issuer.Requests(testutil.Token))
	}
}

// harmless are credentials of others that do not need a private connection.
type harmless struct{}

func (harmless) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"x-harmless": "1"}, nil
}

func (harmless) RequireTransportSecurity() bool { return false }
