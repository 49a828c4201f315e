package shared_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// TestReplicasAnnounceThemselves shows what is told of replicas, and that tools and
// replicas that were closed are not among them.
func TestReplicasAnnounceThemselves(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	a, b := ready(t, store.Addr(), shared.ReplicaID("a")), ready(t, store.Addr(), shared.ReplicaID("b"), shared.Bound(50))
	tool := ready(t, store.Addr(), shared.Unannounced())
	a.AnnounceGeneration(func() string { return "f00d" })
	if err := b.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	got := await(t, tool)
	for i := range got {
		if r := &got[i]; time.Since(r.LastChange).Abs() > time.Minute || r.Heard < 0 || r.Heard > 10*time.Second || r.StaleAfter != 10*time.Second || !r.Current() {
			t.Errorf("%s: %+v, want one that is current", r.ID, *r)
		}
		got[i].LastChange, got[i].Heard, got[i].StaleAfter, got[i].Version = time.Time{}, 0, 0, ""
	}
	want := []shared.Replica{{ID: "a", Generation: "f00d", Entries: 1, Bound: 100_000, Ready: true}, {ID: "b", Entries: 1, Bound: 50, Ready: true}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
	a.Close()
	if got := await(t, tool); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("after one was closed: %+v", got)
	}
}

// await waits for the replicas of the list, as a tool does.
func await(t *testing.T, l *shared.List) []shared.Replica {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	all, err := l.Await(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAwaitNamesTheReplicaThatIsCutOff shows that a replica to which nothing gets
// through is known not to have what was revoked, and to be stale in time; and that it is
// waited for until it is back.
func TestAwaitNamesTheReplicaThatIsCutOff(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	w := newWire(t, store.Addr())
	ready(t, w.address, shared.ReplicaID("cut"), shared.StaleAfter(1100*time.Millisecond))
	ready(t, store.Addr(), shared.ReplicaID("well"))
	tool := ready(t, store.Addr(), shared.Unannounced())
	await(t, tool)
	w.drop(true)
	if err := tool.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	all, err := tool.Await(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %+v, %v", all, err)
	}
	if cut, well := all[0], all[1]; cut.Behind != 1 || !cut.Stale() || cut.Current() || !well.Current() {
		t.Errorf("cut off: %+v; the other: %+v", cut, well)
	}
	w.drop(false)
	if all := await(t, tool); len(all) != 2 || all[0].Behind != 0 {
		t.Errorf("when it is back: %+v", all)
	}
}

// TestReplicaWithOtherEntriesDiffers shows that a replica is found that knows all
// changes, and has an entry that the store does not have.
func TestReplicaWithOtherEntriesDiffers(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	odd := ready(t, store.Addr(), shared.ReplicaID("odd"), shared.Bound(5))
	tool := ready(t, store.Addr(), shared.Unannounced())
	for _, user := range []string{"alice", "bob"} {
		if err := odd.Revoke(t.Context(), entry(user)); err != nil {
			t.Fatal(err)
		}
	}
	if all := await(t, tool); len(all) != 1 || all[0].Differs {
		t.Fatalf("got %+v, want one that does not differ", all)
	}
	if err := odd.RevokeHere(entry("carol")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "seen to differ", func() bool {
		all, err := tool.Replicas(t.Context())
		return err == nil && len(all) == 1 && all[0].Differs && !all[0].Current() && all[0].Entries == 3
	})
}

// TestReplicasAreBounded shows that a list of replicas that is full takes no other, and
// that the replica works.
func TestReplicasAreBounded(t *testing.T) {
	t.Parallel()
	store, said := miniredis.RunT(t), &lines{}
	for i := range 1000 {
		id := strings.Repeat("x", i+1)
		store.HSet("{grpcaud}:revocation:replicas", id, "{}")
		if _, err := store.ZAdd("{grpcaud}:revocation:heard", float64(time.Now().UnixMilli()), id); err != nil {
			t.Fatal(err)
		}
	}
	l := ready(t, store.Addr(), logging(said))
	eventually(t, "told of", func() bool { return strings.Contains(said.String(), "too many replicas") })
	if n, err := store.HKeys("{grpcaud}:revocation:replicas"); err != nil || len(n) != 1000 || l.Ready() != nil {
		t.Errorf("got %d replicas, %v, ready: %v", len(n), err, l.Ready())
	}
}

// TestReplicaIDs shows which names a replica may have.
func TestReplicaIDs(t *testing.T) {
	t.Parallel()
	for id, good := range map[string]bool{"orders-7f9c/1": true, strings.Repeat("x", 128): true, "": false, strings.Repeat("x", 129): false, "a b": false, "a\nb": false, "é": false, "\x1b[31m": false} {
		l, err := shared.New(nowhere, shared.ReplicaID(id), logging(&lines{}))
		if (err == nil) != good {
			t.Errorf("ReplicaID(%q): %v, want good: %v", id, err, good)
		}
		if err == nil {
			l.Close()
		}
	}
}

// TestReplicasWithoutAStore shows that without a connection there is an error, and no
// empty list.
func TestReplicasWithoutAStore(t *testing.T) {
	t.Parallel()
	l, err := shared.New(nowhere, logging(&lines{}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, one := l.Replicas(t.Context())
	_, two := l.Await(t.Context())
	if one == nil || two == nil {
		t.Errorf("got %v and %v, want errors", one, two)
	}
}

// TestBrokenAnnouncement shows that an announcement that cannot be read is an error that
// names its replica.
func TestBrokenAnnouncement(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	l := ready(t, store.Addr(), shared.Unannounced())
	for _, text := range []string{"", "{", `{"change":-1}`, `{"entries":"x"}`, `{"age":9e18}`} {
		store.HSet("{grpcaud}:revocation:replicas", "odd", text)
		if _, err := store.ZAdd("{grpcaud}:revocation:heard", float64(time.Now().UnixMilli()), "odd"); err != nil {
			t.Fatal(err)
		}
		if all, err := l.Replicas(t.Context()); err == nil || !strings.Contains(err.Error(), `"odd"`) {
			t.Errorf("%s: got %+v, %v", text, all, err)
		}
	}
}

// TestLostAfterItWasConfirmed shows that a store is known to have lost a change that it
// has confirmed, before the change has come back to the replica that made it.
func TestLostAfterItWasConfirmed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change int64
		about  string
		lost   bool
	}{
		"it has it":         {12, "confirmed", false},
		"it has later ones": {15, "confirmed", false},
		"an earlier state":  {11, "", true},
		"another change":    {12, "another", true},
	} {
		if got := shared.Lost(12, "confirmed", row.change, row.about); got != row.lost {
			t.Errorf("%s: lost: %v, want %v", name, got, row.lost)
		}
	}
}

// FuzzAnnouncement shows that what another program may have written into the store is
// refused, or is a replica whose numbers can be.
func FuzzAnnouncement(f *testing.F) {
	f.Add(`{"epoch":"x","change":3,"entries":2,"at":1,"age":20,"bound":100,"ready":true,"stale_after":10000}`, "12")
	f.Add(`{"age":-1}`, "-5")
	f.Fuzz(func(t *testing.T, text, age string) {
		r, err := shared.ParseReplica(text, age)
		if err == nil && (r.Behind < -1 || r.Entries < 0 || r.Heard.Abs() > 250*365*24*time.Hour) {
			t.Errorf("%q, %q: got %+v", text, age, r)
		}
	})
}
