package company

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// Issuer is the embedded authorization server. It grants what the matrix allows.
type Issuer struct {
	*testutil.Issuer

	// Addr is the address that it listens on.
	Addr string

	// Secrets are the secrets of the clients, by environment variable.
	Secrets map[string]string

	network *http.Transport  // on which it has its name
	cert    *tls.Certificate // nil for plain HTTP
	server  *http.Server     // nil while it is stopped
	done    chan struct{}    // closed when the server has ended
}

// openIssuer starts the embedded issuer of c, and returns the policy with it. It puts the
// secrets of the clients into the environment, where the matrix says that they are.
func (c *Company) openIssuer(policy *access.Policy) (*access.Policy, error) {
	listener, err := net.Listen("tcp", orFree(c.config.IssuerAddr))
	if err != nil {
		return nil, fmt.Errorf("authorization server: %w", err)
	}
	if policy, err = c.embed(policy, listener.Addr().String()); err != nil {
		listener.Close()
		return nil, err
	}
	c.Issuer.serve(listener)
	c.closing(func() error {
		c.Issuer.Stop()
		return nil
	})
	return policy, nil
}

// embed makes the issuer that will listen on addr, with the way to it.
func (c *Company) embed(policy *access.Policy, addr string) (*access.Policy, error) {
	if c.config.IssuerHost != "" {
		var err error
		if policy, err = hosted(policy, c.config.IssuerHost, addr); err != nil {
			return nil, err
		}
	}
	// The environment is that of the process, in which other companies may run.
	known := matrixissuer.Secrets(strings.ToLower)
	issuers, err := matrixissuer.For(policy, append([]matrixissuer.Option{known}, c.config.Issuer...)...)
	if err != nil {
		return nil, err
	}
	c.Issuer = &Issuer{Issuer: issuers.Issuer(issuerName), Addr: addr, Secrets: issuers.Environment()}
	for name, secret := range c.Issuer.Secrets {
		if err := os.Setenv(name, secret); err != nil {
			return nil, err
		}
	}
	at, err := url.Parse(c.Issuer.URL())
	if err != nil {
		return nil, err
	}
	if at.Scheme == "https" {
		cert := c.ca.Certificate(at.Hostname())
		c.Issuer.cert = &cert
	}
	c.Issuer.network = &http.Transport{TLSClientConfig: c.tls(), DialContext: dialling(addr)}
	c.transport = c.Issuer.network
	return issuers.Policy(), nil
}

// hosted returns the policy with its issuer at a name of this machine and the port of
// addr, over plain HTTP.
func hosted(policy *access.Policy, host, addr string) (*access.Policy, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	m := policy.Matrix()
	played := m.Issuers[issuerName]
	played.URL, played.InsecureHosts = "http://"+net.JoinHostPort(host, port)+"/realms/corp", []string{host}
	m.Issuers[issuerName] = played
	return access.New(m, policy.GivenOptions()...)
}

// dialling connects to addr, whatever name is asked for.
func dialling(addr string) func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: time.Second}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}
}

// Stop makes the issuer unreachable until [Issuer.Start].
func (i *Issuer) Stop() {
	if i.server != nil {
		i.server.Close()
		<-i.done
		i.server = nil
		i.network.CloseIdleConnections()
	}
}

// Start makes the issuer listen again at the same address, after [Issuer.Stop].
func (i *Issuer) Start() error {
	listener, err := net.Listen("tcp", i.Addr)
	if err != nil {
		return fmt.Errorf("authorization server: %w", err)
	}
	i.serve(listener)
	return nil
}

func (i *Issuer) serve(l net.Listener) {
	if i.cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*i.cert}, MinVersion: tls.VersionTLS12})
	}
	s, done := &http.Server{Handler: i.forOwnHost(i.Issuer), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // returns when the server is closed
	}()
	i.server, i.done = s, done
}

// forOwnHost serves requests that name the issuer or its address: the name of another site may
// resolve to it (DNS rebinding), and the secrets of the clients are no secrets here.
func (i *Issuer) forOwnHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, err := url.Parse(i.URL()); err != nil || r.Host != at.Host && r.Host != i.Addr {
			http.Error(w, "this issuer answers under its own name only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
