package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestTokenGolden(t *testing.T) {
	for _, row := range []struct {
		name string
		code int
		args []string
	}{
		{"token-admitted", 0, []string{"--as", "customer-portal", "--for", "order-status"}},
		{"token-json", 0, []string{"--as", "order-status", "--for", "human-resource", "-o", "json"}},
		{"token-refused", 1, []string{"--as", "customer-portal", "--for", "order-status", "--method", "UpdateOrderStatus"}},
		{"token-external", 0, []string{"--as", "order-status", "--for", "parcels"}},
		{"token-not-allowed", 1, []string{"--as", "customer-portal", "--for", "human-resource"}},
		{"token-none", 1, []string{"--as", "customer-portal", "--for", "human-resource", "--anyway"}},
		{"token-none-json", 1, []string{"--as", "customer-portal", "--for", "human-resource", "--anyway", "-o", "json"}},
	} {
		f := newField(t)
		r := f.run(t, "token", row.args...)
		r.want(t, row.code)
		golden(t, row.name, f.steady(r.stdout))
	}
}

// TestToken shows the results if an issuer gives another token, or none.
func TestToken(t *testing.T) {
	for _, row := range []struct {
		name  string
		code  int
		wants []string
		fault func(*field)
	}{
		{"token for others", 1, []string{"no audience: customer-portal for order-status", `aud ["account"], want "order-status"`, "add an audience mapper for \"order-status\""}, func(f *field) {
			f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) {
				answer["access_token"] = f.issuer.Mint(testutil.Claims{"aud": "account", "azp": "customer-portal"})
			}))
		}},
		{"scope that the server refuses", 1, []string{"refused: SCOPE_MISSING", "assign the client scopes orders.read"}, func(f *field) {
			f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) {
				answer["access_token"] = f.issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal"})
			}))
		}},
		{"opaque", 1, []string{"refused: TOKEN_MALFORMED"}, func(f *field) {
			f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) { answer["access_token"] = "opaque" }))
		}},
		{"another secret", 1, []string{"no token: customer-portal", "invalid_client", `the secret of client "customer-portal", from file `, "access.yaml:22), was not accepted by https://127.0.0.1"}, func(f *field) {
			f.issuer.Register(testutil.Client{ID: "customer-portal", Secret: "other", Audiences: []string{"order-status"}})
		}},
		{"unauthorized", 1, []string{"unauthorized_client", "allow it the grant client_credentials", "Service account roles"}, func(f *field) {
			f.issuer.Fault(testutil.Token, refusal("unauthorized_client", "Client not enabled to retrieve service account, said Pst-customer-portal"))
		}},
		{"down", 2, []string{"unknown: customer-portal for order-status", "fix  check that https://127.0.0.1:", "can be reached from here"}, func(f *field) { f.issuer.Down() }},
		{"busy", 2, []string{"unknown: customer-portal for order-status", "503"}, func(f *field) { f.issuer.Fault(testutil.Token, testutil.RespondStatus(503)) }},
		{"HTML", 2, []string{"unknown: customer-portal for order-status", `"text/html"`}, func(f *field) {
			f.issuer.Fault(testutil.Token, testutil.RespondBody("text/html", "<html>Welcome"))
		}},
		{"no keys", 2, []string{"unknown: KEYS_UNAVAILABLE", "??  genuine"}, func(f *field) { f.issuer.Fault(testutil.JWKS, testutil.RespondStatus(500)) }},
		{"no secret", 2, []string{"unknown: customer-portal", "customer-portal.secret"}, func(f *field) {
			os.Remove(filepath.Join(filepath.Dir(f.matrix), "customer-portal.secret"))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t)
			row.fault(f)
			f.run(t, "token", "--as", "customer-portal", "--for", "order-status").want(t, row.code, row.wants...)
		})
	}
}

