package conformance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/internal/racedetector"
	"github.com/grpcaud/grpcaud/tokensource"
)

// replicas are three servers of the human resources that share a list of revocations. One
// of them is told of logouts, and one polls for events.
type replicas struct {
	*company
	store    *idp.Store
	conns    []*grpc.ClientConn
	stop     []func() // ends the polls of a replica
	arrivals chan arrival
	known    map[string]bool    // the users and sessions of the arrivals so far
	tokens   *tokensource.Cache // for polls
	stream   string             // the address of polls
}

// arrival is an event, or a logout token, that has reached a replica.
type arrival struct {
	at      time.Time
	replica int
	entry   revocation.Entry
}

// TestOneEventAtKeycloakReachesAllReplicas shows that a logout at Keycloak, of which one
// replica is told, ends the streams of that session at three replicas within a second; that
// an event about a user, for which one replica polls, ends those of the user, also when
// another one has to take over the polls; and that no other stream ends.
func TestOneEventAtKeycloakReachesAllReplicas(t *testing.T) {
	each := 250 // streams of a login, at each replica: with four logins, 3 times 1,000
	if testing.Short() || racedetector.On {
		each = 25
	}
	r := &replicas{company: open(t, keycloak), store: idp.Valkey(t), arrivals: make(chan arrival, 100), known: map[string]bool{}}
	r.transmit(t)
	users := map[string]string{"alice": r.alice, "bob": r.employ(t, "bob"), "carol": r.employ(t, "carol")}
	r.tokens, r.stream = r.receives(t, "signals-replicas", map[string]string{"method": "urn:ietf:rfc:8936"})
	for range 3 {
		r.start(t)
	}
	logins := map[string]*idp.Session{}
	for name, user := range map[string]string{"laptop": "alice", "phone": "alice", "bob": "bob", "carol": "carol"} {
		logins[name] = r.begin(t, user, r.people)
	}
	going := map[string]*watchers{}
	for name, login := range logins {
		going[name] = r.watch(t, login.AccessToken, each)
	}

	got := r.end(t, "a logout of one session", going, "laptop", func() error { return logins["laptop"].End(t.Context(), nil) })
	if got.replica != 0 || got.entry.Session == "" || got.entry.Subject != "" {
		t.Errorf("the logout: %+v, want a session, at the replica that is told", got)
	}

	got = r.end(t, "an event about a user", going, "phone", func() error { return r.newPassword(t, users["alice"], "alice") })
	if got.entry.Subject != users["alice"] || got.entry.Session != "" {
		t.Errorf("the event: %+v, want the user", got)
	}

	leader := got.replica
	r.stop[leader]()
	got = r.end(t, "an event after another replica took over", going, "bob", func() error { return r.newPassword(t, users["bob"], "bob") })
	if got.replica == leader || got.entry.Subject != users["bob"] {
		t.Errorf("the event: %+v, want bob, and another replica than %d", got, leader)
	}
}

// start starts a replica. The first one is told of logouts; all want to poll.
func (r *replicas) start(t *testing.T) {
	t.Helper()
	n := len(r.conns)
	list, err := shared.New(valkey.ClientOption{InitAddress: []string{r.store.Addr}, Username: r.store.User, Password: r.store.Password}, shared.Logger(r.journal.logger()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { list.Close() })
	eventually(t, "the list", func() string {
		if list.Ready() != nil {
			return "unknown"
		}
		return "known"
	}, "known")
	guards := r.guards
	r.guards = append(slices.Clip(guards), interceptor.Revocations(list))
	r.conns = append(r.conns, r.serve(t, "human-resource"))
	r.guards = guards
	if n == 0 {
		r.hearLogouts(t, list)
	}
	r.lead(t, n, list)
}

// hearLogouts has Keycloak tell a replica of the logouts.
func (r *replicas) hearLogouts(t *testing.T, list *shared.List) {
	t.Helper()
	told := &stamp{}
	receiver, err := logout.NewReceiver(r.policy, "backoffice-portal", logout.Logger(r.journal.logger()),
		logout.RevokeWith(func(ctx context.Context, e revocation.Entry) error {
			r.arrivals <- arrival{told.last(), 0, e}
			return list.Revoke(ctx, e)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(receiver.Close)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		told.now()
		receiver.ServeHTTP(w, q)
	}))
	t.Cleanup(portal.Close)
	if err := r.TellOfLogouts(t.Context(), "backoffice-portal", portal.URL); err != nil {
		t.Fatal(err)
	}
}

// lead has a replica poll for events, if no other one does, until it is stopped.
func (r *replicas) lead(t *testing.T, n int, list *shared.List) {
	t.Helper()
	answers := &stamp{}
	events, err := signals.NewReceiver(r.policy, "corp", eventsFor, signals.Interval(200*time.Millisecond), signals.Logger(r.journal.logger()),
		signals.Transport(answered{answers}),
		signals.RevokeWith(func(ctx context.Context, e revocation.Entry) error {
			r.arrivals <- arrival{answers.last(), n, e}
			return list.Revoke(ctx, e)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Close() })
	poller, err := events.NewPoller(r.stream, r.authorization(r.tokens, "signals-replicas", "ssf.read"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = list.Lead(ctx, "signals", poller.Run) // ends with ctx
	}()
	stop := func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	r.stop = append(r.stop, stop)
}

// stamp is when something happened last.
type stamp struct{ at atomic.Int64 }

func (s *stamp) now()            { s.at.Store(time.Now().UnixNano()) }
func (s *stamp) last() time.Time { return time.Unix(0, s.at.Load()) }

// answered notes when answers to polls come.
type answered struct{ last *stamp }

// RoundTrip implements [http.RoundTripper].
func (a answered) RoundTrip(q *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(q)
	if q.Method == http.MethodPost { // and no request for keys
		a.last.now()
	}
	return answer, err
}

// newPassword has an administrator set the password of a user, and so cause an event.
func (r *replicas) newPassword(t *testing.T, id, name string) error {
	return r.realm.Admin(t.Context(), http.MethodPut, "/users/"+id+"/reset-password", map[string]any{"type": "password", "value": idp.Password(name)}, nil)
}
