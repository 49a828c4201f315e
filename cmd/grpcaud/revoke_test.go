package main_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

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
