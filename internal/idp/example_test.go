package idp_test

import (
	"net/url"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// A test of what Keycloak gives a person at a client.
func ExampleKeycloak() {
	_ = func(t *testing.T) { // func TestMine(t *testing.T)
		realm := idp.Keycloak(t, corp)
		grant, err := realm.Login(t.Context(), idp.Login{
			Client: "backoffice-portal",
			User:   "alice",
			Params: url.Values{"scope": {"openid order-status"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(grant.AccessToken)
	}
}
