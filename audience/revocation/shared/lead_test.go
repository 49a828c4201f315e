package shared_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

const lease = 300 * time.Millisecond

// leader is a replica that asks for a lease.
type leader struct {
	works atomic.Bool
	done  chan error
	stop  context.CancelFunc
}

func lead(t testing.TB, l *shared.List) *leader {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &leader{done: make(chan error, 1), stop: stop}
	go func() {
		r.done <- l.Lead(ctx, "signals", func(ctx context.Context) error {
			r.works.Store(true)
			defer r.works.Store(false)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	t.Cleanup(func() {
		stop()
		<-r.done
	})
	return r
}

// TestOneReplicaLeads shows that one replica works at a time, and another one at once when
// it has ended.
func TestOneReplicaLeads(t *testing.T) {
	store := miniredis.RunT(t)
	first := lead(t, ready(t, store.Addr(), shared.Lease(lease)))
	eventually(t, "the first works", first.works.Load)
	second := lead(t, ready(t, store.Addr(), shared.Lease(lease)))
	for range 5 { // longer than a lease, by the clock of the store
		store.FastForward(lease / 2)
		eventually(t, "renewed", func() bool { return store.TTL("{grpcaud}:revocation:lease:signals") > lease/2 })
		if second.works.Load() || !first.works.Load() {
			t.Fatal("the lease was not kept")
		}
	}
	first.stop()
	eventually(t, "the second works", second.works.Load)
}

// TestReplicaThatIsCutOffStopsBeforeItsLeaseEnds shows that two never work at once, and that
// a replica which has gone is replaced.
func TestReplicaThatIsCutOffStopsBeforeItsLeaseEnds(t *testing.T) {
	store := miniredis.RunT(t)
	w := newWire(t, store.Addr())
	first := lead(t, ready(t, w.address, shared.Lease(lease)))
	eventually(t, "the first works", first.works.Load)
	second := lead(t, ready(t, store.Addr(), shared.Lease(lease)))
	w.drop(true)
	eventually(t, "the first has stopped", func() bool { return !first.works.Load() })
	if second.works.Load() {
		t.Error("the second works although the lease has not ended")
	}
	store.FastForward(lease)
	eventually(t, "the second works", second.works.Load)
	w.drop(false)
	eventually(t, "the first does not work", func() bool { return !first.works.Load() })
}

// TestLeaseThatTheStoreLost shows that a replica stops when another one has its lease.
func TestLeaseThatTheStoreLost(t *testing.T) {
	store := miniredis.RunT(t)
	first := lead(t, ready(t, store.Addr(), shared.Lease(lease)))
	eventually(t, "the first works", first.works.Load)
	if err := store.Set("{grpcaud}:revocation:lease:signals", "another"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first has stopped", func() bool { return !first.works.Load() })
}

// TestWorkThatReturnsEndsTheLead shows that its error is returned, and the lease given back.
func TestWorkThatReturnsEndsTheLead(t *testing.T) {
	store := miniredis.RunT(t)
	l := ready(t, store.Addr(), shared.Lease(lease))
	wrong := errors.New("wrong")
	if err := l.Lead(t.Context(), "signals", func(context.Context) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("Lead = %v, want %v", err, wrong)
	}
	if store.Exists("{grpcaud}:revocation:lease:signals") {
		t.Error("the lease was not given back")
	}
	if err := l.Lead(t.Context(), "", nil); err == nil {
		t.Error("a lease without a name was accepted")
	}
	l.Close()
	if err := l.Lead(t.Context(), "signals", func(context.Context) error { return nil }); err == nil {
		t.Error("a closed list leads")
	}
}
