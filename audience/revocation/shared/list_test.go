package shared_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// TestShared shows that what one replica revokes counts on all, also on one that comes
// later, and for nobody else.
func TestShared(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	a, b := ready(t, store.Addr()), ready(t, store.Addr())
	if err := a.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	if !revoked(t, a, "alice") {
		t.Error("here, alice should be revoked at once")
	}
	began := time.Now()
	eventually(t, "revoked on the other replica", func() bool { return revoked(t, b, "alice") })
	t.Logf("after %v", time.Since(began))
	later := ready(t, store.Addr())
	if !revoked(t, later, "alice") {
		t.Error("on a later replica, alice should be revoked")
	}
	for _, l := range []*shared.List{a, b, later} {
		if err := l.Revoked(t.Context(), token(t, "bob")); err != nil {
			t.Errorf("bob: %v", err)
		}
	}
}

// TestUnknown shows that a replica without the list refuses, but as one that does not
// know; and that what it does know counts.
func TestUnknown(t *testing.T) {
	t.Parallel()
	first := miniredis.RunT(t)
	address := first.Addr()
	first.Close()
	l := open(t, address)
	if err := l.Revoked(t.Context(), token(t, "bob")); !errors.Is(err, shared.ErrNotReady) || errors.Is(err, audience.CauseRevoked) {
		t.Errorf("without a store: %v, want %v", err, shared.ErrNotReady)
	}
	if err := l.Revoke(t.Context(), entry("alice")); err == nil || !strings.Contains(err.Error(), "this replica only") {
		t.Errorf("Revoke without a store: %v", err)
	}
	if !revoked(t, l, "alice") {
		t.Error("here, alice should be revoked")
	}
	store := miniredis.NewMiniRedis()
	if err := store.StartAddr(address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	eventually(t, "ready", func() bool { return l.Ready() == nil })
	if other := ready(t, store.Addr()); !revoked(t, other, "alice") {
		t.Error("what was revoked without a store should be stored when it is there")
	}
}

// TestStale shows that a replica that is cut off, or to which nothing gets through, does
// not answer by a list that is too old, unless that was chosen; and that nothing is lost
// when the store is back.
func TestStale(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*wire, bool){
		"silent": (*wire).drop,
		"cut": func(w *wire, lost bool) {
			w.drop(lost)
			w.cut()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := miniredis.RunT(t)
			w := newWire(t, store.Addr())
			cut, careless := ready(t, w.address, shared.StaleAfter(1100*time.Millisecond)), ready(t, w.address, shared.StaleAfter(1100*time.Millisecond), shared.InsecureServeStale())
			other := ready(t, store.Addr())
			lose(w, true)
			if err := other.Revoke(t.Context(), entry("alice")); err != nil {
				t.Fatal(err)
			}
			eventually(t, "stale", func() bool { return cut.Ready() != nil })
			if age := cut.Age(); age < 1100*time.Millisecond {
				t.Errorf("not ready %v after the last word, want 1.1s", age)
			}
			if err := cut.Revoked(t.Context(), token(t, "alice")); !errors.Is(err, shared.ErrNotReady) {
				t.Errorf("cut off: %v, want %v", err, shared.ErrNotReady)
			}
			if err := careless.Revoked(t.Context(), token(t, "alice")); err != nil {
				t.Errorf("with InsecureServeStale: %v", err)
			}
			lose(w, false)
			for _, l := range []*shared.List{cut, careless} {
				eventually(t, "revoked", func() bool { return l.Ready() == nil && revoked(t, l, "alice") })
			}
		})
	}
}

// TestEmptied shows that the replicas fill a store that lost everything, or a part, and
// that what was revoked meanwhile is there too.
func TestEmptied(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*miniredis.Miniredis){
		"everything": (*miniredis.Miniredis).FlushAll,
		"the state":  func(m *miniredis.Miniredis) { m.Del("{grpcaud}:revocation:state") },
		"entries":    func(m *miniredis.Miniredis) { m.Del("{grpcaud}:revocation:entries") },
		"the ends":   func(m *miniredis.Miniredis) { m.Del("{grpcaud}:revocation:ends") },
		"changes":    func(m *miniredis.Miniredis) { m.Del("{grpcaud}:revocation:changes") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := miniredis.RunT(t)
			a, b := ready(t, store.Addr()), ready(t, store.Addr())
			if err := errors.Join(a.Revoke(t.Context(), entry("alice")), b.Revoke(t.Context(), entry("bob"))); err != nil {
				t.Fatal(err)
			}
			eventually(t, "both known", func() bool { return revoked(t, a, "bob") && revoked(t, b, "alice") })
			lose(store)
			if err := a.Revoke(t.Context(), entry("carol")); err != nil {
				t.Fatal(err)
			}
			fresh := ready(t, store.Addr())
			for _, user := range []string{"alice", "bob", "carol"} {
				for i, l := range []*shared.List{fresh, b} {
					eventually(t, fmt.Sprintf("revoked: %s at %d", user, i), func() bool { return revoked(t, l, user) })
				}
			}
		})
	}
}

