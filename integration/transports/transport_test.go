package transports_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	peoplegw "github.com/grpcaud/grpcaud/integration/gateway/acme/hr/v1"
	ordersgw "github.com/grpcaud/grpcaud/integration/gateway/acme/orders/v1"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// A transport carries calls to the company. ask returns "admitted", or the reason of the
// refusal; anything else is a mistake of the transport.
type transport struct {
	name string
	ask  func(ctx context.Context, m method, authorization []string) string
}

// transports returns all transports to services that c guards; gRPC is the first.
func (c *company) transports(t *testing.T) []transport {
	t.Helper()
	conn := testutil.Serve(t, c.admit.Options(), register)
	handler, err := httpguard.New(c.admit, handlers())
	if err != nil {
		t.Fatal(err)
	}
	within, err := httpguard.Wrap(c.admit, inProcess(t))
	if err != nil {
		t.Fatal(err)
	}
	return append([]transport{
		overGRPC("gRPC", conn),
		overGRPC("gRPC through net/http", c.behindHTTP(t)),
		overHTTP(t, "HTTP/1.1", handler),
		overHTTP(t, "HTTP/2.0", handler),
		overHTTP(t, "grpc-gateway, forwarding", forwarding(t, conn)),
		overHTTP(t, "grpc-gateway, in process", within),
	}, c.overConnect(t)...)
}

func overGRPC(name string, conn *grpc.ClientConn) transport {
	return transport{name, func(ctx context.Context, m method, authorization []string) string {
		return m.call(ctx, conn, authorization)
	}}
}

// behindHTTP serves gRPC by net/http.
func (c *company) behindHTTP(t *testing.T) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer(append(c.admit.Options(), grpc.WaitForHandlers(true))...)
	register(srv)
	t.Cleanup(srv.Stop)
	server := serve(t, srv, true)
	conn, err := grpc.NewClient(server.Listener.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(clientTLS(server))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// serve serves a handler over TLS on a loopback address.
func serve(t *testing.T, handler http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func clientTLS(server *httptest.Server) *tls.Config {
	return server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
}

// overHTTP carries requests to a handler, over HTTP/2 if that is the name.
func overHTTP(t *testing.T, name string, handler http.Handler) transport {
	t.Helper()
	server := serve(t, handler, name == "HTTP/2.0")
	client := server.Client()
	return transport{name, func(ctx context.Context, m method, authorization []string) string {
		verb, path, _ := strings.Cut(m.target, " ")
		r, err := http.NewRequestWithContext(ctx, verb, server.URL+path, strings.NewReader(m.body))
		if err != nil {
			return err.Error()
		}
		r.Header["Authorization"] = authorization
		return verdict(client.Do(r))
	}}
}

// verdict reads an answer. What grpc-gateway cannot do, streams in its own process, it
// says after the guard has admitted the request.
func verdict(response *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	reason := reasonIn(body)
	switch {
	case reason != "" && response.StatusCode >= 400:
		return reason
	case reason == "" && (response.StatusCode == http.StatusOK || response.StatusCode == http.StatusNotImplemented):
		return admitted
	}
	return response.Status + " " + string(body)
}

// reasonIn returns the reason in a problem (RFC 9457), or in a status of grpc-gateway, which
// for a stream is in "error".
func reasonIn(body []byte) string {
	type details []struct{ Reason string }
	var answer struct {
		Reason  string
		Details details
		Error   struct{ Details details }
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, one := range append(answer.Details, answer.Error.Details...) {
		return one.Reason
	}
	return answer.Reason
}

// handlers are the handlers of all operations.
func handlers() httpguard.Handlers {
	all := httpguard.Handlers{}
	for _, m := range methods {
		all[m.short()] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	}
	return all
}

// forwarding is a gateway that calls a guarded server.
func forwarding(t *testing.T, conn *grpc.ClientConn) http.Handler {
	t.Helper()
	mux := runtime.NewServeMux()
	if err := errors.Join(ordersgw.RegisterOrderStatusHandler(t.Context(), mux, conn), peoplegw.RegisterHumanResourceHandler(t.Context(), mux, conn)); err != nil {
		t.Fatal(err)
	}
	return mux
}

// inProcess is a gateway that calls the services without gRPC.
func inProcess(t *testing.T) http.Handler {
	t.Helper()
	mux := runtime.NewServeMux()
	if err := errors.Join(ordersgw.RegisterOrderStatusHandlerServer(t.Context(), mux, orders{}), peoplegw.RegisterHumanResourceHandlerServer(t.Context(), mux, people{})); err != nil {
		t.Fatal(err)
	}
	return mux
}
