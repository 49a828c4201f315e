package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/testutil"
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
	for !listed(t, l, id) {
		select {
		case <-timeout:
			t.Fatalf("%s is not listed: %v", id, l.Ready())
		case <-tick.C:
		}
	}
	f.replicas = append(f.replicas, l)
	return l
}

// listed reports whether a replica is known to be ready.
func listed(t testing.TB, l *shared.List, id string) bool {
	t.Helper()
	all, _ := l.Replicas(t.Context())
	return slices.ContainsFunc(all, func(r shared.Replica) bool { return r.ID == id && r.Ready })
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

// TestRevokeReachesEveryReplica shows for each way to name tokens that every replica
// refuses them when the command ends, and admits others.
func TestRevokeReachesEveryReplica(t *testing.T) {
	t.Parallel()
	issuer, _ := corp(t)
	mine := token(issuer, testutil.Claims{"sid": "s-1", "jti": "j-1"})
	other := held(t, token(issuer, testutil.Claims{"sid": "s-2", "jti": "j-2", "sub": "bob", "azp": "backoffice-portal"}))
	for name, row := range map[string]struct {
		stdin string
		args  []string
		wants []string
	}{
		"token":         {mine, []string{"--token-file", "-"}, []string{"one token", "jti", "j-1", "signature of the token was not checked"}},
		"token in file": {"", []string{"--token-file", file(t, "token", mine)}, []string{"one token"}},
		"jti":           {"", []string{"--jti", "j-1"}, []string{"one token"}},
		"session":       {"", []string{"--session", "s-1"}, []string{"other logins of the user go on"}},
		"subject":       {"", []string{"--subject", "alice"}, []string{"a new login does not help"}},
		"dated subject": {"", []string{"--subject", "alice", "--issued-before", "2035-01-02T03:04:05Z"}, []string{"issued later are admitted", "issued before", "2035-01-02T03:04:05Z", "until", "2035-01-03T03:04:05Z"}},
		"client":        {"", []string{"--client", "customer-portal", "--issuer", "corp"}, []string{"of all its users"}},
		"user at one":   {"", []string{"--client", "customer-portal", "--subject", "alice"}, []string{"one user at one client"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, "x", "x", "x")
			dry := f.revokes(t, row.stdin, append(row.args, "--dry-run")...)
			dry.want(t, 0, append(row.wants, "would be revoked", "order-status", "customer-portal", "3 of 3 replicas follow the list and are up to date")...)
			f.refuses(t, held(t, mine), false)
			f.revokes(t, row.stdin, row.args...).want(t, 0, append(row.wants, "revoked: ", "3 of 3 replicas know it, after ")...)
			f.refuses(t, held(t, mine), true)
			f.refuses(t, other, false)
			f.add(t, "later", "x")
			f.refuses(t, held(t, mine), true)
		})
	}
}

// TestRevokeEverybody shows that all tokens of an issuer are revoked only if that was
// said, and that later ones are admitted.
func TestRevokeEverybody(t *testing.T) {
	t.Parallel()
	issuer, _ := corp(t)
	f := newFleet(t, "x")
	before, after := held(t, token(issuer, testutil.Claims{"iat": time.Now().Add(-time.Minute).Unix()})), held(t, token(issuer, testutil.Claims{"iat": time.Now().Add(time.Hour).Unix(), "exp": time.Now().Add(2 * time.Hour).Unix()}))
	f.revokes(t, "", "--issued-before", "now").want(t, 2, "add --everybody if that is meant")
	f.refuses(t, before, false)
	f.revokes(t, "", "--issued-before", "now", "--everybody").want(t, 0, "all tokens of the issuer", "human-resource", "order-status")
	f.refuses(t, before, true)
	f.refuses(t, after, false)
}

