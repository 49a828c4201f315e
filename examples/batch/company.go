package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// lifetime is how long every token is valid.
const lifetime = 3 * time.Second

// company is two services, a worker and their authorization server.
type company struct {
	policy  *access.Policy
	out     io.Writer
	log     *slog.Logger // of the clients, to out
	ca      *testutil.CA
	issuer  *testutil.Issuer
	network *http.Transport // on which the issuer has its name
	server  *server         // order-status
	orders  *orders
	worker  *worker
	closers []func()
}

// open starts the company. What has started is stopped again if the rest cannot.
func open(policy *access.Policy, out io.Writer) (*company, error) {
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	c := &company{policy: policy, out: out, log: log, ca: testutil.NewCA()}
	err := c.openIssuer()
	if err == nil {
		err = c.openServices()
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// openIssuer starts the authorization server, which grants what the matrix allows, and
// puts the secrets of its clients into the environment.
func (c *company) openIssuer() error {
	issuers, err := matrixissuer.For(c.policy, matrixissuer.Lifetime(lifetime))
	if err != nil {
		return err
	}
	for name, secret := range issuers.Environment() {
		if err := os.Setenv(name, secret); err != nil {
			return err
		}
	}
	c.policy, c.issuer = issuers.Policy(), issuers.Issuer("corp")
	cert := c.ca.Certificate("idp.example.com")
	stop, base, err := c.issuer.Listen("127.0.0.1:0", &cert)
	if err != nil {
		return err
	}
	c.closers = append(c.closers, stop)
	at, err := url.Parse(base)
	if err != nil {
		return err
	}
	c.network = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.ca.Pool(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at.Host)
		},
	}
	c.closers = append(c.closers, c.network.CloseIdleConnections)
	return nil
}

func (c *company) openServices() error {
	hr, err := c.openServer("human-resource", func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, people{}) })
	if err != nil {
		return err
	}
	orderStatus, err := c.openClient("order-status")
	if err != nil {
		return err
	}
	nightWorker, err := c.openClient("night-worker")
	if err != nil {
		return err
	}
	onBehalf, err := c.keep(orderStatus.DialOnBehalfOf(hr.addr, "human-resource", c.tlsCreds()))
	if err != nil {
		return err
	}
	itself, err := c.keep(nightWorker.Dial(hr.addr, "human-resource", c.tlsCreds()))
	if err != nil {
		return err
	}
	c.worker = &worker{hrv1.NewHumanResourceClient(itself), c.out}
	c.orders = &orders{people: hrv1.NewHumanResourceClient(onBehalf), out: c.out, queue: make(chan []byte, 1)}
	c.server, err = c.openServer("order-status", func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, c.orders) })
	return err
}

// openClient returns a client of the matrix.
func (c *company) openClient(name string) (*interceptor.Client, error) {
	client, err := interceptor.NewClient(c.policy, name, interceptor.Transport(c.network), interceptor.Logger(c.log))
	if err == nil {
		c.closers = append(c.closers, func() { _ = client.Close() })
	}
	return client, err
}

// server is one guarded gRPC server, and a connection to it without a token.
type server struct {
	addr string
	conn *grpc.ClientConn
}

// openServer starts a service of the matrix.
func (c *company) openServer(name string, register func(*grpc.Server)) (*server, error) {
	admit, err := interceptor.NewServer(c.policy, interceptor.Services(name), interceptor.Transport(c.network), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	cert := c.ca.Certificate("127.0.0.1")
	s := grpc.NewServer(append(admit.Options(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))...)
	c.closers = append(c.closers, func() {
		s.Stop()
		_ = admit.Close()
	})
	register(s)
	if err := admit.CheckCoverage(s); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() { _ = s.Serve(listener) }()
	conn, err := c.keep(grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(c.tlsCreds())))
	return &server{addr: listener.Addr().String(), conn: conn}, err
}

// tlsCreds trust the certificates of the company.
func (c *company) tlsCreds() credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{RootCAs: c.ca.Pool(), MinVersion: tls.VersionTLS12})
}

// keep closes a connection with the company.
func (c *company) keep(conn *grpc.ClientConn, err error) (*grpc.ClientConn, error) {
	if err == nil {
		c.closers = append(c.closers, func() { _ = conn.Close() })
	}
	return conn, err
}

// close stops everything, in reverse order.
func (c *company) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
}
