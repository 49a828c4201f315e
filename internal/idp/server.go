package idp

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// Server is a running authorization server. Its methods are safe for
// concurrent use.
type Server struct {
	// Product is what runs, such as "Keycloak 26.7.3".
	Product string

	// Issuer is the issuer's URL, http on 127.0.0.1.
	Issuer string

	// TLS is the issuer's URL for mutual TLS; its tokens name Issuer all the
	// same. It is empty if the server speaks no TLS.
	TLS string

	// CA is whom the server trusts for certificates of clients, and who signed
	// its own. It is nil if the server speaks no TLS.
	CA *testutil.CA

	// Key is what the client batch signs its assertions with, for
	// private_key_jwt. It is nil if the server has no such client.
	Key *testutil.Key

	process *process
	rotate  func(context.Context) error
	tell    func(ctx context.Context, client, uri string) error // nil if it sends no logout tokens

	register func(ctx context.Context, client string, metadata map[string]any) error // nil if its clients cannot be changed
}

// TellOfLogouts makes the server send the logout tokens for a client to this address
// (OpenID Connect Back-Channel Logout 1.0, section 2.2).
func (s *Server) TellOfLogouts(ctx context.Context, client, uri string) error {
	if s.tell == nil {
		return fmt.Errorf("idp: %s sends no logout tokens here", s.Product)
	}
	return s.tell(ctx, client, uri)
}

// Register changes the metadata of a client, such as redirect_uris (OpenID Connect Dynamic
// Client Registration, section 2). It keeps what metadata does not have.
func (s *Server) Register(ctx context.Context, client string, metadata map[string]any) error {
	if s.register == nil {
		return fmt.Errorf("idp: the clients of %s cannot be changed here", s.Product)
	}
	return s.register(ctx, client, metadata)
}

// Rotate makes the server sign with a new key from now on. The key before
// stays in the published set.
func (s *Server) Rotate(ctx context.Context) error { return s.rotate(ctx) }

// Stop stops the server until [Server.Start], or until t ends. It keeps its
// keys; it may forget who is logged in.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	t.Cleanup(func() { s.Start(t) })
	s.process.stop()
}

// Start starts the server after [Server.Stop], at the same address, and
// returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.process.start(); err != nil {
		t.Fatalf("idp: start: %v", err)
	}
}

// metadata is what a login needs of OpenID Connect Discovery, section 3.
type metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
}

// discover asks the issuer at url for its metadata.
func discover(ctx context.Context, url string) (metadata, error) {
	var m metadata
	err := call(ctx, http.MethodGet, url+"/.well-known/openid-configuration", "", nil, &m)
	if err == nil && m.Issuer != url {
		err = fmt.Errorf("the issuer at %s is %q", url, m.Issuer)
	}
	return m, err
}

// answers returns what asks whether the issuer at url is up.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := discover(ctx, url)
		return err
	}
}

// postRotate returns what rotates the keys of the issuer at url, if that is a
// server whose program is ours.
func postRotate(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		return call(ctx, http.MethodPost, url+"/admin/rotate", "", nil, nil)
	}
}

// given returns the server that start gives to all tests of the binary.
func given(t testing.TB, start func() (*Server, error)) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatalf("idp: %v", err)
	}
	t.Cleanup(func() { s.process.tell(t) })
	return s
}
