package interceptor_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

func thumbprint(cert tls.Certificate) string {
	sum := sha256.Sum256(cert.Leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestBoundTokenOnAnotherConnectionIsRefused shows that a token which is bound to a
// certificate is refused on another connection (RFC 8705, section 3).
func TestBoundTokenOnAnotherConnectionIsRefused(t *testing.T) {
	ca := testutil.NewCA()
	service, client, thief := ca.Certificate(testutil.ServerName), ca.Certificate("client"), ca.Certificate("thief")
	tlsOf := func(certs ...tls.Certificate) grpc.DialOption {
		return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), Certificates: certs}))
	}
	creds := grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{service}, ClientCAs: ca.Pool(), ClientAuth: tls.VerifyClientCertIfGiven}))
	withAnother := client // its chain has a certificate that it does not prove to hold
	withAnother.Certificate = append(client.Certificate[:1:1], thief.Certificate[0])
	fromProxy := interceptor.PeerCertificate(func(context.Context) *x509.Certificate { return client.Leaf })
	invalid := verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}
	cnf := func(thumbprint string) testutil.Claims {
		return testutil.Claims{"cnf": testutil.Claims{"x5t#S256": thumbprint}}
	}
	for _, row := range []struct {
		name     string
		claims   testutil.Claims
		required bool
		dial     grpc.DialOption
		opts     []interceptor.ServerOption
		want     verdict
	}{
		{name: "bound, by its holder", claims: cnf(thumbprint(client)), dial: tlsOf(client)},
		{name: "bound, by its holder, where it must be", claims: cnf(thumbprint(client)), required: true, dial: tlsOf(client)},
		{name: "bound, by another", claims: cnf(thumbprint(client)), dial: tlsOf(thief), want: invalid},
		{name: "bound, without a certificate", claims: cnf(thumbprint(client)), dial: tlsOf(), want: invalid},
		{name: "bound, by its holder, who shows another's as well", claims: cnf(thumbprint(client)), dial: tlsOf(withAnother)},
		{name: "bound to a certificate that is only in the chain", claims: cnf(thumbprint(thief)), dial: tlsOf(withAnother), want: invalid},
		{name: "bound to the server's own", claims: cnf(thumbprint(service)), dial: tlsOf(client), want: invalid},
		{name: "bound, behind a proxy", claims: cnf(thumbprint(client)), dial: tlsOf(), opts: []interceptor.ServerOption{fromProxy}},
		{name: "bound to a key", claims: testutil.Claims{"cnf": testutil.Claims{"jkt": thumbprint(client)}}, dial: tlsOf(client), want: invalid},
		{name: "not bound", dial: tlsOf(client)},
		{name: "not bound where it must be", required: true, dial: tlsOf(client), want: invalid},
	} {
		issuer := newIssuer()
		server := serverOf(t, issuer, company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, RequireBound: row.required}
		}), row.opts...)
		conn := testutil.Serve(t, append(server.Options(), creds), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) }, row.dial)
		for shape, call := range shapes {
			if got := verdictOf(call(bearing(t.Context(), "Bearer "+issuer.Mint(good(row.claims))), conn)); got != row.want {
				t.Errorf("%s, %s: %v, want %v", row.name, shape, got, row.want)
			}
		}
	}
}
