package conformance_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// TestLogout is one row of [TestConformance] by itself.
func TestLogout(t *testing.T) {
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			if why := p.lacks[loggedOut]; why != "" {
				t.Skip(why)
			}
			logoutEnds(t, open(t, p))
		})
	}
}

// logoutEnds logs alice out at the provider, which tells the portal of it: her stream ends,
// and that of another login goes on.
func logoutEnds(t *testing.T, c *company) {
	list, told := revocation.NewList(100), make(chan claims.Logout, 10)
	defer func(guards []interceptor.ServerOption) { c.guards = guards }(c.guards)
	c.guards = append(slices.Clip(c.guards), interceptor.Revocations(list))
	opts, other := []logout.Option{}, "alice"
	if c.noSession {
		opts, other = append(opts, logout.EverySession()), "bob"
	}
	receiver, err := logout.NewReceiver(c.policy, "backoffice-portal", append(opts, logout.RevokeIn(list), logout.Logger(c.journal.logger()),
		logout.OnLogout(func(_ context.Context, l *claims.Logout) error { told <- *l; return nil }))...)
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	portal := httptest.NewServer(receiver)
	defer portal.Close()
	if err := c.TellOfLogouts(t.Context(), "backoffice-portal", portal.URL); err != nil {
		t.Fatal(err)
	}

	conn := c.serve(t, "human-resource")
	mine, others := c.begin(t, "alice", c.people), c.begin(t, other, c.people)
	ending, going := c.review(t, conn, mine.AccessToken), c.review(t, conn, others.AccessToken)
	if err := mine.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case l := <-told:
		if l.Issuer != c.Issuer || l.Session == "" {
			t.Errorf("told of %+v, want a session of %s", l, c.Issuer)
		}
	case <-time.After(time.Minute):
		t.Fatalf("no logout token was taken; last cause %q", c.journal.cause())
	}
	began := time.Now()
	if _, err := ending.Recv(); reasonOf(err) != audience.ReasonTokenRevoked || time.Since(began) > 2*time.Second {
		t.Errorf("the stream: %v after %v, want TOKEN_REVOKED within a second", err, time.Since(began))
	}
	if got := getEmployee.call(t, conn, bearing(mine.AccessToken)); got != string(audience.ReasonTokenRevoked) {
		t.Errorf("a call with the token: %s, want TOKEN_REVOKED", got)
	}
	if err := exchange(going); err != nil {
		t.Errorf("the stream of another login: %v", err)
	}
	if got := getEmployee.call(t, conn, bearing(others.AccessToken)); got != "admitted" {
		t.Errorf("a call of another login: %s, want admitted", got)
	}
}

func reasonOf(err error) audience.Reason {
	reason, _ := interceptor.ReasonOf(err)
	return reason
}

// begin logs a user in at the back-office portal.
func (c *company) begin(t *testing.T, user string, params url.Values) *idp.Session {
	t.Helper()
	s, err := c.Begin(t.Context(), idp.Login{Client: "backoffice-portal", Secret: c.secrets("backoffice-portal"), User: user, Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// review opens a stream at the human resources, which answers each message.
func (c *company) review(t *testing.T, conn *grpc.ClientConn, token string) grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(ctx, bearing(token))
	if err == nil {
		err = exchange(stream)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// exchange sends a message and reads the answer.
func exchange(stream grpc.BidiStreamingClient[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	err := stream.Send(&hrv1.ReviewEmployeesRequest{})
	_, answer := stream.Recv()
	return errors.Join(err, answer)
}
