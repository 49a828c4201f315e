package connectguard_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// revoke ends session s1.
func (c *company) revoke(t testing.TB) {
	if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "s1", Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Error(err)
	}
}

// TestStreamsEndOverHTTP1 shows that a stream over HTTP/1.1 is told why it was ended too.
func TestStreamsEndOverHTTP1(t *testing.T) {
	for _, protocol := range []string{"Connect", "Connect JSON", "gRPC-Web"} {
		o := &orders{}
		c := newCompany(t, o)
		o.watch = func(ctx context.Context, _ *connect.Request[ordersv1.WatchOrderStatusRequest], _ *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error {
			c.revoke(t)
			<-ctx.Done()
			return ctx.Err()
		}
		transport := c.server.Client().Transport.(*http.Transport)
		transport.ForceAttemptHTTP2, transport.TLSClientConfig.NextProtos = false, []string{"http/1.1"}
		if err := drain(deadline(t), c, bearer(c.mint(nil)), protocols[protocol]); reasonOf(err) != audience.ReasonTokenRevoked {
			t.Errorf("%s: got %v with reason %q, want %s", protocol, err, reasonOf(err), audience.ReasonTokenRevoked)
		}
	}
}

// TestRestOfABodyIsNoRequest shows that a connection of HTTP/1.1 ends with a stream that
// was ended: what its client had yet to send is not read as the next request.
func TestRestOfABodyIsNoRequest(t *testing.T) {
	c := newCompany(t, &orders{})
	handler, err := connectguard.New(c.admit, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Second") != "" {
			t.Error("the rest of the body was read as a request")
			return
		}
		control := http.NewResponseController(w)
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		if err := errors.Join(control.EnableFullDuplex(), control.Flush()); err != nil {
			t.Error(err)
		}
		c.revoke(t)
		<-r.Context().Done()
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.server.Config.Handler = handler
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	conn, err := dialer.DialContext(deadline(t), "tcp", c.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	const head = "POST %s HTTP/1.1\r\nHost: orders.example.com\r\nContent-Type: application/connect+proto\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n%s\r\n"
	fmt.Fprintf(conn, head, watchOrder, c.mint(nil), 2000, "")
	var got strings.Builder
	for buffer := make([]byte, 4096); !strings.Contains(got.String(), "TOKEN_REVOKED"); {
		n, err := conn.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v after %q", err, got.String())
		}
	}
	fmt.Fprintf(conn, head, watchOrder, c.mint(map[string]any{"sid": "s2"}), 0, "X-Second: 1\r\n")
	rest, err := io.ReadAll(conn)
	if strings.Contains(string(rest), "HTTP/1.1") {
		t.Errorf("got another answer: %q, %v", rest, err)
	}
}
