package remote

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/local"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Connection are the flags that say how to reach a server.
type Connection struct {
	Addr        string // "host:port"
	authority   string
	ca          string
	certificate access.CertificateRef
	plaintext   bool
}

// Flags adds the flags to cmd, except the address. Their help begins with prefix.
func (c *Connection) Flags(cmd *cobra.Command, prefix string) {
	flags := cmd.Flags()
	flags.StringVar(&c.authority, "authority", "", prefix+"the name that the server's certificate has (default: the host of the address)")
	flags.StringVar(&c.ca, "tls-ca", "", prefix+"a file with certificates, in PEM, to trust for the server instead of the system's")
	flags.StringVar(&c.certificate.File, "cert", "", prefix+"the file with the client's certificate, in PEM, to show to the server")
	flags.StringVar(&c.certificate.KeyFile, "key", "", prefix+"the file with the key of --cert, in PEM")
	flags.BoolVar(&c.plaintext, "plaintext", false, prefix+"call without TLS, on a loopback address only")
	cmd.MarkFlagsRequiredTogether("cert", "key")
	cmd.MarkFlagsMutuallyExclusive("tls-ca", "plaintext")
	cmd.MarkFlagsMutuallyExclusive("cert", "plaintext")
}

// ShowCertificate has the connection show a certificate, unless a flag names one.
func (c *Connection) ShowCertificate(of access.CertificateRef) {
	if c.certificate == (access.CertificateRef{}) {
		c.certificate = of
	}
}

// ClientOptions returns the options of the client that presents tokens.
func (c *Connection) ClientOptions() []interceptor.ClientOption {
	if c.plaintext {
		return []interceptor.ClientOption{interceptor.AllowPlaintext(interceptor.Loopback)}
	}
	return nil
}

// DialOptions returns the options of the gRPC connection.
func (c *Connection) DialOptions() ([]grpc.DialOption, error) {
	creds := local.NewCredentials()
	if !c.plaintext {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if c.ca != "" {
			config.RootCAs = x509.NewCertPool()
			if err := files.AddCertificates(config.RootCAs, c.ca); err != nil {
				return nil, err
			}
		}
		if c.certificate != (access.CertificateRef{}) {
			pair, err := files.KeyPair(c.certificate.File, c.certificate.KeyFile)
			if err != nil {
				return nil, err
			}
			config.Certificates = []tls.Certificate{pair}
		}
		creds = credentials.NewTLS(config)
	}
	opts := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
	if c.plaintext {
		opts = append(opts, grpc.WithNoProxy()) // a proxy here would lead off the machine
	}
	if c.authority != "" {
		opts = append(opts, grpc.WithAuthority(c.authority))
	}
	return opts, nil
}
