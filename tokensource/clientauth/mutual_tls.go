package clientauth

import (
	"context"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/clientcert"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// MutualTLS authenticates the client by the certificate that it presents on the
// connection to the issuer (RFC 8705, section 2): tls_client_auth and
// self_signed_tls_client_auth. CertFile holds the certificate and the intermediate
// ones, keyFile its private key, both as PEM. Once the files change, new connections
// present the new certificate, and no request uses an old connection. If the
// issuer's metadata has an endpoint for mutual TLS (RFC 8705, section 5), requests
// go there; it must be on the host of the metadata or on a subdomain of it, at any
// port.
//
// A [tokensource.Transport] beside it must be an [*http.Transport]. It is cloned,
// and the client certificates that it had are not presented.
func MutualTLS(id, certFile, keyFile string) tokensource.ClientAuth {
	return &mutualTLS{id: id, certFile: certFile, keyFile: keyFile}
}

// mutualTLS implements [authmethod.ConnectionMethod].
type mutualTLS struct{ id, certFile, keyFile string }

func (m *mutualTLS) Check() error {
	return required("client id", m.id, "path of the certificate", m.certFile, "path of the certificate's key", m.keyFile)
}

func (m *mutualTLS) Names() []string {
	return []string{"tls_client_auth", "self_signed_tls_client_auth"}
}

func (m *mutualTLS) Authenticate(_ context.Context, r *authmethod.Request) error {
	r.Config.ClientID, r.Config.AuthStyle = m.id, oauth2.AuthStyleInParams
	return nil
}

func (m *mutualTLS) Transport(base *http.Transport) authmethod.Transport {
	return clientcert.New(base, m.certFile, m.keyFile)
}
