package conformance_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestExtAuthzOverTLS shows that Envoy reports TLS, with and without a server name, and the
// client's certificate, to which tokens may be bound; and that without TLS no client can
// pretend that there is.
func TestExtAuthzOverTLS(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	ca := testutil.NewCA()
	client, thief := ca.Certificate("client"), ca.Certificate("thief")
	x := newExternal(t, arrangement{config: func(config []byte) []byte { return withTLS(t, config, ca) }})
	sum := sha256.Sum256(client.Leaf.Raw)
	bound := "Bearer " + x.token(testutil.Claims{"cnf": testutil.Claims{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}})
	free := "Bearer " + x.token(nil)
	for name, row := range map[string]struct {
		certificates []tls.Certificate
		serverName   string
		token, want  string
	}{
		"TLS":                                 {nil, "127.0.0.1", free, "admitted"},
		"TLS with a server name":              {nil, "envoy.example.com", free, "admitted"},
		"bound, by its holder":                {[]tls.Certificate{client}, "127.0.0.1", bound, "admitted"},
		"bound, by another":                   {[]tls.Certificate{thief}, "127.0.0.1", bound, "TOKEN_INVALID"},
		"bound, without a certificate":        {nil, "127.0.0.1", bound, "TOKEN_INVALID"},
		"not bound, shown with a certificate": {[]tls.Certificate{client}, "127.0.0.1", free, "admitted"},
	} {
		conn := connect(t, x.envoy.Target(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			RootCAs: ca.Pool(), ServerName: row.serverName, Certificates: row.certificates,
		})))
		if got := x.call(t, conn, row.token); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

// TestExtAuthzOverPlaintext shows that without TLS no client can pretend that there is, nor
// that it is on this machine.
func TestExtAuthzOverPlaintext(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x := newExternal(t, arrangement{})
	plain := connect(t, x.envoy.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	token := "Bearer " + x.token(nil)
	for _, headers := range [][]string{nil, {"x-forwarded-proto", "https"}, {"x-forwarded-for", "127.0.0.1"}, {"x-forwarded-client-cert", "Hash=1"}, {"x-envoy-external-address", "127.0.0.1"}} {
		if got := x.call(t, plain, token, headers...); got != "TRANSPORT_INSECURE" {
			t.Errorf("with %q: got %s, want TRANSPORT_INSECURE", headers, got)
		}
	}
}

// TestExtAuthzKnowsTheConnection shows that the address of a client is that of its
// connection, and not the one in a header.
func TestExtAuthzKnowsTheConnection(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x := newExternal(t, onLoopback)
	if got := x.call(t, x.envoy, "Bearer "+x.token(nil), "x-forwarded-for", "203.0.113.9"); got != "admitted" {
		t.Errorf("got %s, want admitted: the connection is from this machine", got)
	}
}

// call calls GetOrderStatus with a token and further headers.
func (x *external) call(t *testing.T, conn *grpc.ClientConn, token string, headers ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, append(headers, "authorization", token)...)
	return verdict(conn.Invoke(ctx, getOrderStatus.full, &emptypb.Empty{}, &emptypb.Empty{}, grpc.WaitForReady(true)))
}

// withTLS gives Envoy's listener a certificate, and lets clients show theirs.
func withTLS(t *testing.T, config []byte, ca *testutil.CA) []byte {
	t.Helper()
	cert := ca.Certificate("127.0.0.1", "envoy.example.com")
	private, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"ca.pem":  ca.PEM(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const chains = "filter_chains:\n        - "
	socket := fmt.Sprintf(`transport_socket: {name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext, `+
		`common_tls_context: {alpn_protocols: [h2], tls_certificates: [{certificate_chain: {filename: %[1]q}, private_key: {filename: %[2]q}}], validation_context: {trusted_ca: {filename: %[3]q}}}}}`,
		filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "ca.pem"))
	changed := bytes.Replace(config, []byte(chains), []byte(chains+socket+"\n          "), 1)
	if bytes.Equal(changed, config) {
		t.Fatalf("the configuration has no %q:\n%s", chains, config)
	}
	return changed
}
