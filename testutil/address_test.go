package testutil_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestRedirectURI shows where a login leads: to a registered address only, or, for a client
// without one, to this machine only.
func TestRedirectURI(t *testing.T) {
	registered := []string{"https://portal.example/callback", "http://customer.localhost:3000/back"}
	for _, row := range []struct {
		registered []string
		address    string
		ok         bool
	}{
		{nil, "http://localhost:3000/", true},
		{nil, "http://customer.localhost:3000/", true},
		{nil, "http://127.0.0.1:3000/", true},
		{nil, "http://127.8.0.1/", true},
		{nil, "http://[::1]:3000/", true},
		{nil, "http://LOCALHOST/", true},
		{nil, "", false},
		{nil, "/callback", false},
		{nil, "//localhost/", false},
		{nil, "http:///callback", false},
		{nil, "http://localhost/#f", false},
		{nil, "http://localhost/#", false},
		{nil, "http://localhost.evil.example/", false},
		{nil, "http://evillocalhost/", false},
		{nil, "http://localhost./", false},
		{nil, "http://0.0.0.0/", false},
		{nil, "http://[::1%25lo]/", false},
		{nil, "http://localhost@evil.example/", false},
		{nil, "http://evil.example\\@localhost/", false},
		{nil, "http://192.168.0.1/", false},
		{nil, "ftp://localhost/", false},
		{nil, "javascript:alert(1)//localhost", false},
		{registered, registered[0], true},
		{registered, registered[1], true},
		{registered, registered[0] + "/", false},
		{registered, registered[0] + "?x=1", false},
		{registered, "https://portal.example/callback/../evil", false},
		{registered, "https://PORTAL.example/callback", false},
		{registered, "http://portal.example/callback", false},
		{registered, "http://customer.localhost:3001/back", false},
		{registered, "http://localhost:3000/", false},
		{registered, "", false},
	} {
		issuer := withAlice()
		issuer.Register(testutil.Client{ID: "app", Public: true, Audiences: []string{"order-status"}, RedirectURIs: row.registered})
		got := newBrowser(t, issuer).submit(t, loginRequest("client_id", "app", "scope", "", "redirect_uri", row.address), "user", "alice")
		want := 400
		if row.ok {
			want = 303
		}
		if got.status != want || got.status == 400 && got.header.Get("Location") != "" {
			t.Errorf("%q of %q: %d to %q, want %d", row.address, row.registered, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestRepeatedParametersAreRefused(t *testing.T) {
	issuer := withAlice()
	for _, name := range []string{"client_id", "redirect_uri"} {
		if got := get(t, issuer, loginRequest()+"&"+name+"=x"); got.status != 400 || !strings.Contains(got.body, name+" is repeated") {
			t.Errorf("%s twice: %d %s", name, got.status, got.body)
		}
	}
	for _, name := range []string{"state", "nonce", "scope", "prompt=login&prompt", "code_challenge"} {
		if got := get(t, issuer, loginRequest()+"&"+name+"=x").back(t).Get("error"); got != "invalid_request" {
			t.Errorf("%s twice: %q, want invalid_request", name, got)
		}
	}
}

func TestClientIsValidated(t *testing.T) {
	for want, c := range map[string]testutil.Client{
		"without an id":                        {},
		`redirect URI: got "/callback"`:        {ID: "app", RedirectURIs: []string{"/callback"}},
		`redirect URI: got "http://a/#f"`:      {ID: "app", PostLogoutRedirectURIs: []string{"http://a/#f"}},
		`back-channel logout URI: got "x"`:     {ID: "app", BackchannelLogoutURI: "x"},
		"an address on localhost":              {ID: "app", BackchannelLogoutURI: "https://portal.example/logout"},
		`got "http://169.254.169.254/latest/"`: {ID: "app", BackchannelLogoutURI: "http://169.254.169.254/latest/"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate(%+v) = %v, want %s", c, err, want)
		}
	}
	good := testutil.Client{ID: "app", RedirectURIs: []string{"https://portal.example/back"}, BackchannelLogoutURI: "http://customer.localhost:3000/logout"}
	if err := good.Validate(); err != nil {
		t.Errorf("Validate(%+v) = %v", good, err)
	}
}
