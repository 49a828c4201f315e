package shared_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

const (
	stateKey   = "{grpcaud}:revocation:state"
	entriesKey = "{grpcaud}:revocation:entries"
	changesKey = "{grpcaud}:revocation:changes"
)

// TestStoreEmptiedWithinARoundIsNotTrusted shows that a replica is not ready by the age of
// a list that was gone when the replica read it: only others may know what it had.
func TestStoreEmptiedWithinARoundIsNotTrusted(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	first := ready(t, store.Addr())
	if err := errors.Join(first.Revoke(t.Context(), entry("alice")), first.Close()); err != nil {
		t.Fatal(err)
	}
	store.HSet(stateKey, "born", "0")
	var beats atomic.Int64
	store.Server().SetPreHook(func(_ *server.Peer, command string, args ...string) bool {
		if strings.HasPrefix(strings.ToUpper(command), "EVAL") && len(args) > 5 && args[2] == stateKey && beats.Add(1) == 2 {
			store.FlushAll()
		}
		return false
	})
	l := open(t, store.Addr(), shared.Pace(20*time.Millisecond, time.Hour))
	eventually(t, "asking on", func() bool { return beats.Load() > 12 })
	if l.Ready() == nil {
		t.Error("ready without alice, by the age of a list that is gone")
	}
}

// TestSuspended shows that a replica does not answer by a list from before its machine was
// suspended.
func TestSuspended(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	w := newWire(t, store.Addr())
	l := ready(t, w.address, shared.StaleAfter(time.Minute))
	w.drop(true)
	eventually(t, "stale", func() bool {
		l.Suspend(2 * time.Minute)
		return errors.Is(l.Revoked(t.Context(), token(t, "bob")), shared.ErrNotReady)
	})
	w.drop(false)
	w.cut()
	eventually(t, "ready again", func() bool { return l.Ready() == nil })
}

// TestEntryUnderAnotherDigest shows that an entry which somebody has put in the place of
// another does not keep the other from being revoked.
func TestEntryUnderAnotherDigest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`9999999999999 9999999999999 {"iss":"` + corp + `","sub":"mallory"}`, "no entry"} {
		store := miniredis.RunT(t)
		a, b := ready(t, store.Addr()), ready(t, store.Addr())
		if err := a.Revoke(t.Context(), entry("alice")); err != nil {
			t.Fatal(err)
		}
		digests, _ := store.HKeys(entriesKey)
		store.HSet(entriesKey, digests[0], text)
		if err := a.Revoke(t.Context(), entry("alice")); err != nil {
			t.Errorf("with %s in its place: %v", text, err)
		}
		eventually(t, "revoked on the other replica", func() bool { return revoked(t, b, "alice") })
		if fresh := ready(t, store.Addr()); !revoked(t, fresh, "alice") {
			t.Errorf("with %s in its place: a fresh replica should know that alice is revoked", text)
		}
	}
}

// TestChangesThatWereNotCounted shows that changes which somebody has added to the stream
// keep no entry from the replicas.
func TestChangesThatWereNotCounted(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"1-0", "2-0", "1-7", "999999999-0"} {
		store := miniredis.RunT(t)
		a, b := ready(t, store.Addr()), ready(t, store.Addr())
		none := "0 1 {\"iss\":\"x\",\"sub\":\"x\"}"
		if _, err := store.XAdd(changesKey, id, []string{"entry", none, "id", "x"}); err != nil {
			t.Fatal(err)
		}
		_ = a.Revoke(t.Context(), entry("alice")) // it may fail; then the replica stores it later
		eventually(t, "revoked on the other replica, after "+id, func() bool { return revoked(t, b, "alice") })
		if fresh := ready(t, store.Addr()); !revoked(t, fresh, "alice") {
			t.Errorf("after %s, a fresh replica should know that alice is revoked", id)
		}
	}
}

// TestClockOfTheStore shows that a replica does not follow a store that drops entries while
// their tokens are admitted, and that a clock which is a little off does no harm.
func TestClockOfTheStore(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]bool{-time.Hour: true, 4 * time.Minute: true, 10 * time.Minute: false} {
		store := miniredis.RunT(t)
		store.SetTime(time.Now().Add(ahead))
		said := &lines{}
		l := open(t, store.Addr(), logging(said))
		if want {
			eventually(t, "ready", func() bool { store.SetTime(time.Now().Add(ahead)); return l.Ready() == nil })
			continue
		}
		eventually(t, "told of", func() bool { return strings.Contains(said.String(), "the clock of the store") })
		if err := l.Ready(); !errors.Is(err, shared.ErrNotReady) {
			t.Errorf("%v ahead: %v, want %v", ahead, err, shared.ErrNotReady)
		}
	}
}
