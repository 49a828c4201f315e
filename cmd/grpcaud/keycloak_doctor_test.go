package main_test

import (
	"strings"
	"testing"
)

// TestDoctorAtKeycloak shows that an exported realm gives what the matrix says, and nothing
// else.
func TestDoctorAtKeycloak(t *testing.T) {
	realm, matrix := realmOf(t)
	for _, client := range []string{"customer-portal", "backoffice-portal", "order-status"} {
		secret, err := realm.ClientSecret(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(strings.ReplaceAll(strings.ToUpper(client), "-", "_")+"_SECRET", secret)
	}
	run(t, "", "doctor", matrix).want(t, 0, "4 ok, 0 to fix, 0 unknown; 2 may not call, and get no token")
	run(t, "", "token", matrix, "--as", "customer-portal", "--for", "order-status").want(t, 0, "admitted")
	run(t, "", "token", matrix, "--as", "customer-portal", "--for", "human-resource", "--anyway").want(t, 1, "no token", "invalid_scope")
}
