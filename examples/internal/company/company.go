package company

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/examples"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// Company is the authorization server, the services and the clients. Make it with [Open].
type Company struct {
	// Issuer is the embedded authorization server; nil with a [Config.Provider].
	Issuer *Issuer

	// Orders and People are the services order-status and human-resource.
	Orders, People *Server

	config    Config
	policy    *access.Policy
	ca        *testutil.CA
	transport http.RoundTripper // to the issuer
	clients   map[string]*interceptor.Client
	orders    *orders
	people    *people
	worker    hrv1.HumanResourceClient // as the client night-worker; nil if the matrix has none
	closers   []func() error
}

// Open starts the company. What has started is stopped again if the rest cannot.
func Open(config Config) (*Company, error) {
	c := &Company{config: config, ca: testutil.NewCA(), transport: http.DefaultTransport, clients: map[string]*interceptor.Client{}}
	if err := c.open(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Company) open() (err error) {
	if c.policy = c.config.Policy; c.policy == nil {
		if c.policy, err = examples.Policy(); err != nil {
			return err
		}
	}
	if _, ok := c.policy.Matrix().Issuers[issuerName]; !ok {
		return fmt.Errorf("the access matrix has no issuer %q, at which the users and clients of the company are", issuerName)
	}
	if p := c.config.Provider; p == nil {
		c.policy, err = c.openIssuer(c.policy)
	} else {
		c.policy, err = p.policy(c.policy)
		if p.Transport != nil {
			c.transport = p.Transport
		}
	}
	if err != nil {
		return err
	}
	for id := range c.policy.Matrix().Clients {
		if c.clients[id], err = c.NewClient(id); err != nil {
			return err
		}
	}
	return c.openServices()
}

// openServices starts the services, human-resource first, which order-status calls.
func (c *Company) openServices() (err error) {
	staff := newStaff(c.config.Login)
	c.people = newPeople(staff)
	if c.People, err = c.Serve(HumanResource, c.config.PeopleAddr); err != nil {
		return err
	}
	clerks, err := c.OnBehalfOf(OrderStatus, c.People)
	if err != nil {
		return err
	}
	if c.clients[NightWorker] != nil {
		own, err := c.AsItself(NightWorker, c.People)
		if err != nil {
			return err
		}
		c.worker = hrv1.NewHumanResourceClient(own)
	}
	c.orders = newOrders(hrv1.NewHumanResourceClient(clerks), staff)
	c.Orders, err = c.Serve(OrderStatus, c.config.OrdersAddr)
	return err
}

// Register adds the implementation of a service to a server.
func (c *Company) Register(s *grpc.Server, service string) {
	if service == HumanResource {
		hrv1.RegisterHumanResourceServer(s, c.people)
		return
	}
	ordersv1.RegisterOrderStatusServer(s, c.orders)
}

// Policy returns the access matrix that the services enforce.
func (c *Company) Policy() *access.Policy { return c.policy }

// CA is the authority that has signed the certificates of the company.
func (c *Company) CA() *testutil.CA { return c.ca }

// Transport is how the issuer is reached.
func (c *Company) Transport() http.RoundTripper { return c.transport }

// Client returns the client of that name in the matrix; nil if there is none. It ends with
// the company.
func (c *Company) Client(name string) *interceptor.Client { return c.clients[name] }

// NewClient returns another client of that name, which has no token yet. It ends with the
// company.
func (c *Company) NewClient(name string) (*interceptor.Client, error) {
	opts := []interceptor.ClientOption{interceptor.Transport(c.transport)}
	if c.config.Client != nil {
		opts = append(opts, c.config.Client(name)...)
	}
	client, err := interceptor.NewClient(c.policy, name, opts...)
	if err == nil {
		c.closing(client.Close)
	}
	return client, err
}

// AsItself returns a connection on which the client calls as itself.
func (c *Company) AsItself(client string, to *Server) (*grpc.ClientConn, error) {
	as := c.clients[client]
	if as == nil {
		return nil, fmt.Errorf("the access matrix has no client %q", client)
	}
	return c.Keep(as.Dial(to.Addr, to.Service, c.Creds()))
}

// OnBehalfOf returns a connection on which the client calls for the user of the context.
func (c *Company) OnBehalfOf(client string, to *Server) (*grpc.ClientConn, error) {
	as := c.clients[client]
	if as == nil {
		return nil, fmt.Errorf("the access matrix has no client %q", client)
	}
	return c.Keep(as.DialOnBehalfOf(to.Addr, to.Service, c.Creds()))
}

// Dial returns a connection to a server, with the credentials of opts alone.
func (c *Company) Dial(to *Server, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return c.Keep(grpc.NewClient(to.Addr, append(opts, grpc.WithTransportCredentials(c.Creds()))...))
}

// Keep closes a connection with the company.
func (c *Company) Keep(conn *grpc.ClientConn, err error) (*grpc.ClientConn, error) {
	if err == nil {
		c.closing(conn.Close)
	}
	return conn, err
}

// Creds trust the certificates of the company.
func (c *Company) Creds() credentials.TransportCredentials { return credentials.NewTLS(c.tls()) }

func (c *Company) tls() *tls.Config {
	return &tls.Config{RootCAs: c.ca.Pool(), MinVersion: tls.VersionTLS12}
}

func (c *Company) closing(stop func() error) { c.closers = append(c.closers, stop) }

// Close stops everything, in reverse order.
func (c *Company) Close() error {
	var all error
	for len(c.closers) > 0 {
		last := len(c.closers) - 1
		all = errors.Join(all, c.closers[last]())
		c.closers = c.closers[:last]
	}
	return all
}
