package shared_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// atValkey returns a replica of the list in a real store.
func atValkey(t testing.TB, option valkey.ClientOption, opts ...shared.Option) *shared.List {
	t.Helper()
	l, err := shared.New(option, append([]shared.Option{shared.Logger(slog.New(slog.DiscardHandler))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestValkey shows with a real store, over TLS and with a user's password, that
// replicas share a list; that they stop to answer when the store is gone; and that they
// fill it when it comes back empty.
func TestValkey(t *testing.T) { sharesAndFills(t, idp.Valkey(t)) }

// TestRedis shows the same with Redis, whose scripts differ in places.
func TestRedis(t *testing.T) { sharesAndFills(t, idp.Redis(t)) }

func sharesAndFills(t *testing.T, store *idp.Store) {
	t.Helper()
	ca := testutil.NewCA()
	front := terminate(t, ca, store.Addr)
	option := valkey.ClientOption{
		InitAddress: []string{front}, Username: store.User, Password: store.Password,
		TLSConfig: &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12},
	}
	a, b := atValkey(t, option, shared.StaleAfter(2*time.Second)), atValkey(t, option, shared.StaleAfter(2*time.Second))
	eventually(t, "ready", func() bool { return a.Ready() == nil && b.Ready() == nil })
	if err := a.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "revoked on the other replica", func() bool { return revoked(t, b, "alice") })
	t.Logf("the other replica knows after %v", time.Since(began))

	store.Stop()
	eventually(t, "stale", func() bool { return a.Ready() != nil && b.Ready() != nil })
	if err := b.Revoked(t.Context(), token(t, "bob")); !errors.Is(err, shared.ErrNotReady) {
		t.Errorf("without the store: %v, want %v", err, shared.ErrNotReady)
	}
	if err := b.Revoke(t.Context(), entry("carol")); err == nil {
		t.Error("Revoke without the store: no error")
	}
	store.Start(t)
	eventually(t, "ready", func() bool { return a.Ready() == nil && b.Ready() == nil })
	fresh := atValkey(t, option)
	eventually(t, "ready", func() bool { return fresh.Ready() == nil })
	for _, user := range []string{"alice", "carol"} {
		if !revoked(t, fresh, user) {
			t.Errorf("a fresh replica should know that %s is revoked", user)
		}
	}
}

// TestValkeyRefuses shows that a wrong password, and a store without the TLS that was
// asked for, are no list.
func TestValkeyRefuses(t *testing.T) {
	store := idp.Valkey(t)
	for name, option := range map[string]valkey.ClientOption{
		"password": {InitAddress: []string{store.Addr}, Username: store.User, Password: "another"},
		"no TLS":   {InitAddress: []string{store.Addr}, Username: store.User, Password: store.Password, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
	} {
		said := &lines{}
		l := atValkey(t, option, shared.Logger(slog.New(slog.NewTextHandler(said, nil))))
		eventually(t, "told of", func() bool { return strings.Contains(said.String(), "is lost") })
		if l.Ready() == nil || strings.Contains(said.String(), option.Password) {
			t.Errorf("%s: ready: %v; the log says %s", name, l.Ready(), said)
		}
	}
}

// terminate returns an address that speaks TLS for a server which does not.
func terminate(t testing.TB, ca *testutil.CA, to string) string {
	t.Helper()
	cert := ca.Certificate("127.0.0.1")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: to, open: map[net.Conn]bool{}}
	t.Cleanup(w.done.Wait)
	w.serve(t, listener)
	return w.address
}