// TestRevokeAsJSON shows what programs read.
func TestRevokeAsJSON(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "x", "x")
	r := f.revokes(t, "", "--session", "s-1", "--for", "2h", "-o", "json")
	r.want(t, 0)
	var got struct {
		Revoked  bool      `json:"revoked"`
		Issuer   string    `json:"issuer"`
		Session  string    `json:"sid"`
		Until    time.Time `json:"until"`
		Replicas int       `json:"replicas"`
		Missing  []string  `json:"missing"`
		Reach    []struct{ Service string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Revoked || got.Issuer != "https://idp.example.com/realms/corp" || got.Session != "s-1" || got.Replicas != 2 || len(got.Missing) != 0 || len(got.Reach) != 5 || time.Until(got.Until).Round(time.Minute) != 2*time.Hour {
		t.Errorf("got %+v", got)
	}
}

// TestRevokeDefaultIsTheLongestLifetime shows how long tokens are refused by default.
func TestRevokeDefaultIsTheLongestLifetime(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "x")
	matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com, max_lifetime: 90m}}\nservices: {a: {grpc: [b.C], allow: [{clients: [x], methods: [M], scopes: [s]}]}}\nclients: {x: {}}\n")
	r := run(t, "", "revoke", matrix, "--store", f.url(), "--subject", "alice", "-o", "json")
	r.want(t, 0)
	var got struct{ Until time.Time }
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || time.Until(got.Until).Round(time.Minute) != 90*time.Minute {
		t.Errorf("until %v, %v, want in 90 minutes", got.Until, err)
	}
}

// TestRevokeMistakes shows what the command says about wrong use, and that it revokes
// nothing then.
func TestRevokeMistakes(t *testing.T) {
	t.Parallel()
	issuer, _ := corp(t)
	f := newFleet(t)
	two := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://a.example.com}, b: {url: https://b.example.com}}\nservices: {s: {issuers: [a, b], grpc: [b.C], allow: [{clients: [x], methods: [M], scopes: [s]}]}}\nclients: {x: {issuer: a}}\n")
	for name, row := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"nothing named":     {"", nil, "nothing names the tokens"},
		"unknown client":    {"", []string{"--client", "customer-portl"}, `did you mean "customer-portal"?`},
		"unknown issuer":    {"", []string{"--subject", "x", "--issuer", "crop"}, `did you mean "corp"?`},
		"no time":           {"", []string{"--subject", "x", "--issued-before", "yesterday"}, "not a time"},
		"empty subject":     {"", []string{"--subject", ""}, "--subject is empty"},
		"negative":          {"", []string{"--subject", "x", "--for", "-1h"}, "want more than 0"},
		"zero":              {"", []string{"--subject", "x", "--for", "0s"}, "--for is empty"},
		"token and more":    {"", []string{"--token-file", "-", "--subject", "x"}, "none of the others can be"},
		"opaque token":      {"opaque", []string{"--token-file", "-"}, "RFC 7009"},
		"no token":          {"", []string{"--token-file", "-"}, "no token in it"},
		"not base64":        {"a.!.c", []string{"--token-file", "-"}, "second part is not base64url"},
		"of another issuer": {token(issuer, testutil.Claims{"iss": "https://elsewhere.example.com"}), []string{"--token-file", "-"}, `none of the issuers corp`},
		"without jti":       {token(issuer, testutil.Claims{"jti": nil, "sid": "s-1"}), []string{"--token-file", "-"}, `--session "s-1" (its login), or --subject "alice" --issued-before now`},
		"expired":           {token(issuer, testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix(), "iat": time.Now().Add(-2 * time.Hour).Unix()}), []string{"--token-file", "-"}, "the token expired at"},
		"token as argument": {"", []string{"--token", "x"}, "unknown flag"},
		"bad bound":         {"", []string{"--subject", "x", "--bound", "0"}, "want at least 1"},
		"bad timeout":       {"", []string{"--subject", "x", "--timeout", "-1s"}, "want more than 0"},
		"no list":           {"", []string{"--subject", "x", "--list", ""}, "--list is empty"},
		"two issuers":       {two, []string{"--subject", "x"}, "name one with --issuer: a, b"},
		"client of another": {two, []string{"--issuer", "b", "--client", "x"}, "give --issuer a"},
	} {
		args := []string{"revoke", company, "--store", f.url()}
		stdin := row.stdin
		if stdin == two {
			args[1], stdin = two, ""
		}
		r := run(t, stdin, append(args, row.args...)...)
		r.want(t, 2, row.want)
		if r.stdout != "" || row.stdin != "" && row.stdin != two && len(row.stdin) > 9 && strings.Contains(r.stderr, row.stdin[:9]) {
			t.Errorf("%s: stdout %q, stderr %q", name, r.stdout, r.stderr)
		}
	}
	if keys, _ := f.store.HKeys("{grpcaud}:revocation:entries"); len(keys) != 0 {
		t.Errorf("revoked %q", keys)
	}
}

