package signals_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/testutil"
)

// replica is one of several servers that share a list and a stream.
type replica struct {
	list *shared.List
	stop func()
}

// newReplica returns a replica that polls while it has the lease.
func newReplica(t *testing.T, store string, s *stream) replica {
	t.Helper()
	list, err := shared.New(valkey.ClientOption{InitAddress: []string{store}, ForceSingleClient: true}, shared.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := signals.NewReceiver(company(t), "corp", aud, signals.RevokeWith(list.Revoke), signals.Transport(s), signals.Interval(100*time.Millisecond), signals.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	poller, err := r.NewPoller(streamURL, func(context.Context) (string, error) { return "Bearer x", nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := list.Lead(ctx, "signals", poller.Run); !errors.Is(err, context.Canceled) {
			t.Errorf("Lead = %v", err)
		}
	}()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			<-done
			r.Close()
			list.Close()
		})
	}
	t.Cleanup(stop)
	return replica{list, stop}
}

// TestOneReplicaPollsForAll shows that an event revokes tokens at every replica although one
// of them polls, and that another one polls when that has ended.
func TestOneReplicaPollsForAll(t *testing.T) {
	store, issuer := miniredis.RunT(t), testutil.NewIssuer(corp)
	s := &stream{issuer: issuer.Transport()}
	replicas := []replica{newReplica(t, store.Addr(), s), newReplica(t, store.Addr(), s), newReplica(t, store.Addr(), s)}
	for n := range 3 {
		user := fmt.Sprint("user", n)
		id := fmt.Sprint(n)
		s.add(id, issuer.Mint(statement(map[string]any{"jti": id, "sub_id": map[string]any{"format": "iss_sub", "iss": corp, "sub": user}}), testutil.Header("typ", "secevent+jwt")))
		token := issued(t, testutil.Claims{"sub": user, "sid": nil})
		for i, r := range replicas {
			eventually(t, fmt.Sprintf("%s is refused at replica %d", user, i), func() bool {
				return errors.Is(r.list.Revoked(t.Context(), token), audience.CauseRevoked)
			})
		}
		if len(replicas) > 1 { // the lease of one that is stopped is given back
			replicas[0].stop()
			replicas = replicas[1:]
		}
	}
	if s.most != 1 {
		t.Errorf("%d polls at once, want 1", s.most)
	}
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	timeout, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-timeout:
			t.Fatalf("not %s within 20 s", what)
		case <-tick.C:
		}
	}
}
