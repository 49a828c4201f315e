package main_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// fleet are replicas of a server that share a list.
type fleet struct {
	store    *miniredis.Miniredis
	replicas []*shared.List
}

// newFleet starts replicas that enforce a policy; none means that they do not say which.
func newFleet(t testing.TB, generations ...string) *fleet {
	t.Helper()
	f := &fleet{store: miniredis.RunT(t)}
	f.store.HSet("{grpcaud}:revocation:state", "epoch", "of the test", "change", "0", "entries", "0", "born", "0") // so that nobody waits
	for i, generation := range generations {
		f.add(t, fmt.Sprint("replica-", i), generation)
	}
	return f
}

func (f *fleet) add(t testing.TB, id, generation string, opts ...shared.Option) *shared.List {
	t.Helper()
	l, err := shared.New(valkey.ClientOption{InitAddress: []string{f.store.Addr()}},
		append([]shared.Option{shared.ReplicaID(id), shared.Logger(slog.New(slog.DiscardHandler))}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.AnnounceGeneration(func() string { return generation })
	timeout, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !listed(t, l, id, generation) {
		select {
		case <-timeout:
			t.Fatalf("%s is not listed: %v", id, l.Ready())
		case <-tick.C:
		}
	}
	f.replicas = append(f.replicas, l)
	return l
}

// listed reports whether a replica has announced that it is ready, and its policy.
func listed(t testing.TB, l *shared.List, id, generation string) bool {
	t.Helper()
	all, _ := l.Replicas(t.Context())
	return slices.ContainsFunc(all, func(r shared.Replica) bool { return r.ID == id && r.Ready && r.Generation == generation })
}

func (f *fleet) url() string { return "valkey://" + f.store.Addr() }

// revokes runs the command revoke for the company.
func (f *fleet) revokes(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	return run(t, stdin, append([]string{"revoke", company, "--store", f.url()}, args...)...)
}

// held is a token of the company as a server reads it.
func held(t testing.TB, token string) *claims.Claims {
	t.Helper()
	p, _ := claims.LookupPreset("keycloak")
	payload := decodePayload(t, token)
	c, err := p.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refuses checks which tokens all replicas refuse as revoked.
func (f *fleet) refuses(t testing.TB, c *claims.Claims, want bool) {
	t.Helper()
	for i, l := range f.replicas {
		if got := errors.Is(l.Revoked(context.Background(), c), audience.CauseRevoked); got != want {
			t.Errorf("replica %d: revoked: %v, want %v", i, got, want)
		}
	}
}
