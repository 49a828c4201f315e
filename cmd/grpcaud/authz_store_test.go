package main_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcaud/grpcaud/testutil"
)

const watchOrder = "/shop.orders.v1.OrderStatus/WatchOrderStatus" // a stream

// authz runs the command authz with the list of a store, until the test ends.
func (f *field) authz(t *testing.T, url string, args ...string) (*served, *envoy) {
	t.Helper()
	s := f.start(t, append([]string{"authz", f.matrix, "--listen", "127.0.0.1:0", "--store", url}, args...)...)
	return s, newEnvoy(t, s, insecure.NewCredentials())
}

// TestAuthzKnowsWhatWasRevoked shows that each replica of the command refuses a token that
// was revoked, and no other; that status and revoke see the replicas, with their policy;
// and that a replica is gone from them when it ends.
func TestAuthzKnowsWhatWasRevoked(t *testing.T) {
	f, fleet := newField(t), newFleet(t)
	one, first := f.authz(t, fleet.url())
	_, second := f.authz(t, fleet.url())
	for _, e := range []*envoy{first, second} {
		e.await(t, "", healthpb.HealthCheckResponse_SERVING)
	}
	session := f.token(testutil.Claims{"sid": "s-1"})
	other := f.token(testutil.Claims{"sid": "s-2"})
	ask := func(token string, want codes.Code) {
		t.Helper()
		for i, e := range []*envoy{first, second} {
			for _, method := range []string{getOrder, watchOrder} {
				if got := e.code(t, "order-status", method, token, false); got != want {
					t.Errorf("replica %d: %s: got %v, want %v", i, method, got, want)
				}
			}
		}
	}
	ask(session, codes.OK)
	run(t, "", "revoke", f.matrix, "--store", fleet.url(), "--session", "s-1").want(t, 0, "2 of 2 replicas know it")
	ask(session, codes.Unauthenticated)
	ask(other, codes.OK)
	if text := one.log.String(); !strings.Contains(text, "TOKEN_REVOKED") {
		t.Errorf("the log has no TOKEN_REVOKED:\n%s", text)
	}
	run(t, "", "status", f.matrix, "--store", fleet.url()).want(t, 0, "2 replicas, 2 as they should be")
	if code := one.stop(); code != 0 {
		t.Errorf("exit status = %d when interrupted, want 0\n%s", code, one.log)
	}
	run(t, "", "status", f.matrix, "--store", fleet.url()).want(t, 0, "1 replica, 1 as they should be")
}

// TestAuthzRefusesWhatItDoesNotKnow shows that nothing that needs a token is admitted, and
// that health says so, before the list has been read and after the store has gone.
func TestAuthzRefusesWhatItDoesNotKnow(t *testing.T) {
	f, store := newField(t), miniredis.RunT(t)
	store.SetError("LOADING it is away")
	_, e := f.authz(t, "valkey://"+store.Addr(), "--stale-after", "1500ms")
	unknown := func(when string) {
		t.Helper()
		e.await(t, "", healthpb.HealthCheckResponse_NOT_SERVING)
		for _, method := range []string{getOrder, watchOrder} {
			if got := e.code(t, "order-status", method, f.token(nil), false); got != codes.Unavailable {
				t.Errorf("%s: %s: got %v, want %v", when, method, got, codes.Unavailable)
			}
		}
		if got := e.code(t, "order-status", "/grpc.health.v1.Health/Check", "", false); got != codes.OK {
			t.Errorf("%s: a public method: got %v, want OK", when, got)
		}
	}
	unknown("before the list was read")
	store.SetError("")
	e.await(t, "", healthpb.HealthCheckResponse_SERVING)
	if got := e.code(t, "order-status", getOrder, f.token(nil), false); got != codes.OK {
		t.Errorf("with the list: got %v, want OK", got)
	}
	store.SetError("LOADING it is away")
	unknown("after the store has gone")
}

