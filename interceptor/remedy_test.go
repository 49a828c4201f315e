package interceptor_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestServerLogsRemedies shows that the log of a server says what to change, for unary
// calls and for streams, and that the peer is not told.
func TestServerLogsRemedies(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mint := func(claims testutil.Claims) string {
		all := testutil.Claims{"client_id": "customer-portal", "sub": "alice", "scope": "orders.read", "aud": "order-status"}
		for name, value := range claims {
			all[name] = value
		}
		return w.issuer.Mint(all)
	}
	genuine := mint(nil)
	for name, row := range map[string]struct{ value, cause, reason, want string }{
		"port":             {"Bearer " + mint(testutil.Claims{"aud": "order-status:443"}), "AUDIENCE_MISMATCH", "AUDIENCE_MISMATCH", "only by the port :443"},
		"gRPC target":      {"Bearer " + mint(testutil.Claims{"aud": "dns:///order-status:443"}), "AUDIENCE_MISMATCH", "AUDIENCE_MISMATCH", "only by its scheme and the port :443"},
		"gRPC service":     {"Bearer " + mint(testutil.Claims{"aud": "order-status/acme.orders.v1.OrderStatus"}), "AUDIENCE_MISMATCH", "AUDIENCE_MISMATCH", "at its end"},
		"lives too long":   {"Bearer " + mint(testutil.Claims{"iat": time.Now().Unix(), "exp": time.Now().Add(30 * time.Hour).Unix()}), "LIFETIME_TOO_LONG", "TOKEN_INVALID", "write max_lifetime: 30h in"},
		"issuer's slash":   {"Bearer " + mint(testutil.Claims{"iss": corp + "/"}), "ISSUER_UNKNOWN", "TOKEN_INVALID", "url under issuers must be what tokens have in iss"},
		"client":           {"Bearer " + mint(testutil.Claims{"client_id": "Customer-Portal"}), "CLIENT_NOT_ALLOWED", "CLIENT_NOT_ALLOWED", "upper and lower case, and ids"},
		"without a scheme": {genuine, "SCHEME_UNSUPPORTED", "CREDENTIALS_MISSING", "write Bearer and a space before the token"},
		"Bearer twice":     {"Bearer Bearer " + genuine, "CREDENTIALS_MALFORMED", "CREDENTIALS_MALFORMED", "leave one out"},
		"in quotes":        {`Bearer "` + genuine + `"`, "CREDENTIALS_MALFORMED", "CREDENTIALS_MALFORMED", "without quotes"},
		"Basic":            {"Basic aHVudGVyMg==", "SCHEME_UNSUPPORTED", "CREDENTIALS_MISSING", "send an access token"},
		"cut by a proxy":   {"Bearer " + genuine[:strings.LastIndex(genuine, ".")] + ".SIGNATURE_REMOVED_BY_GOOGLE", "SIGNATURE_INVALID", "TOKEN_INVALID", "x-serverless-authorization"},
		"opaque":           {"Bearer ory_at_x.y", "TOKEN_MALFORMED", "TOKEN_INVALID", "this may be an opaque token"},
	} {
		for shape, do := range map[string]func(context.Context) error{
			"unary": func(ctx context.Context) error {
				_, err := ordersv1.NewOrderStatusClient(w.conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
				return err
			},
			"streaming": func(ctx context.Context) error {
				stream, err := ordersv1.NewOrderStatusClient(w.conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
				if err == nil {
					_, err = stream.Recv()
				}
				return err
			},
		} {
			before := len(w.log.String())
			err := do(bearing(ctx, row.value))
			line := w.log.String()[before:]
			for _, want := range []string{row.want, "cause=" + row.cause, "reason=" + row.reason} {
				if !strings.Contains(line, want) {
					t.Errorf("%s, %s: no %q in the log: %s", name, shape, want, line)
				}
			}
			if err == nil || err == io.EOF || strings.Contains(err.Error(), row.want) {
				t.Errorf("%s, %s: the peer was told %v", name, shape, err)
			}
			secretless(t, name, line, genuine[:40], "aHVudGVyMg")
		}
	}
}

// TestClientErrorsNameTheSecret shows that the error of a call whose client's secret is
// refused says where the secret comes from, with the line of the file, for unary calls
// and for streams.
func TestClientErrorsNameTheSecret(t *testing.T) {
	t.Setenv("GRPCAUD_TEST_PORTAL_SECRET", "never-this-one")
	issuer := newIssuer()
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.Clients["customer-portal"] = access.Client{Secret: access.SecretRef{Env: "GRPCAUD_TEST_PORTAL_SECRET"}}
	}).WithPlaces(func(path ...string) string {
		return map[string]string{"clients customer-portal secret": "access.yaml:12", "issuers corp": "access.yaml:3"}[strings.Join(path, " ")]
	})
	client := newClient(t, issuer, policy, "customer-portal")
	conn := connect(t, issuer, &orders{}, client.DialOptions("order-status")...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const want = `the secret of client "customer-portal", from environment variable GRPCAUD_TEST_PORTAL_SECRET (access.yaml:12), was not accepted by ` + corp
	_, unary := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
	stream, streaming := ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if streaming == nil {
		_, streaming = stream.Recv()
	}
	for shape, err := range map[string]error{"unary": unary, "streaming": streaming} {
		if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", shape, err, want)
		}
		secretless(t, shape, err.Error(), "never-this-one")
	}
}

// TestMovedLinesKeepTokens shows that a policy which differs by its lines alone takes no
// token from a client.
func TestMovedLinesKeepTokens(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t))
	at := func(line string) *access.Policy {
		return policy.WithPlaces(func(...string) string { return "access.yaml:" + line })
	}
	client := newClient(t, issuer, at("3"), "customer-portal")
	for _, next := range []string{"3", "4", "5"} {
		if err := client.Warm(t.Context(), "order-status"); err != nil {
			t.Fatal(err)
		}
		if err := client.Swap(at(next)); err != nil {
			t.Fatal(err)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 1 {
		t.Errorf("%d requests for a token, want 1", n)
	}
}