// TestStorePasswordIsNoArgument shows that a password in the URL is refused, is not
// repeated, and what else is wrong with a URL.
func TestStorePasswordIsNoArgument(t *testing.T) {
	t.Setenv("GRPCAUD_STORE_PASSWORD", "")
	for url, want := range map[string]string{
		"valkey://guard:s3cret@127.0.0.1:1":    "others on this machine can read",
		"valkey://:s3cret@127.0.0.1:1":         "others on this machine can read",
		"valkey://127.0.0.1:1?password=s3cret": "others on this machine can read",
		"valkey://guard:s3cret%zz@127.0.0.1:1": "not a URL",
		"guard:s3cret@127.0.0.1:1":             "--store",
		"127.0.0.1:6379":                       "--store",
		"http://127.0.0.1:1":                   "want valkeys://HOST:PORT",
		"valkey://":                            "no host",
		"valkey://127.0.0.1:1?db=1":            "want no ? and no #",
		"valkey://127.0.0.1:1/zero":            "not the number of a database",
		"valkey://guard@127.0.0.1:1":           "no password of the user",
	} {
		r := run(t, "", "status", "--store", url)
		r.want(t, 2, "grpcaud: ", want)
		if strings.Contains(r.stderr+r.stdout, "s3cret") {
			t.Errorf("%s: the password is in the output: %s", url, r.stderr)
		}
	}
	run(t, "", "status").want(t, 2, "missing --store")
	run(t, "", "status", "--store", "valkey://a@127.0.0.1:1", "--store-user", "b").want(t, 2, "leave out one of them")
	run(t, "", "status", "--store", "valkey://127.0.0.1:1", "--store-ca", "ca.pem").want(t, 2, "write valkeys://")
	run(t, "", "status", "--store", "valkeys://127.0.0.1:1", "--store-ca", "ca.pem").want(t, 2, "ca.pem")
	run(t, "", "status", "--store", "valkey://127.0.0.1:1", "--store-password-file", "missing").want(t, 2, "--store-password-file")
}

// TestStoreWithAPassword shows that the password comes from a file or from the
// environment, and that a wrong one is no answer, and is not told.
func TestStoreWithAPassword(t *testing.T) {
	f := newFleet(t)
	f.store.RequireUserAuth("operator", "s3cret")
	args := []string{"status", "--store", f.url(), "--store-user", "operator", "--timeout", "4s"}
	t.Setenv("GRPCAUD_STORE_PASSWORD", "wr0ng")
	r := run(t, "", args...)
	r.want(t, 2, "WRONGPASS", "--store-password-file")
	if strings.Contains(r.stderr, "wr0ng") {
		t.Errorf("the password is in the output: %s", r.stderr)
	}
	run(t, "", append(args, "--store-password-file", file(t, "password", "s3cret\n"))...).want(t, 1, "no replica")
	t.Setenv("GRPCAUD_STORE_PASSWORD", "s3cret")
	run(t, "", args...).want(t, 1, "no replica")
}