// TestAuthzStoreWrongUse shows that a store that is named in part is an error at the start.
func TestAuthzStoreWrongUse(t *testing.T) {
	t.Setenv("GRPCAUD_STORE_PASSWORD", "")
	f := newField(t)
	for _, row := range []struct {
		want string
		args []string
	}{
		{"want valkeys://HOST:PORT", []string{"--store", ""}},
		{"no password of the user", []string{"--store", "valkey://guard@127.0.0.1:1"}},
		{"others on this machine can read", []string{"--store", "valkey://guard:s3cret@127.0.0.1:1"}},
		{"--list is about a store, and --store names none", []string{"--list", "orders"}},
		{"--bound is about a store", []string{"--bound", "5"}},
		{"--store-user is about a store", []string{"--store-user", "guard"}},
		{"--store-ca is about a store", []string{"--store-ca", "ca.pem"}},
		{"--store-password-file is about a store", []string{"--store-password-file", "password"}},
		{"--stale-after is about a store", []string{"--stale-after", "5s"}},
		{"--stale-after 1s: want at least 1.5s", []string{"--store", "valkey://127.0.0.1:1", "--stale-after", "1s"}},
		{"--bound 0: want at least 1", []string{"--store", "valkey://127.0.0.1:1", "--bound", "0"}},
		{"--list is empty", []string{"--store", "valkey://127.0.0.1:1", "--list", ""}},
		{"--metrics is empty", []string{"--metrics", ""}},
		{"--metrics: ", []string{"--metrics", "here"}},
	} {
		r := run(t, "", append([]string{"authz", f.matrix, "--listen", "127.0.0.1:0"}, row.args...)...)
		r.want(t, 2, "grpcaud: ", row.want)
		if strings.Contains(r.stderr, "s3cret") {
			t.Errorf("%q: the password is in the output: %s", row.args, r.stderr)
		}
	}
}

// TestAuthzMetrics shows that Prometheus can read what was decided, and the state of the
// list of revocations; and that no part of a token is there.
func TestAuthzMetrics(t *testing.T) {
	f, fleet := newField(t), newFleet(t)
	s, e := f.authz(t, fleet.url(), "--metrics", "127.0.0.1:0")
	e.await(t, "", healthpb.HealthCheckResponse_SERVING)
	e.code(t, "order-status", getOrder, f.token(testutil.Claims{"sub": "of-alice"}), false)
	e.code(t, "order-status", getOrder, f.token(testutil.Claims{"aud": "of-another", "azp": "of-a-stranger"}), false)
	client := http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://" + s.Metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	for _, want := range []string{
		`grpcaud_server_decisions_total{client="customer-portal",decision="admitted",mode="enforce",reason="",rpc_method="GetOrderStatus",rpc_service="shop.orders.v1.OrderStatus"} 1`,
		`reason="AUDIENCE_MISMATCH"`, `grpcaud_server_duration_seconds_bucket{`, `grpcaud_server_policy_generation{generation="`,
		`grpcaud_revocations_ready{list="grpcaud"} 1`, `grpcaud_revocations_age_seconds{list="grpcaud"} `,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the metrics lack %s\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "of-a") {
		t.Errorf("a value of a token is in the metrics:\n%s", text)
	}
}

// TestAuthzWarnsOfAStoreWithoutTLS shows that the log says if another machine's store is reached
// without TLS, and is silent about one on this machine.
func TestAuthzWarnsOfAStoreWithoutTLS(t *testing.T) {
	f, store := newField(t), miniredis.RunT(t)
	for host, want := range map[string]bool{"127.0.0.1": false, "0.0.0.0": true} { // the latter reaches this machine too
		s, e := f.authz(t, "valkey://"+host+":"+store.Port())
		e.await(t, "", healthpb.HealthCheckResponse_SERVING)
		if got := strings.Contains(s.log.String(), "--store is reached without TLS"); got != want {
			t.Errorf("%s: warned %v, want %v:\n%s", host, got, want, s.log)
		}
	}
}