// TestEmptiedStoreIsNotTrustedAtOnce shows that a replica does not count as having heard
// from a store that came back empty until the others have had the time to write back what
// only they know.
func TestEmptiedStoreIsNotTrustedAtOnce(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	l := ready(t, store.Addr(), shared.Pace(20*time.Millisecond, 900*time.Millisecond))
	store.FlushAll()
	eventually(t, "in doubt", func() bool { return l.Age() > 700*time.Millisecond })
	if err := l.Ready(); err != nil {
		t.Errorf("within the bound: %v", err)
	}
	eventually(t, "sure", func() bool { return l.Age() < 300*time.Millisecond })
}

// TestEarlier shows that a store that went back to an earlier state, as after the
// failure of a primary, gets back what it lost, also if other changes took its place.
func TestEarlier(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	a, b := ready(t, store.Addr()), open(t, store.Addr())
	eventually(t, "ready", func() bool { return b.Ready() == nil })
	if err := a.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "known", func() bool { return revoked(t, b, "alice") })
	digest, _ := store.HKeys("{grpcaud}:revocation:entries")
	store.HDel("{grpcaud}:revocation:entries", digest[0])
	if _, err := store.ZRem("{grpcaud}:revocation:ends", digest[0]); err != nil {
		t.Fatal(err)
	}
	store.HSet("{grpcaud}:revocation:state", "change", "0", "entries", "0")
	store.Del("{grpcaud}:revocation:changes")
	if err := b.Revoke(t.Context(), entry("bob")); err != nil {
		t.Fatal(err)
	}
	fresh := ready(t, store.Addr())
	for _, user := range []string{"alice", "bob"} {
		eventually(t, user+" revoked", func() bool { return revoked(t, fresh, user) && revoked(t, a, user) })
	}
}

// TestBehind shows that a replica that missed more changes than the store keeps reads
// the whole list.
func TestBehind(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	w := newWire(t, store.Addr())
	slow, other := ready(t, w.address), ready(t, store.Addr())
	w.drop(true)
	w.cut()
	for i := range 10 {
		if err := other.Revoke(t.Context(), entry(fmt.Sprint("user", i))); err != nil {
			t.Fatal(err)
		}
	}
	do(t, store.Addr(), "XTRIM", "{grpcaud}:revocation:changes", "MAXLEN", "3")
	w.drop(false)
	for i := range 10 {
		eventually(t, "revoked", func() bool { return revoked(t, slow, fmt.Sprint("user", i)) })
	}
}

// TestFull shows that a list that is full says so, and that a replica which cannot hold
// all of it does not answer.
func TestFull(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	a, small := ready(t, store.Addr(), shared.Bound(3)), ready(t, store.Addr(), shared.Bound(2))
	for _, user := range []string{"alice", "bob", "carol"} {
		if err := a.Revoke(t.Context(), entry(user)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Revoke(t.Context(), entry("dora")); !errors.Is(err, revocation.ErrFull) {
		t.Errorf("a fourth of three: %v, want %v", err, revocation.ErrFull)
	}
	eventually(t, "not ready", func() bool { return errors.Is(small.Ready(), shared.ErrNotReady) })
	if err := small.Revoked(t.Context(), token(t, "eve")); !errors.Is(err, shared.ErrNotReady) {
		t.Errorf("where two of three fit: %v, want %v", err, shared.ErrNotReady)
	}
}

// TestTimes shows that the times of entries reach the other replicas, never narrower
// than they were, and that the later ones count.
func TestTimes(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	a, b := ready(t, store.Addr()), ready(t, store.Addr())
	now, c := time.Now(), token(t, "alice")
	for _, before := range []time.Time{now.Add(-time.Hour), c.IssuedAt().Add(time.Microsecond), now.Add(-time.Minute)} {
		e := entry("alice")
		e.IssuedBefore = before
		if err := a.Revoke(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "revoked", func() bool { return errors.Is(b.Revoked(t.Context(), c), audience.CauseRevoked) })
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	l := ready(t, store.Addr())
	bad := entry("alice")
	bad.Session = "\xff"
	for want, e := range map[string]revocation.Entry{"UTF-8": bad, "without an issuer": {Subject: "x", Expires: time.Now()}, "without an end": {Issuer: corp, Subject: "x"}} {
		if err := l.Revoke(t.Context(), e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Revoke(%v) = %v, want %s", e, err, want)
		}
	}
}

// TestMetrics shows what is measured of a list.
func TestMetrics(t *testing.T) {
	t.Parallel()
	store, reader := miniredis.RunT(t), sdk.NewManualReader()
	l := ready(t, store.Addr(), shared.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader))))
	if err := l.Revoke(t.Context(), entry("alice")); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Gauge[int64]:
			got[m.Name] = float64(data.DataPoints[0].Value)
		case metricdata.Gauge[float64]:
			got[m.Name] = data.DataPoints[0].Value
		}
	}
	if got["grpcaud.revocations.entries"] != 1 || got["grpcaud.revocations.ready"] != 1 || got["grpcaud.revocations.age"] <= 0 {
		t.Errorf("got %v, want 1 entry, ready, and an age", got)
	}
}