// TestTokenRevealed shows that --reveal writes the token alone.
func TestTokenRevealed(t *testing.T) {
	f := newField(t)
	args := []string{"token", f.matrix, "--issuer-ca", f.ca, "--as", "customer-portal", "--reveal", "--for"}
	r := run(t, "", append(args, "order-status")...)
	if r.code != 0 || !jwt.MatchString(r.stdout) || len(strings.Fields(r.stdout)) != 1 || r.stderr != "" {
		t.Errorf("exit status %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	explained := run(t, r.stdout, "explain", f.matrix, "--service", "order-status", "--method", "GetOrderStatus", "--offline")
	explained.want(t, 2, "ok  audience", "ok  scopes")
}

// TestTokenOnBehalfOf shows that a token is exchanged, and is shown only to its own issuer.
func TestTokenOnBehalfOf(t *testing.T) {
	f := newField(t)
	as := []string{"--as", "order-status", "--for", "human-resource", "--on-behalf-of-file"}
	alice := f.issuer.User("customer-portal", "alice", "order-status", "orders.read")
	f.run(t, "token", append(as, file(t, "token", "Bearer "+alice+"\n"))...).want(t, 0, "admitted", `"alice"`, `{"act":{"sub":"customer-portal"},"sub":"order-status"}`)
	elsewhere := testutil.NewIssuer("https://evil.example").Mint(testutil.Claims{"aud": "order-status"})
	before := f.issuer.Requests(testutil.Token)
	f.run(t, "token", append(as, file(t, "token", elsewhere))...).want(t, 1, "shown to no other issuer")
	if after := f.issuer.Requests(testutil.Token); after != before {
		t.Errorf("the issuer was shown the token of another: %d requests, want %d", after, before)
	}
	f.run(t, "token", append(as, file(t, "token", f.issuer.User("customer-portal", "alice", "echo")))...).want(t, 1, "no token", "check that the token to exchange is still valid")
	f.issuer.Fault(testutil.Token, refusal("invalid_target", ""))
	f.run(t, "token", append(as, file(t, "token", alice))...).want(t, 1, "no token", "switch on standard token exchange")
	f.issuer.Fault(testutil.Token, nil)
	f.run(t, "token", append(as, file(t, "token", " \n"))...).want(t, 2, "no token in it")
	f.run(t, "token", append(as, "missing")...).want(t, 2, "no such file")
}

func TestTokenWrongUse(t *testing.T) {
	f := newField(t)
	f.change(t, "  order-status: {secret", "  batch: {}\n  nightly: {secret: {env: GRPCAUD_TEST_NOT_SET}}\n  order-status: {secret")
	f.change(t, "clients: [order-status], methods", "clients: [order-status, batch, nightly], methods")
	for _, row := range []struct {
		want string
		args []string
	}{
		{`missing --as (the client of the matrix that requests the token), and --for`, nil},
		{`no client "order-statu" in the file, did you mean "order-status"?`, []string{"--as", "order-statu", "--for", "human-resource"}},
		{`no service "parcel" in the file, did you mean "parcels"?`, []string{"--as", "order-status", "--for", "parcel"}},
		{"the matrix does not say how it authenticates", []string{"--as", "batch", "--for", "human-resource"}},
		{"environment variable GRPCAUD_TEST_NOT_SET is missing or empty", []string{"--as", "nightly", "--for", "human-resource"}},
		{"consists of shop.hr.v1.HumanResource, not of a.B", []string{"--as", "order-status", "--for", "human-resource", "--method", "a.B/C"}},
		{"no such file", []string{"--as", "order-status", "--for", "human-resource", "--issuer-ca", "missing"}},
	} {
		f.run(t, "token", row.args...).want(t, 2, "grpcaud: ", row.want)
	}
	// An issuer whose authority nobody vouches for is one that cannot be asked.
	run(t, "", "token", f.matrix, "--as", "order-status", "--for", "human-resource").want(t, 2, "unknown: order-status for human-resource", "certificate")
}

// TestTokenOfTheDefaultPreset shows the fix if the issuer refuses the audience.
func TestTokenOfTheDefaultPreset(t *testing.T) {
	f := newField(t)
	f.change(t, "preset: keycloak", "preset: rfc9068")
	f.issuer.Fault(testutil.Token, refusal("invalid_target", ""))
	f.run(t, "token", "--as", "customer-portal", "--for", "order-status").want(t, 1, `fix  let client "customer-portal" have tokens for "order-status" at https://127.0.0.1:`, "if the issuer wants to be asked otherwise, set ask")
}
