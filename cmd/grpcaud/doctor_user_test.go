package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// usersField is a field in which the back office calls the order status, and that the
// human resource, for users alone.
func usersField(t *testing.T) *field {
	f := newField(t)
	f.change(t, "{clients: [backoffice-portal], methods: [\"*\"], scopes: [orders.write]}", "{clients: [backoffice-portal], methods: [\"*\"], scopes: [orders.write], callers: users}")
	f.change(t, "{clients: [customer-portal, backoffice-portal], methods", "{clients: [customer-portal], methods")
	f.change(t, "{clients: [order-status], methods: [GetEmployee], scopes: none}", "{clients: [order-status], methods: [GetEmployee], scopes: none, callers: users}")
	return f
}

// TestDoctorFollowsAUsersToken shows that a user's token is exchanged from service to
// service, and what is said if that fails.
func TestDoctorFollowsAUsersToken(t *testing.T) {
	f := usersField(t)
	alice := file(t, "alice", f.issuer.User("backoffice-portal", "alice", "backoffice-portal"))
	f.run(t, "doctor").want(t, 0, "only users may call: give the token of one, with --user-token-file")
	r := f.run(t, "doctor", "--user-token-file", alice)
	r.want(t, 0, "backoffice-portal for a user", "order-status for a user")
	for _, gone := range []string{"only users may call", "no token of the user"} {
		if strings.Contains(r.stdout, gone) {
			t.Errorf("got %q in\n%s", gone, r.stdout)
		}
	}
	golden(t, "doctor-user", f.steady(r.stdout))
	f.run(t, "doctor", "--user-token-file", alice, "-o", "json").want(t, 0, `"for_user": true`)
	f.run(t, "doctor", "--user-token-file", alice, "--client", "order-status").want(t, 0, "the user has no token for order-status that it could exchange")

	// The token of a user that is for the service already is not exchanged.
	direct := file(t, "direct", f.issuer.User("backoffice-portal", "alice", "order-status", "orders.write"))
	f.run(t, "doctor", "--user-token-file", direct, "--service", "order-status").want(t, 0, "the token is for it already: nothing is exchanged")

	// What the service refuses is found; nothing goes on from there.
	f.register("backoffice-portal", map[string][]string{"order-status": nil, "human-resource": nil})
	f.run(t, "doctor", "--user-token-file", alice).want(t, 1, "backoffice-portal for a user", "the user has no token for order-status that it could exchange")
}

// TestDoctorFindsExchangeSwitchedOff shows that it is said once that a provider, or a
// client of it, exchanges no tokens.
func TestDoctorFindsExchangeSwitchedOff(t *testing.T) {
	for _, row := range []struct{ code, description, want string }{
		{"unsupported_grant_type", "Unsupported grant_type", "token exchange is switched off for https://127.0.0.1:"},
		{"unauthorized_client", "", `token exchange is switched off for client "backoffice-portal"`},
		{"invalid_request", "Standard token exchange is not enabled for the requested client", `token exchange is switched off for client "backoffice-portal"`},
	} {
		f := usersField(t)
		f.change(t, "echo:\n    grpc: [grpcaud.echo.v1.Echo]\n    allow:\n", "echo:\n    grpc: [grpcaud.echo.v1.Echo]\n    allow:\n      - {clients: [backoffice-portal], methods: [Say], scopes: none, callers: users}\n")
		alice := file(t, "alice", f.issuer.User("backoffice-portal", "alice", "backoffice-portal"))
		f.issuer.Fault(testutil.Token, refusal(row.code, row.description))
		r := f.run(t, "doctor", "--client", "backoffice-portal", "--service", "order-status", "--service", "echo", "--user-token-file", alice)
		r.want(t, 1, row.want, "see above")
		if got := strings.Count(r.stdout, row.want); got != 2 { // the finding, and the reference to it
			t.Errorf("%s: said %d times\n%s", row.code, got, r.stdout)
		}
		if got := strings.Count(r.stdout, "fix: "); got != 1 {
			t.Errorf("%s: %d fixes, want 1\n%s", row.code, got, r.stdout)
		}
	}
}

func TestDoctorWrongUserTokens(t *testing.T) {
	f := usersField(t)
	for _, row := range []struct{ text, want string }{
		{"\n", "no token in it"},
		{"opaque", "name that issuer of the file with --subject-issuer"},
		{f.issuer.Mint(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix(), "aud": "backoffice-portal"}), "the token has expired: have the user log in again"},
	} {
		f.run(t, "doctor", "--user-token-file", file(t, "token", row.text)).want(t, 2, row.want)
	}
	f.run(t, "doctor", "--subject-issuer", "corp").want(t, 2, "--user-token-file, which is missing")
	f.run(t, "doctor", "--user-token-file", "missing").want(t, 2, "no such file")
}
