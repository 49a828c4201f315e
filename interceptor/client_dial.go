package interceptor

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/local"

	"github.com/grpcaud/grpcaud/tokensource"
)

// Dial returns a connection on which the client calls one service of the matrix as
// itself. It is [google.golang.org/grpc.NewClient] with [Client.DialOptions]: target
// is gRPC's, such as "orders.example.com:443", and opts are further options of the
// connection. Nothing is dialled and no token is fetched before the first call or
// [Client.Warm]. The caller closes the connection.
//
// The error says what to change: a service that is not in the matrix, one that the
// matrix does not let the client call, credentials that cannot carry a token, a
// target that gRPC cannot read. creds overrides transport credentials in opts;
// credentials.NewTLS(nil) is TLS with the certificate authorities of the system. creds
// may be nil only for a client that has [AllowPlaintext]([Loopback]): the connection then
// never leaves the machine (google.golang.org/grpc/credentials/local). A connection
// without TLS never takes the proxy that HTTPS_PROXY names.
func (c *Client) Dial(target, service string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return c.dial(asService, target, service, creds, opts)
}

// DialOnBehalfOf is [Client.Dial] for calls that a service makes for the caller that
// it is serving, or a front end for its user ([Client.ForUser]): each call exchanges the
// token of that caller or user, as the function [OnBehalfOf] says. Such a call is
// UNAUTHENTICATED for the lack of a token only if a new login helps, and INTERNAL if the
// configuration must be changed.
func (c *Client) DialOnBehalfOf(target, service string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return c.dial(onBehalfOf, target, service, creds, opts)
}

// DialForward is [Client.DialOnBehalfOf] for calls that carry the unchanged token of the
// caller or the user, as the function [Forward] says.
func (c *Client) DialForward(target, service string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	return c.dial(forwardToken, target, service, creds, opts)
}

func (c *Client) dial(p propagation, target, service string, creds credentials.TransportCredentials, opts []grpc.DialOption) (*grpc.ClientConn, error) {
	if creds == nil && c.wire.plaintext == Loopback {
		creds = local.NewCredentials()
	}
	if err := c.checkDial(target, creds); err != nil {
		return nil, fmt.Errorf("interceptor: dial %q: %w", service, err)
	}
	own, err := c.dialOptions(p, []string{service})
	if err != nil {
		return nil, err
	}
	own = append(own, grpc.WithTransportCredentials(creds))
	if protocol := creds.Info().SecurityProtocol; protocol == "insecure" || protocol == "local" {
		own = append(own, grpc.WithNoProxy())
	}
	conn, err := grpc.NewClient(target, slices.Concat(opts, own)...)
	if err != nil {
		return nil, fmt.Errorf("interceptor: dial %q: %w", service, err)
	}
	return conn, nil
}

// checkDial refuses what would make every call on a connection fail.
func (c *Client) checkDial(target string, creds credentials.TransportCredentials) error {
	switch {
	case target == "":
		return errors.New(`empty target; pass the service's address, such as "orders.example.com:443"`)
	case creds == nil:
		return errors.New("no transport credentials; pass credentials.NewTLS(nil) for TLS with the system's certificate authorities" + loopbackHint)
	case creds.Info().SecurityProtocol == "insecure" && !c.wire.allowsMesh():
		return c.wire.refusal()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return tokensource.ErrClosed
	}
	return nil
}

// DialOptions returns the options of a connection on which the client calls these
// services of the matrix as itself: the tokens for them, and interceptors that check
// where each token is sent and repeat the calls that [Retry] names. Use it if your
// program dials by itself, or if one connection leads to several services. Otherwise
// use [Client.Dial], which is shorter and reports mistakes at once. If there are
// several services, the gRPC service of a call selects one of them; a call to a method
// of no such service fails before a token is requested. Methods that the matrix makes
// public are called without a token.
//
// A token is sent only to the authorities of its service; if the matrix lists none,
// that is the host that the connection is made for. An authority other than the
// connection's target (by WithAuthority, CallAuthority, a server name in the TLS
// configuration, or a resolver) counts only if TLS has verified a certificate for it.
// Without TLS (over [Loopback] or a [Mesh]), or if the verification is switched off,
// the authority is not proven: then it must be the target's host and port, and on the
// list if there is one. The target of a unix socket is localhost. With [AllowPlaintext],
// the connection takes no proxy; one over TLS that needs HTTPS_PROXY is made by Dial.
//
// A name that is not in the matrix, or that the matrix does not let the client
// call, is logged, and fails each call with the same text.
func (c *Client) DialOptions(services ...string) []grpc.DialOption {
	return c.lenientDialOptions(asService, services)
}

// DialOptionsOnBehalfOf is [Client.DialOptions] for calls that a service makes for the
// caller that it is serving: see [Client.DialOnBehalfOf].
func (c *Client) DialOptionsOnBehalfOf(services ...string) []grpc.DialOption {
	return c.lenientDialOptions(onBehalfOf, services)
}

// DialOptionsForward is [Client.DialOptions] for calls that carry the unchanged token
// of the caller that a service is serving: see [Client.DialForward].
func (c *Client) DialOptionsForward(services ...string) []grpc.DialOption {
	return c.lenientDialOptions(forwardToken, services)
}

// lenientDialOptions returns options also where the services are mistaken: their
// calls fail.
func (c *Client) lenientDialOptions(p propagation, services []string) []grpc.DialOption {
	options, err := c.dialOptions(p, services)
	if c.wire.allowsPlaintext() { // what the credentials of the connection are is not known here
		options = append(options, grpc.WithNoProxy())
	}
	if err != nil {
		c.log.Error("every call on a connection will fail", slog.String("client", c.name), slog.String("error", err.Error()))
	}
	return options
}

// dialOptions returns the options of a connection to these services, and what is
// wrong with the services. A connection without mistakes binds later policies: see
// [Client.Swap].
func (c *Client) dialOptions(p propagation, services []string) ([]grpc.DialOption, error) {
	creds := &serviceCredentials{client: c, propagation: p, services: slices.Clone(services)}
	err := creds.current().err
	if err == nil {
		c.mu.Lock()
		for _, name := range services {
			c.connected[name] = true
		}
		c.mu.Unlock()
	}
	return creds.options(), err
}
