package logout_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// orders is a service whose streams last until their context ends.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
}

func (orders) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	if err := stream.Send(&ordersv1.WatchOrderStatusResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return context.Cause(stream.Context())
}

// shop is a service that is guarded by the revocations of a receiver.
type shop struct {
	*office
	client ordersv1.OrderStatusClient
}

func newShop(t *testing.T) *shop {
	t.Helper()
	list := revocation.NewList(8)
	s := &shop{office: newOffice(t, company(t), logout.RevokeIn(list))}
	server, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.Revocations(list),
		interceptor.Transport(s.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	s.client = ordersv1.NewOrderStatusClient(testutil.Serve(t, server.Options(), func(g *grpc.Server) { ordersv1.RegisterOrderStatusServer(g, orders{}) }))
	return s
}

// with returns a context that presents a token of a session.
func (s *shop) with(t *testing.T, session string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	token := s.issuer.Mint(testutil.Claims{"sub": "alice", "sid": session, "aud": "order-status", "client_id": portal})
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// call returns the status of a unary call and of a new stream.
func (s *shop) call(ctx context.Context) (unary, stream codes.Code) {
	_, err := s.client.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
	unary = status.Code(err)
	watch, err := s.client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if err == nil {
		_, err = watch.Recv()
	}
	return unary, status.Code(err)
}

// watch opens a stream.
func (s *shop) watch(t *testing.T, ctx context.Context) grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse] {
	t.Helper()
	stream, err := s.client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if err == nil {
		_, err = stream.Recv()
	}
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// TestLogoutEndsCallsAndStreams shows that within a second of a logout the streams of its
// session end and its calls are refused, and that those of another session of the same user
// go on.
func TestLogoutEndsCallsAndStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		mine, others := s.with(t, "s-1"), s.with(t, "s-2")
		stream, other := s.watch(t, mine), s.watch(t, others)
		if got := s.send(t, s.token(statement(nil))); got.status != http.StatusOK {
			t.Fatalf("logout: %d\n%s", got.status, &s.log)
		}
		began := time.Now()
		if _, err := stream.Recv(); status.Code(err) != codes.Unauthenticated || time.Since(began) > time.Second {
			t.Errorf("the stream of the session: %v after %v, want UNAUTHENTICATED within a second", err, time.Since(began))
		}
		if unary, stream := s.call(mine); unary != codes.Unauthenticated || stream != codes.Unauthenticated {
			t.Errorf("calls of the session: %v and %v, want UNAUTHENTICATED", unary, stream)
		}
		if unary, stream := s.call(others); unary != codes.OK || stream != codes.OK {
			t.Errorf("calls of another session: %v and %v, want OK", unary, stream)
		}
		time.Sleep(10 * time.Second)
		ended := make(chan error, 1)
		go func() {
			_, err := other.Recv()
			ended <- err
		}()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("the stream of another session has ended: %v", err)
		default:
		}
	})
}

// TestRefusedLogoutEndsNothing shows that calls and streams go on after logout tokens that
// were refused.
func TestRefusedLogoutEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		mine := s.with(t, "s-1")
		stream := s.watch(t, mine)
		for _, token := range []string{s.token(changed("aud", "other")), s.token(changed("nonce", "n")), s.token(statement(nil), testutil.SignedBy(testutil.NewKey("ES256")))} {
			if got := s.send(t, token); got.status == http.StatusOK {
				t.Error("a bad logout token was taken")
			}
		}
		time.Sleep(2 * time.Second)
		if unary, stream := s.call(mine); unary != codes.OK || stream != codes.OK {
			t.Errorf("calls: %v and %v, want OK", unary, stream)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := stream.Recv()
			ended <- err
		}()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("the stream has ended: %v", err)
		default:
		}
	})
}

// toReceiver carries logout tokens to a receiver.
type toReceiver struct{ receiver func() *logout.Receiver }

// RoundTrip implements [http.RoundTripper].
func (r toReceiver) RoundTrip(q *http.Request) (*http.Response, error) {
	w := &response{header: http.Header{}, status: http.StatusOK}
	r.receiver().ServeHTTP(w, q)
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Header: w.header, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// response keeps the status of an answer.
type response struct {
	header http.Header
	status int
}

func (w *response) Header() http.Header         { return w.header }
func (w *response) Write(b []byte) (int, error) { return len(b), nil }
func (w *response) WriteHeader(status int)      { w.status = status }

// TestLogoutAtTheIssuer shows the whole way with the issuer for tests: a user logs in, the
// session ends at the issuer, and the tokens of the login are refused.
func TestLogoutAtTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var receiver *logout.Receiver
		issuer := testutil.NewIssuer(corp, testutil.BackchannelTransport(toReceiver{func() *logout.Receiver { return receiver }}))
		issuer.Register(testutil.Client{ID: portal, Secret: "s3cret", Audiences: []string{"order-status"}, BackchannelLogoutURI: "http://customer.localhost:3000/logout"})
		issuer.SetUsers(testutil.User{Name: "alice"})
		list := revocation.NewList(8)
		var err error
		receiver, err = logout.NewReceiver(company(t), "customer-portal", logout.RevokeIn(list), logout.Transport(issuer.Transport()), logout.Logger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(receiver.Close)
		sid := logIn(t, issuer)
		if err := list.Revoked(t.Context(), issued(t, testutil.Claims{"sid": sid})); err != nil {
			t.Errorf("before the logout: %v", err)
		}
		if err := issuer.EndSessions(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
		if err := list.Revoked(t.Context(), issued(t, testutil.Claims{"sid": sid})); err == nil {
			t.Error("after the logout, the session is not revoked")
		}
	})
}

// logIn logs alice in, and returns the sid of her access token.
func logIn(t *testing.T, issuer *testutil.Issuer) string {
	t.Helper()
	browser := &http.Client{Transport: issuer.Transport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	verifier := strings.Repeat("v", 43)
	query := url.Values{
		"response_type": {"code"}, "client_id": {portal}, "redirect_uri": {"http://localhost:3000/back"}, "audience": {"order-status"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	page, err := browser.PostForm(corp+"/authorize?"+query.Encode(), url.Values{"user": {"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := page.Location()
	if err != nil {
		t.Fatal(page.Status, err)
	}
	answer, err := browser.PostForm(corp+"/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "code_verifier": {verifier},
		"redirect_uri": {"http://localhost:3000/back"}, "client_id": {portal}, "client_secret": {"s3cret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return sessionOf(t, answer.Body)
}
