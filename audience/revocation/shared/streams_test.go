package shared_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/internal/racedetector"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// reviews is a service whose streams run until they are ended.
type reviews struct {
	hrv1.UnimplementedHumanResourceServer
}

func (reviews) ReviewEmployees(stream grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	if err := stream.Send(&hrv1.ReviewEmployeesResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return context.Cause(stream.Context())
}

// cluster are three guarded servers, each with its replica of one list.
type cluster struct {
	issuer *testutil.Issuer
	conns  []*grpc.ClientConn
	lists  []*shared.List
}

func newCluster(t *testing.T, option valkey.ClientOption, opts ...shared.Option) *cluster {
	t.Helper()
	c := &cluster{issuer: testutil.NewIssuer(corp)}
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"human-resource": {
			GRPC:  []string{"acme.hr.v1.HumanResource"},
			Allow: []access.Allow{{Clients: []string{"portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"portal": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		list := atValkey(t, option, opts...)
		server, err := interceptor.NewServer(policy, interceptor.Services("human-resource"), interceptor.Revocations(list),
			interceptor.Transport(c.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		list.AnnounceGeneration(server.Generation)
		c.conns = append(c.conns, testutil.Serve(t, server.Options(), func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, reviews{}) }))
		c.lists = append(c.lists, list)
	}
	for _, list := range c.lists {
		eventually(t, "ready", func() bool { return list.Ready() == nil })
	}
	return c
}

// watchers are the streams of one login, at all servers.
type watchers struct {
	running atomic.Int64
	mu      sync.Mutex // guards the fields below
	last    time.Time  // when the last stream ended
	why     map[audience.Reason]int
}

// watch opens that many streams of a login at each server.
func (c *cluster) watch(t *testing.T, user, session string, each int) *watchers {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	w, done := &watchers{why: map[audience.Reason]int{}}, sync.WaitGroup{}
	t.Cleanup(func() { cancel(); done.Wait() })
	bearer := "Bearer " + c.issuer.Mint(testutil.Claims{"aud": "human-resource", "sub": user, "sid": session, "client_id": "portal"})
	for _, conn := range c.conns {
		for range each {
			stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(metadata.AppendToOutgoingContext(ctx, "authorization", bearer))
			if err == nil {
				_, err = stream.Recv()
			}
			if err != nil {
				t.Fatal(err)
			}
			w.running.Add(1)
			done.Go(func() {
				_, err := stream.Recv()
				reason, _ := interceptor.ReasonOf(err)
				w.mu.Lock()
				w.last = time.Now()
				w.why[reason]++
				w.mu.Unlock()
				w.running.Add(-1)
			})
		}
	}
	return w
}

// ends waits until all streams have ended, and checks why and that it took a second at
// most since the event.
func (w *watchers) ends(t *testing.T, event time.Time, n int, why audience.Reason) {
	t.Helper()
	eventually(t, "ended", func() bool { return w.running.Load() == 0 })
	w.mu.Lock()
	defer w.mu.Unlock()
	took := w.last.Sub(event)
	if took > time.Second {
		t.Errorf("the last of %d streams ended after %v, want a second at most", n, took)
	}
	if w.why[why] != n {
		t.Errorf("ended for %v, want all %d for %s", w.why, n, why)
	}
	t.Logf("%d streams ended within %v of the event", n, took.Round(time.Millisecond))
}

// run checks that all streams still run.
func (w *watchers) run(t *testing.T, n int) {
	t.Helper()
	if got := w.running.Load(); int(got) != n {
		t.Errorf("%d streams run, want %d: %v", got, n, w.why)
	}
}

// event revokes at one replica what a logout names, or a lockout.
func event(t *testing.T, l *shared.List, e revocation.Entry) time.Time {
	t.Helper()
	began := time.Now()
	e.Issuer, e.Expires = corp, began.Add(time.Hour)
	if err := l.Revoke(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return began
}

// oneEvent ends the streams of one session, and then those of one user, while those of
// another user go on.
func (c *cluster) oneEvent(t *testing.T, each int, disturb func()) {
	t.Helper()
	laptop, phone, bob := c.watch(t, "alice", "s-1", each), c.watch(t, "alice", "s-2", each), c.watch(t, "bob", "s-3", 2*each)
	disturb()
	laptop.ends(t, event(t, c.lists[0], revocation.Entry{Session: "s-1"}), 3*each, audience.ReasonTokenRevoked)
	phone.run(t, 3*each)
	bob.run(t, 6*each)
	phone.ends(t, event(t, c.lists[1], revocation.Entry{Subject: "alice"}), 3*each, audience.ReasonTokenRevoked)
	bob.run(t, 6*each)
}

// TestOneEventEndsTheStreamsOfOnePerson shows that an event at one replica ends the
// streams of a session, or of a user, at all replicas within a second, and no other
// stream; also with a store that is slow, that has dropped its connections, or that has
// just lost the list.
func TestOneEventEndsTheStreamsOfOnePerson(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(*miniredis.Miniredis, *wire){
		"all well": func(*miniredis.Miniredis, *wire) {},
		"slow":     func(_ *miniredis.Miniredis, w *wire) { w.slow(50 * time.Millisecond) },
		"emptied":  func(m *miniredis.Miniredis, _ *wire) { m.FlushAll() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := miniredis.RunT(t)
			w := newWire(t, store.Addr())
			c := newCluster(t, valkey.ClientOption{InitAddress: []string{w.address}, ForceSingleClient: true})
			c.oneEvent(t, 10, func() { disturb(store, w) })
		})
	}
}

// TestStreamsInAPartition shows that streams go on in a partition up to the bound and not
// beyond it; that calls are not judged by an older list either; and that what was revoked
// meanwhile is known when the store is back, wherever it was revoked.
func TestStreamsInAPartition(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	w := newWire(t, store.Addr())
	c := newCluster(t, valkey.ClientOption{InitAddress: []string{w.address}, ForceSingleClient: true}, shared.StaleAfter(2*time.Second))
	outside := ready(t, store.Addr())
	alice, bob := c.watch(t, "alice", "s-1", 5), c.watch(t, "bob", "s-2", 5)
	w.drop(true)
	event(t, outside, revocation.Entry{Session: "s-1"})
	if err := c.lists[0].Revoke(t.Context(), revocation.Entry{Issuer: corp, Session: "s-3", Expires: time.Now().Add(time.Hour)}); err == nil || !strings.Contains(err.Error(), "this replica only") {
		t.Errorf("Revoke in a partition: %v", err)
	}
	eventually(t, "stale", func() bool {
		return c.lists[0].Ready() != nil && c.lists[1].Ready() != nil && c.lists[2].Ready() != nil
	})
	stale := time.Now()
	alice.ends(t, stale.Add(time.Second), 15, audience.ReasonIssuerUnavailable)
	bob.ends(t, stale.Add(time.Second), 15, audience.ReasonIssuerUnavailable)
	w.drop(false)
	for _, l := range c.lists {
		eventually(t, "ready", func() bool { return l.Ready() == nil })
		for _, user := range []string{"1", "3"} {
			eventually(t, "known", func() bool { return errors.Is(l.Revoked(t.Context(), session(t, "s-"+user)), audience.CauseRevoked) })
		}
	}
	c.watch(t, "bob", "s-2", 1).run(t, 3)
}

// TestOneEventAtValkey shows the same with a real store and 1,000 streams at each of three
// replicas, also after the store was restarted without what it knew. Under the race detector
// it opens a tenth of them.
func TestOneEventAtValkey(t *testing.T) {
	each := 250
	if racedetector.On {
		each = 25
	}
	store := idp.Valkey(t)
	c := newCluster(t, valkey.ClientOption{InitAddress: []string{store.Addr}, Username: store.User, Password: store.Password})
	c.oneEvent(t, each, func() {})
	store.Stop()
	store.Start(t)
	for _, l := range c.lists {
		eventually(t, "back", func() bool {
			all, err := l.Replicas(t.Context())
			return err == nil && len(all) == 3 && !slices.ContainsFunc(all, func(r shared.Replica) bool { return !r.Current() })
		})
	}
	carol, dora := c.watch(t, "carol", "s-4", 2*each), c.watch(t, "dora", "s-5", 2*each)
	carol.ends(t, event(t, c.lists[2], revocation.Entry{Session: "s-4"}), 6*each, audience.ReasonTokenRevoked)
	dora.run(t, 6*each)
}
