package interceptor_test

import (
	"context"
	"net"
	"net/netip"
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

// TestRefusalNamesThePeer holds that the line of a refused call, and of one that
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

// TestWouldRefuseTellsPeersApart holds that calls without a genuine token have a
// row for each address, whatever their ports, and that those with one have a row
// for each client.
func TestWouldRefuseTellsPeersApart(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Observe)
	mismatch := "Bearer " + issuer.Mint(good(testutil.Claims{"aud": "x"}))
	for _, call := range []context.Context{
		from(t.Context(), "10.0.0.1:1", "user-agent", "cron"), from(t.Context(), "10.0.0.1:2", "user-agent", "other"), from(t.Context(), "[2001:db8::1]:3"),
		from(t.Context(), "10.0.0.1:4", "authorization", mismatch), from(t.Context(), "10.0.0.2:5", "authorization", mismatch), from(t.Context(), "10.0.0.3:5", "authorization", mismatch),
	} {
		if err := unary(call, server, getOrder); err != nil {
			t.Error(err)
		}
	}
	type row struct {
		client, peer, agent string
		calls               uint64
	}
	var got []row
	for _, b := range server.WouldRefuse() {
		got = append(got, row{b.Client, b.Peer, b.UserAgent, b.Calls})
	}
	want := []row{{"customer-portal", "10.0.0.1", "", 3}, {"", "10.0.0.1", "cron", 2}, {"", "2001:db8::1", "", 1}}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("rows %+v, want %+v", got, want)
	}
}

// TestStrangersLeaveRowsToClients holds that calls without a genuine token do not
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

// TestPlaintextRefusalNamesThePeer holds that a refusal for the wire says from
// where the call came, and what AllowPlaintext covers.
func TestPlaintextRefusalNamesThePeer(t *testing.T) {
	for name, opts := range map[string][]interceptor.ServerOption{"strict": nil, "loopback": {interceptor.AllowPlaintext(interceptor.Loopback)}} {
		written := &log{}
		server := guarded(t, newIssuer(), access.Enforce, append(opts, jsonLogger(written))...)
		before := len(lines(t, written))
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.1.2.3:4567")), AuthInfo: open{}})
		if got, want := verdictOf(unary(ctx, server, getOrder)).Reason, audience.ReasonTransportInsecure; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		line := lines(t, written)[before]
		told, _ := line["error"].(string)
		for _, want := range []string{`plaintext from "10.1.2.3:4567"`, "AllowPlaintext(Loopback) covers only calls from a loopback address"} {
			if !strings.Contains(told, want) {
				t.Errorf("%s: error %q, want it to say %q", name, told, want)
			}
		}
		if line["peer"] != "10.1.2.3:4567" {
			t.Errorf("%s: peer = %v", name, line["peer"])
		}
	}
}

// TestPlaintextRefusalOverTheWire holds the same for both shapes of calls.
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
