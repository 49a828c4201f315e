package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

const (
	customerPortal   = "customer-portal"
	backofficePortal = "backoffice-portal"
	orderStatus      = "order-status"
	humanResource    = "human-resource"
)

// company is the authorization server, the services and the clients, each at an
// address of its own.
type company struct {
	policy *access.Policy
	log    *slog.Logger
	ca     *testutil.CA

	issuer     *testutil.Issuer
	secrets    map[string]string // of the clients, by environment variable
	issuerCert tls.Certificate
	issuerAddr string
	stopIssuer func()
	network    *http.Transport // on which the issuer has its name

	orders, people *server
	clients        map[string]*interceptor.Client
	closers        []func()
}

// open starts the company. What has started is stopped again if the rest
// cannot.
func open(config config, policy *access.Policy, log *slog.Logger) (*company, error) {
	c := &company{policy: policy, log: log, ca: testutil.NewCA(), clients: map[string]*interceptor.Client{}}
	if err := c.start(config); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *company) start(config config) (err error) {
	if err := c.openIssuer(config.issuerAddr); err != nil {
		return err
	}
	for id := range c.policy.Matrix().Clients {
		if c.clients[id], err = c.newClient(id); err != nil {
			return err
		}
	}
	if c.people, err = c.openServer(humanResource, config.people, func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, newPeople())
	}); err != nil {
		return err
	}
	employees, err := c.keep(c.clients[orderStatus].DialOnBehalfOf(c.people.addr, humanResource, c.tlsCreds()))
	if err != nil {
		return err
	}
	c.orders, err = c.openServer(orderStatus, config.orders, func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, newOrders(hrv1.NewHumanResourceClient(employees)))
	})
	return err
}

// openIssuer starts the authorization server, which grants what the matrix allows, and
// puts the secrets of its clients into the environment, where the matrix says that they
// are.
func (c *company) openIssuer(addr string) error {
	issuers, err := matrixissuer.For(c.policy, matrixissuer.Secrets(strings.ToLower))
	if err != nil {
		return err
	}
	for name, secret := range issuers.Environment() {
		if err := os.Setenv(name, secret); err != nil {
			return err
		}
	}
	c.policy, c.issuer, c.secrets = issuers.Policy(), issuers.Issuer("corp"), issuers.Environment()
	at, err := url.Parse(c.issuer.URL())
	if err != nil {
		return err
	}
	c.issuerCert = c.ca.Certificate(at.Hostname())
	if c.issuerAddr, err = c.startIssuer(addr); err != nil {
		return err
	}
	dialer := &net.Dialer{Timeout: time.Second}
	c.network = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.ca.Pool(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, c.issuerAddr)
		},
	}
	return nil
}

// startIssuer makes the issuer listen, also after it was stopped, and returns its
// address.
func (c *company) startIssuer(addr string) (string, error) {
	stop, base, err := c.issuer.Listen(addr, &c.issuerCert)
	if err != nil {
		return "", fmt.Errorf("authorization server: %w", err)
	}
	c.stopIssuer = stop
	at, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return at.Host, nil
}

// newClient returns a client of the matrix that has no token yet.
func (c *company) newClient(id string) (*interceptor.Client, error) {
	return interceptor.NewClient(c.policy, id, interceptor.Transport(c.network), interceptor.Logger(c.log.With(slog.String("client", id))))
}

// server is one guarded gRPC server, and a connection to it.
type server struct {
	addr string
	tap  tap
	conn *grpc.ClientConn // without credentials: each call brings its own
	stop func()
}

// openServer starts a service of the matrix. The matrix alone says which calls it
// admits.
func (c *company) openServer(name, addr string, register func(*grpc.Server)) (*server, error) {
	admit, err := interceptor.NewServer(c.policy, interceptor.Services(name),
		interceptor.Transport(c.network),
		interceptor.Logger(c.log.With(slog.String("server", name))),
		// The last scene rotates the issuer's keys several times in a second.
		interceptor.VerifierOptions(verifier.Cooldown(100*time.Millisecond)))
	if err != nil {
		return nil, err
	}
	cert := c.ca.Certificate("127.0.0.1", "localhost")
	served := &server{}
	s := grpc.NewServer(append(append(served.tap.options(), admit.Options()...), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))...)
	register(s)
	if err := admit.CheckCoverage(s); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go s.Serve(listener)
	served.addr, served.stop = listener.Addr().String(), func() {
		s.Stop()
		admit.Close()
	}
	c.closers = append(c.closers, served.stop)
	served.conn, err = c.dial(served)
	return served, err
}

// dial returns a connection to a server over TLS.
func (c *company) dial(to *server, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return c.keep(grpc.NewClient(to.addr, append(opts, grpc.WithTransportCredentials(c.tlsCreds()))...))
}

// keep closes a connection with the company.
func (c *company) keep(conn *grpc.ClientConn, err error) (*grpc.ClientConn, error) {
	if err == nil {
		c.closers = append(c.closers, func() { conn.Close() })
	}
	return conn, err
}

// tlsCreds trust the certificates of the company.
func (c *company) tlsCreds() credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{RootCAs: c.ca.Pool(), MinVersion: tls.VersionTLS12})
}

func (c *company) server(service string) *server {
	if service == humanResource {
		return c.people
	}
	return c.orders
}

func (c *company) close() {
	for _, client := range c.clients {
		if client != nil {
			client.Close()
		}
	}
	for _, stop := range c.closers {
		stop()
	}
	if c.stopIssuer != nil {
		c.stopIssuer()
	}
	if c.network != nil {
		c.network.CloseIdleConnections()
	}
}
