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

// Connection says how a server is reached.
type Connection struct {
	Addr, authority string
	ca              string
	plaintext       bool
}

func (l *Connection) Flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&l.Addr, "addr", "", "the address of the server, such as orders.example.com:443 (required)")
	flags.StringVar(&l.authority, "authority", "", "what the server calls itself (default: the host of --addr)")
	flags.StringVar(&l.ca, "tls-ca", "", "a file with the certificates, in PEM, to trust instead of the system's")
	flags.BoolVar(&l.plaintext, "plaintext", false, "call without TLS, on a loopback address")
	_ = cmd.MarkFlagRequired("addr")
	cmd.MarkFlagsMutuallyExclusive("tls-ca", "plaintext")
}

// ClientOptions returns the options of who presents tokens over the line.
func (l *Connection) ClientOptions() []interceptor.ClientOption {
	if l.plaintext {
		return []interceptor.ClientOption{interceptor.AllowPlaintext(interceptor.Loopback)}
	}
	return nil
}

// DialOptions returns the options of the connection.
func (l *Connection) DialOptions() ([]grpc.DialOption, error) {
	creds := local.NewCredentials()
	if !l.plaintext {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if l.ca != "" {
			config.RootCAs = x509.NewCertPool()
			if err := files.AddCertificates(config.RootCAs, l.ca); err != nil {
				return nil, err
			}
		}
		creds = credentials.NewTLS(config)
	}
	opts := []grpc.DialOption{grpc.WithTransportCredentials(creds)}
	if l.authority != "" {
		opts = append(opts, grpc.WithAuthority(l.authority))
	}
	return opts, nil
}
