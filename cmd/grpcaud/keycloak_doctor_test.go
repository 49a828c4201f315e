package main_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// TestDoctorAtKeycloak shows that an exported realm gives what the matrix says, and nothing
// else.
func TestDoctorAtKeycloak(t *testing.T) {
	realm, matrix := realmOf(t)
	credentialsOf(t, realm)
	run(t, "", "doctor", matrix).want(t, 0, "4 ok, 0 to fix, 0 unknown; 2 may not call, and get no token")
	run(t, "", "token", matrix, "--as", "customer-portal", "--for", "order-status").want(t, 0, "admitted")
	run(t, "", "token", matrix, "--as", "customer-portal", "--for", "human-resource", "--anyway").want(t, 1, "no token", "invalid_scope")
}

// TestDoctorFollowsAUserAtKeycloak has a user log in, and follows her token; then exchange is
// switched off for a client, and for the portal where she logged in.
func TestDoctorFollowsAUserAtKeycloak(t *testing.T) {
	realm, matrix := realmOf(t)
	person(t, realm)
	credentialsOf(t, realm)
	login, err := realm.Login(t.Context(), idp.Login{Client: "backoffice-portal", Secret: os.Getenv("BACKOFFICE_PORTAL_SECRET"), User: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	alice := file(t, "alice", login.AccessToken)
	r := run(t, "", "doctor", matrix, "--user-token-file", alice)
	r.want(t, 0, "backoffice-portal for a user", "order-status for a user", "0 to fix, 0 unknown")
	clients := idsOf(t, realm, "/clients")
	for _, client := range []string{"order-status", "backoffice-portal"} {
		admin(t, realm, http.MethodPut, "/clients/"+clients[client], map[string]any{"attributes": map[string]string{"standard.token.exchange.enabled": "false"}})
		r := run(t, "", "doctor", matrix, "--user-token-file", alice)
		r.want(t, 1, `token exchange is switched off for client "`+client+`"`)
		if got := strings.Count(r.stdout, "fix: "); got != 1 {
			t.Errorf("%d fixes, want 1:\n%s", got, r.stdout)
		}
	}
}

// TestLiveAtKeycloak shows that a guarded server refuses real tokens of Keycloak that are not for
// it, or lack a scope.
func TestLiveAtKeycloak(t *testing.T) {
	realm, matrix := realmOf(t)
	credentialsOf(t, realm)
	f := &field{matrix: matrix}
	s := f.serve(t, "order-status", "--plaintext")
	r := run(t, "", "doctor", matrix, "--live", "order-status="+s.Addr, "--live-method", "GetOrderStatus", "--plaintext")
	r.want(t, 0, "AUDIENCE_MISMATCH", "SCOPE_INSUFFICIENT", "TOKEN_INVALID", "CREDENTIALS_MISSING", " 0 let through, 0 unknown")
	withoutSecrets(t, r.stdout+r.stderr)
}

// credentialsOf puts the secrets of the company's clients where the matrix looks for them.
func credentialsOf(t *testing.T, realm *idp.Realm) {
	t.Helper()
	for _, client := range []string{"customer-portal", "backoffice-portal", "order-status"} {
		secret, err := realm.ClientSecret(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(strings.ReplaceAll(strings.ToUpper(client), "-", "_")+"_SECRET", secret)
	}
}
