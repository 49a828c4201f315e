package remote

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/local"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Connection are the flags that say how to reach a server.
type Connection struct {
	Addr, authority string
	ca              string
	plaintext       bool
}

// Flags adds the flags to cmd.
func (c *Connection) Flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.Addr, "addr", "", "the address of the server, such as orders.example.com:443")
	flags.StringVar(&c.authority, "authority", "", "the name that the server's certificate has (default: the host of --addr)")
	flags.StringVar(&c.ca, "tls-ca", "", "a file with certificates, in PEM, to trust instead of the system's")
	flags.BoolVar(&c.plaintext, "plaintext", false, "call without TLS, on a loopback address only")
	cmd.MarkFlagsMutuallyExclusive("tls-ca", "plaintext")
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
		creds = credentials.NewTLS(config)
	}
	opts := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
	if c.authority != "" {
		opts = append(opts, grpc.WithAuthority(c.authority))
	}
	return opts, nil
}
