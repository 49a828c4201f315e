package interceptor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// from returns the context of a call that came over TLS from this address.
func from(ctx context.Context, address string, pairs ...string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{
		Addr:     net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)),
		AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
	return metadata.NewIncomingContext(ctx, metadata.Pairs(pairs...))
}

// TestRefusalNamesThePeer shows that the line of a refused call, and of one that
// would be refused, says where it came from and by which program.
func TestRefusalNamesThePeer(t *testing.T) {
	for mode, decision := range map[access.Mode]string{access.Enforce: "refused", access.Observe: "would_refuse", access.Warn: "would_refuse"} {
		for shape, do := range shapes {
			issuer, written := newIssuer(), &log{}
			server := guarded(t, issuer, mode, jsonLogger(written))
			conn := testutil.Serve(t, server.Options(), registerAnybody, grpc.WithUserAgent("billing/1.2"))
			if err := do(t.Context(), conn); (err == nil) != (mode != access.Enforce) {
				t.Errorf("%v, %s: %v", mode, shape, err)
			}
			line := lines(t, written)[0]
			agent, _ := line["user_agent"].(string)
			if line["decision"] != decision || line["peer"] != "bufconn" || !strings.HasPrefix(agent, "billing/1.2 grpc-go/") {
				t.Errorf("%v, %s: line %v, want the peer and its program", mode, shape, line)
			}
			rows := server.WouldRefuse()
			if mode == access.Enforce {
				continue
			}
			if len(rows) != 1 || rows[0].Peer != "bufconn" || rows[0].UserAgent != agent {
				t.Errorf("%v, %s: rows %+v, want the peer and its program", mode, shape, rows)
			}
		}
	}
}

// TestWouldRefuseTellsPeersApart shows that calls without a genuine token have a
// row for each address, whatever their ports, user agent and certificate, and that
// those with one have a row for each client.
func TestWouldRefuseTellsPeersApart(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Observe, interceptor.PeerCertificate(certificateInMetadata))
	mismatch := "Bearer " + issuer.Mint(good(testutil.Claims{"aud": "x"}))
	for _, call := range []context.Context{
		from(t.Context(), "10.0.0.1:1", "user-agent", "cron"), from(t.Context(), "10.0.0.1:2", "user-agent", "cron"), from(t.Context(), "10.0.0.1:2", "user-agent", "other"), from(t.Context(), "[2001:db8::1]:3"),
		from(t.Context(), "10.0.0.9:1", "certificate", "batch"), from(t.Context(), "10.0.0.9:1", "certificate", "billing"),
		from(t.Context(), "10.0.0.1:4", "authorization", mismatch), from(t.Context(), "10.0.0.2:5", "authorization", mismatch), from(t.Context(), "10.0.0.3:5", "authorization", mismatch),
	} {
		if err := unary(call, server, getOrder); err != nil {
			t.Error(err)
		}
	}
	type row struct {
		client, peer, agent, certificate string
		calls                            uint64
	}
	var got []row
	for _, b := range server.WouldRefuse() {
		got = append(got, row{b.Client, b.Peer, b.UserAgent, b.Certificate, b.Calls})
	}
	want := []row{
		{"customer-portal", "10.0.0.1", "", "", 3},
		{"", "10.0.0.1", "cron", "", 2},
		{"", "10.0.0.1", "other", "", 1},
		{"", "10.0.0.9", "", "batch", 1},
		{"", "10.0.0.9", "", "billing", 1},
		{"", "2001:db8::1", "", "", 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %+v, want %+v", got, want)
	}
}

// certificateInMetadata stands for a proxy that ends TLS and names the certificate.
func certificateInMetadata(ctx context.Context) *x509.Certificate {
	if names := metadata.ValueFromIncomingContext(ctx, "certificate"); len(names) == 1 {
		return &x509.Certificate{Subject: pkix.Name{CommonName: names[0]}}
	}
	return nil
}

// TestRefusalNamesTheCertificate shows which name of a certificate the line of a
// refusal tells, that a long one is cut, that the names make kinds, and that refusals
// of calls and rows of calls that would be refused have the same name.
func TestRefusalNamesTheCertificate(t *testing.T) {
	spiffe, err := url.Parse("spiffe://example.org/ns/prod/sa/billing")
	if err != nil {
		t.Fatal(err)
	}
	for want, certificate := range map[string]*x509.Certificate{
		spiffe.String():          {URIs: []*url.URL{spiffe}, DNSNames: []string{"billing.example"}, Subject: pkix.Name{CommonName: "billing"}},
		"billing.example":        {DNSNames: []string{"billing.example", "b.example"}, EmailAddresses: []string{"ops@example.com"}},
		"ops@example.com":        {EmailAddresses: []string{"ops@example.com"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}},
		"10.0.0.1":               {IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}, Subject: pkix.Name{CommonName: "billing"}},
		"billing":                {Subject: pkix.Name{CommonName: "billing"}},
		"x\uFFFDmsg=\uFFFD\"x\"": {Subject: pkix.Name{CommonName: "x\u0000msg=\r\"x\""}},
	} {
		for mode, observed := range map[access.Mode]int{access.Enforce: 0, access.Observe: 1} {
			for shape, do := range shapes {
				written := &log{}
				server := guarded(t, newIssuer(), mode, jsonLogger(written), interceptor.PeerCertificate(func(context.Context) *x509.Certificate { return certificate }))
				_ = do(t.Context(), testutil.Serve(t, server.Options(), registerAnybody)) // its answer is another test's
				if line := lines(t, written)[0]; line["certificate"] != want || line["cause"] != "CREDENTIALS_MISSING" || line["reason"] != "CREDENTIALS_MISSING" {
					t.Errorf("%s: line %v, want the certificate %s", shape, line, want)
				}
				if rows := server.WouldRefuse(); len(rows) != observed || observed == 1 && rows[0].Certificate != want {
					t.Errorf("%s: rows %+v, want the certificate %s", shape, rows, want)
				}
			}
		}
	}
	written := &log{}
	server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written), interceptor.PeerCertificate(certificateInMetadata))
	for _, name := range []string{"batch", "billing", "batch", strings.Repeat("x", 5000)} {
		times(t, 1, server, from(t.Context(), "10.0.0.1:1", "certificate", name), getOrder)
	}
	got := lines(t, written)
	if len(got) != 3 || len(got[2]["certificate"].(string)) > 200 {
		t.Errorf("lines %v, want one for each certificate, the last name cut", got)
	}
}

