// Package authmethod is the contract between the requests of package tokensource and
// the ways in which a client authenticates. It is internal, so that no other module
// can add a way.
package authmethod

import (
	"context"
	"net/http"

	"golang.org/x/oauth2/clientcredentials"
)

// Method is one way to authenticate a client to an authorization server. It must be
// safe for concurrent use.
type Method interface {
	// Check refuses a configuration that can never work. It reads no file.
	Check() error
	// Names lists the names under which an authorization server may publish this
	// method (RFC 8414, section 2), the preferred one first. It is empty if servers
	// do not list it.
	Names() []string
	// Authenticate adds the proof to one token request.
	Authenticate(ctx context.Context, r *Request) error
}

// Request is one request to a token endpoint.
type Request struct {
	Issuer string
	Config clientcredentials.Config

	// ForEndpoint says that the provider expects the address of the token endpoint as
	// the audience of an assertion. The default is Issuer.
	ForEndpoint bool
}

// ConnectionMethod is a Method that authenticates the connection instead of the
// request (RFC 8705).
type ConnectionMethod interface {
	Method
	// Transport returns a transport over clones of base that authenticates its
	// connections.
	Transport(base *http.Transport) Transport
}

// Transport carries requests over connections of its own.
type Transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// GrantMethod is a Method that replaces the grant of the request instead of
// authenticating the client (RFC 7523, section 2.1). Such a client can make no
// request for a subject.
type GrantMethod interface {
	Method
	ReplacesGrant()
}
