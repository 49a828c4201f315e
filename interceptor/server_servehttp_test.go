package interceptor_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// overHTTP serves the orders through [grpc.Server.ServeHTTP], over TLS, and returns
// how to reach them. Whatever net/http or anybody else logs is the test's failure.
func overHTTP(t *testing.T, server *interceptor.Server, o ordersv1.OrderStatusServer) (address string, config *tls.Config) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ca, said, before := testutil.NewCA(), &log{}, stdlog.Writer()
	cert := ca.Certificate(testutil.ServerName)
	srv := grpc.NewServer(append(server.Options(), grpc.WaitForHandlers(true))...)
	ordersv1.RegisterOrderStatusServer(srv, o)
	h := &http.Server{Handler: srv, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, ErrorLog: stdlog.New(said, "", 0), ReadHeaderTimeout: time.Minute}
	stdlog.SetOutput(said)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.ServeTLS(listener, "", "")
	}()
	t.Cleanup(func() {
		_ = h.Close()
		srv.Stop()
		<-done
		stdlog.SetOutput(before)
		if text := said.String(); text != "" {
			t.Errorf("the standard logger was told %q", text)
		}
	})
	return listener.Addr().String(), &tls.Config{RootCAs: ca.Pool(), ServerName: testutil.ServerName}
}

// TestServeHTTPRefuses shows that behind net/http, which drops www-authenticate among
// trailers, a refusal has its challenge, in a header for all clients and in a trailer
// for ours, that it is proved to be one, and that nothing is logged.
func TestServeHTTPRefuses(t *testing.T) {
	issuer, list := newIssuer(), revocation.NewList(8)
	address, config := overHTTP(t, serverOf(t, issuer, company(t), interceptor.Revocations(list)), &orders{})
	conn := dialTLS(t, address, config, interceptor.Retry()...)
	for shape, call := range shapes {
		for name, row := range map[string]struct {
			values []string
			reason audience.Reason
			want   string // the challenge's error
		}{
			"no token":       {nil, audience.ReasonCredentialsMissing, ""},
			"two":            {[]string{"Bearer a", "Bearer b"}, audience.ReasonCredentialsMalformed, "invalid_request"},
			"bad":            {[]string{"Bearer a.b.c"}, audience.ReasonTokenInvalid, "invalid_token"},
			"wrong audience": {[]string{"Bearer " + issuer.Mint(good(testutil.Claims{"aud": "x"}))}, audience.ReasonAudienceMismatch, "invalid_token"},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			var header, trailer metadata.MD
			err := call(bearing(ctx, row.values...), conn, grpc.Header(&header), grpc.Trailer(&trailer))
			cancel()
			refusal, ok := errors.AsType[*interceptor.RefusedError](err)
			if !ok || refusal.Reason != row.reason || refusal.Challenge.Realm != interceptor.Domain || refusal.Challenge.Error != row.want {
				t.Errorf("%s, %s: %#v", shape, name, err)
			}
			if len(header.Get("www-authenticate")) != 1 || len(trailer.Get("www-authenticate")) != 0 || len(trailer.Get("grpcaud-challenge")) != 1 {
				t.Errorf("%s, %s: header %v, trailer %v", shape, name, header.Get("www-authenticate"), trailer)
			}
		}
	}
}

// TestServeHTTPOutage shows that nothing is asked for where no other credentials help.
func TestServeHTTPOutage(t *testing.T) {
	issuer := newIssuer()
	issuer.Down()
	address, config := overHTTP(t, serverOf(t, issuer, company(t)), &orders{})
	conn := dialTLS(t, address, config)
	for shape, call := range shapes {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		var header, trailer metadata.MD
		err := call(bearing(ctx, "Bearer "+issuer.Mint(good(nil))), conn, grpc.Header(&header), grpc.Trailer(&trailer))
		cancel()
		if got := verdictOf(err).Reason; got != audience.ReasonIssuerUnavailable || len(header.Get("www-authenticate"))+len(trailer.Get("grpcaud-challenge")) != 0 {
			t.Errorf("%s: %v, header %v, trailer %v", shape, err, header, trailer)
		}
	}
}

// TestServeHTTPEnds shows that a stream which is ended in the middle has its challenge
// as well, in the trailers, since its header has gone.
func TestServeHTTPEnds(t *testing.T) {
	issuer, list := newIssuer(), revocation.NewList(8)
	address, config := overHTTP(t, serverOf(t, issuer, company(t), interceptor.Revocations(list)), &watched{every: 10 * time.Millisecond})
	conn := dialTLS(t, address, config, interceptor.Retry()...)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	token := issuer.Mint(good(testutil.Claims{"jti": "gone"}))
	stream, err := ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(bearing(ctx, "Bearer "+token), &ordersv1.WatchOrderStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	revoke(t, list, revocation.Entry{ID: "gone", Expires: time.Now().Add(time.Hour)})
	for err == nil {
		_, err = stream.Recv()
	}
	refusal, ok := errors.AsType[*interceptor.RefusedError](err)
	if !ok || !refusal.Ended || refusal.Reason != audience.ReasonTokenRevoked || refusal.Challenge.Error != "invalid_token" {
		t.Errorf("%#v", err)
	}
	if trailer := stream.Trailer(); len(trailer.Get("www-authenticate")) != 0 || len(trailer.Get("grpcaud-challenge")) != 1 {
		t.Errorf("trailer %v", trailer)
	}
}

// TestServeHTTPRetry shows that a call which is refused behind net/http is made once
// more, with another token.
func TestServeHTTPRetry(t *testing.T) {
	for shape, call := range shapes {
		issuer, list, served := newIssuer(), revocation.NewList(8), &orders{}
		address, config := overHTTP(t, serverOf(t, issuer, company(t), interceptor.Revocations(list)), served)
		creds := grpc.WithPerRPCCredentials(interceptor.AsService(&replaced{issuer: issuer}, "order-status"))
		conn := dialTLS(t, address, config, append(interceptor.Retry(), creds)...)
		revoke(t, list, revocation.Entry{ID: "token-1", Expires: time.Now().Add(time.Hour)})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := call(ctx, conn)
		cancel()
		if err != nil || len(served.callers) != 1 {
			t.Errorf("%s: %v, and the handler ran %d times", shape, err, len(served.callers))
		}
	}
}

// TestServeHTTPOtherClients shows that a client which knows HTTP alone finds the
// challenge where HTTP has it.
func TestServeHTTPOtherClients(t *testing.T) {
	address, config := overHTTP(t, serverOf(t, newIssuer(), company(t)), &orders{})
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+getOrder, bytes.NewReader(make([]byte, 5)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
	if got := response.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="grpcaud"`) || response.Trailer.Get("Grpc-Status") != "16" {
		t.Errorf("WWW-Authenticate %q, trailer %v", got, response.Trailer)
	}
}

// dialTLS returns a connection to an address.
func dialTLS(t *testing.T, address string, config *tls.Config, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, append(dial, grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