// TestRefusalNamesTheCertificateOfTLS shows the same for the certificate of the
// connection.
func TestRefusalNamesTheCertificateOfTLS(t *testing.T) {
	ca, written := testutil.NewCA(), &log{}
	server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written), interceptor.SampleRefused(0))
	creds := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{ca.Certificate(testutil.ServerName)}, ClientCAs: ca.Pool(), ClientAuth: tls.VerifyClientCertIfGiven})
	for name, certificates := range map[string][]tls.Certificate{"billing.example": {ca.Certificate("billing.example")}, "": nil} {
		conn := testutil.Serve(t, append(server.Options(), grpc.Creds(creds)), registerAnybody,
			grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), Certificates: certificates})))
		for shape, do := range shapes {
			before := len(lines(t, written))
			if err := do(t.Context(), conn); verdictOf(err).Reason != audience.ReasonCredentialsMissing {
				t.Errorf("%s: %v", shape, err)
			}
			if line := lines(t, written)[before]; line["certificate"] != name && (name != "" || line["certificate"] != nil) {
				t.Errorf("%s: line %v, want the certificate %q", shape, line, name)
			}
		}
	}
}

// TestStrangersLeaveRowsToClients shows that calls without a genuine token do not
// use up the rows of callers with one.
func TestStrangersLeaveRowsToClients(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Observe)
	for n := range 2000 {
		_ = unary(from(t.Context(), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 1).String()), server, getOrder)
	}
	_ = call(t.Context(), server, getOrder, issuer.Mint(good(testutil.Claims{"aud": "x"})))
	rows, found := server.WouldRefuse(), false
	for _, b := range rows {
		found = found || b.Client == "customer-portal"
	}
	if !found || len(rows) != 1024+1+1 {
		t.Errorf("%d rows, want 1024 of strangers, one of the others and the client's: %t", len(rows), found)
	}
}

// TestPlaintextRefusalNamesThePeer shows that a refusal for the wire says from
// where the call came, and what AllowPlaintext covers.
func TestPlaintextRefusalNamesThePeer(t *testing.T) {
	const mesh = "let the program say so: AllowPlaintext with Mesh and the mesh's name"
	for name, row := range map[string]struct {
		opts []interceptor.ServerOption
		want []string
	}{
		"strict":   {nil, []string{"want TLS;", mesh, "for clients and proxies on the server's own machine"}},
		"loopback": {[]interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Loopback)}, []string{"want TLS, or plaintext from this machine", "which is all that the server allows", mesh}},
	} {
		written := &log{}
		server := guarded(t, newIssuer(), access.Enforce, append(row.opts, jsonLogger(written))...)
		before := len(lines(t, written))
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.1.2.3:4567")), AuthInfo: open{}})
		if got, want := verdictOf(unary(ctx, server, getOrder)).Reason, audience.ReasonTransportInsecure; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		line := lines(t, written)[before]
		told, _ := line["error"].(string)
		for _, want := range append(row.want, `got plaintext from "10.1.2.3:4567"`) {
			if !strings.Contains(told, want) {
				t.Errorf("%s: error %q, want it to say %q", name, told, want)
			}
		}
		if line["peer"] != "10.1.2.3:4567" {
			t.Errorf("%s: peer = %v", name, line["peer"])
		}
	}
}

// TestPlaintextRefusalOverTheWire shows the same for both shapes of calls.
func TestPlaintextRefusalOverTheWire(t *testing.T) {
	for shape, do := range shapes {
		written := &log{}
		server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written))
		conn := testutil.Serve(t, append(server.Options(), grpc.Creds(insecure.NewCredentials())), registerAnybody, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if got, want := verdictOf(do(bearing(t.Context(), "Bearer x"), conn)).Reason, audience.ReasonTransportInsecure; got != want {
			t.Errorf("%s: %s, want %s", shape, got, want)
		}
		if line := lines(t, written)[0]; line["peer"] != "bufconn" || !strings.Contains(line["error"].(string), `plaintext from "bufconn"`) {
			t.Errorf("%s: line %v, want the peer", shape, line)
		}
	}
}