// TestRevokeWithoutReplicasOrStore shows that a revocation that no replica knows is not
// taken for one that all know.
func TestRevokeWithoutReplicasOrStore(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.revokes(t, "", "--subject", "alice").want(t, 1, "no replica follows this list")
	f.revokes(t, "", "--subject", "bob", "--list", "another").want(t, 1, "no replica follows this list")
	address := f.url()
	f.store.Close()
	run(t, "", "revoke", company, "--store", address, "--subject", "alice", "--timeout", "1500ms").want(t, 2, "the store at 127.0.0.1:", "refused")
}

// TestRevokeFullList shows that a list without room is no success.
func TestRevokeFullList(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "x")
	f.revokes(t, "", "--subject", "alice", "--bound", "1").want(t, 0)
	f.revokes(t, "", "--subject", "bob", "--bound", "1").want(t, 2, "nothing was revoked: the list is full")
	f.revokes(t, "", "--subject", "bob").want(t, 0)
	f.revokes(t, "", "--subject", "carol", "--bound", "1", "--timeout", "1500ms").want(t, 2, "larger bound than --bound")
}

// TestStatus shows which replicas are told of as being wrong, and the exit status.
func TestStatus(t *testing.T) {
	t.Parallel()
	policy, err := policyfile.Load(company)
	if err != nil {
		t.Fatal(err)
	}
	now := policy.Generation()
	for name, row := range map[string]struct {
		replicas []string
		file     bool
		code     int
		wants    []string
	}{
		"all well":            {[]string{now, now}, true, 0, []string{"replica-0", "replica-1", now[:12], "2 replicas, 2 as they should be, 0 not"}},
		"no file":             {[]string{"old", "old"}, false, 0, []string{"2 replicas, 2 as they should be"}},
		"one is behind":       {[]string{now, "old", now}, false, 1, []string{"another policy than most replicas", "1 not"}},
		"one is not the file": {[]string{"old", "old", now}, true, 1, []string{"another policy than the file", "2 not"}},
		"one does not say":    {[]string{now, ""}, true, 1, []string{"policy unknown"}},
		"none says, no file":  {[]string{"", ""}, false, 0, []string{"2 as they should be"}},
		"there is none":       {nil, true, 1, []string{"no replica follows this list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, row.replicas...)
			args := []string{"status", "--store", f.url()}
			if row.file {
				args = append(args, company)
			}
			run(t, "", args...).want(t, row.code, row.wants...)
			r := run(t, "", append(args, "-o", "json")...)
			var got struct {
				Replicas []struct {
					ID       string
					Problems []string
				}
			}
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || len(got.Replicas) != len(row.replicas) || r.code != row.code {
				t.Errorf("JSON: %v, exit status %d: %s", err, r.code, r.stdout)
			}
		})
	}
}

// TestStatusNamesAReplicaThatIsGone shows that a replica of which nothing is heard any
// more is stale, and that revoke says that it does not know.
func TestStatusNamesAReplicaThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "x")
	gone := f.add(t, "gone", "x", shared.StaleAfter(1500*time.Millisecond))
	said := f.store.HGet("{grpcaud}:revocation:replicas", "gone")
	heard, err := f.store.ZScore("{grpcaud}:revocation:heard", "gone")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	f.replicas = f.replicas[:1]
	f.store.HSet("{grpcaud}:revocation:replicas", "gone", said)
	if _, err := f.store.ZAdd("{grpcaud}:revocation:heard", heard-5000, "gone"); err != nil {
		t.Fatal(err)
	}
	run(t, "", "status", "--store", f.url()).want(t, 1, "gone", "stale: it has heard nothing from the store", "1 not")
	f.revokes(t, "", "--subject", "alice", "--timeout", "1500ms").want(t, 1, "1 of 2 replicas know it", "gone: stale", "lacks 1 change")
}
