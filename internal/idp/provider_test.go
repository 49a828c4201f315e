package idp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/grpcaud/grpcaud/internal/idp"
)

type claims = map[string]any // nil for one that must not be there

const (
	tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessToken   = "urn:ietf:params:oauth:token-type:access_token"
)

var anyOrder = cmpopts.SortSlices(func(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) })

// provider is what one server is expected to do, as clients see it.
type provider struct {
	*idp.Server
	token     string     // endpoint
	requests  []request  // of clients as themselves
	login     url.Values // of alice at the back-office portal
	id        claims     // of her ID token
	access    claims     // of her access token
	exchanges []request  // of her access token
	hop       request    // an exchange of what the first of these got
}

// request is one at the token endpoint, and the token that the client gets, or
// else the refusal.
type request struct {
	name, client    string
	form            url.Values
	header, payload claims
	refusal         string
}

// exercise goes through all of p, and through a rotation and a restart.
func (p provider) exercise(t *testing.T) {
	for _, r := range p.requests {
		t.Run(r.name, func(t *testing.T) { p.check(t, r) })
	}
	person := p.person(t)
	for _, r := range p.exchanges {
		t.Run("exchange "+r.name, func(t *testing.T) { p.check(t, r.exchanging(person)) })
	}
	t.Run("second hop", func(t *testing.T) {
		first := p.exchanges[0].exchanging(person)
		grant, _ := p.ask(t, first.client, first.form)
		p.check(t, p.hop.exchanging(grant))
	})
	t.Run("rotation", p.rotation)
	t.Run("restart", p.restart)
}

// exchanging returns r for the access token of grant (RFC 8693, section 2.1).
func (r request) exchanging(grant idp.Grant) request {
	r.form = with(r.form, url.Values{
		"grant_type": {tokenExchange}, "subject_token": {grant.AccessToken}, "subject_token_type": {accessToken},
	})
	return r
}

// check sends r and compares.
func (p provider) check(t *testing.T, r request) {
	grant, answer := p.ask(t, r.client, r.form)
	switch {
	case r.refusal != "" && !strings.Contains(answer, r.refusal):
		t.Errorf("got %s, want %s", answer, r.refusal)
	case r.refusal == "" && grant.AccessToken == "":
		t.Errorf("got %s, want a token", answer)
	case r.refusal == "":
		wantClaims(t, grant.AccessToken, r.header, r.payload)
	}
}

func (p provider) person(t *testing.T) idp.Grant {
	grant, err := p.Login(t.Context(), idp.Login{Client: "backoffice-portal", User: "alice", Params: p.login})
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, grant.AccessToken, nil, p.access)
	wantClaims(t, grant.IDToken, nil, p.id)
	if grant.RefreshToken == "" {
		t.Error("got no refresh token")
	}
	return grant
}

func (p provider) rotation(t *testing.T) {
	before := p.kid(t)
	if err := p.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := p.kid(t)
	if before == after {
		t.Errorf("got kid %q before and after", before)
	}
	if published := p.published(t); !strings.Contains(published, before) || !strings.Contains(published, after) {
		t.Errorf("got %s, want %q and %q", published, before, after)
	}
}

// restart stops the server for a test of its own, after which it runs again.
func (p provider) restart(t *testing.T) {
	before := p.kid(t)
	t.Run("stopped", func(t *testing.T) {
		p.Stop(t)
		if res, err := http.Get(p.Issuer); err == nil {
			t.Errorf("got %s from a stopped server", res.Status)
			res.Body.Close()
		}
	})
	if after := p.kid(t); before != after {
		t.Errorf("got kid %q, want %q as before", after, before)
	}
}

// kid returns the key that the server signs with, for the first request.
func (p provider) kid(t *testing.T) string {
	grant, _ := p.ask(t, p.requests[0].client, p.requests[0].form)
	kid, _ := part(t, grant.AccessToken, 0)["kid"].(string)
	return kid
}

// published returns the key set.
func (p provider) published(t *testing.T) string {
	var discovered struct {
		Keys string `json:"jwks_uri"`
	}
	if err := json.Unmarshal([]byte(fetch(t, p.Issuer+"/.well-known/openid-configuration")), &discovered); err != nil {
		t.Fatal(err)
	}
	return fetch(t, discovered.Keys)
}

// ask sends form to the token endpoint, by default for client credentials.
func (p provider) ask(t *testing.T, client string, form url.Values) (idp.Grant, string) {
	t.Helper()
	return post(t, http.DefaultClient, p.Issuer+p.token, client, with(url.Values{"grant_type": {"client_credentials"}}, form))
}

// with returns form with more, which wins.
func with(form, more url.Values) url.Values {
	all := url.Values{}
	maps.Copy(all, form)
	maps.Copy(all, more)
	return all
}

// post sends form with the client's secret, and returns the answer decoded
// and as it is.
func post(t *testing.T, web *http.Client, to, client string, form url.Values) (grant idp.Grant, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != "" {
		req.SetBasicAuth(client, idp.Secret(client))
	}
	answer = body(t, web, req)
	if err := json.Unmarshal([]byte(answer), &grant); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return grant, answer
}

func fetch(t *testing.T, from string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, from, nil)
	if err != nil {
		t.Fatal(err)
	}
	return body(t, http.DefaultClient, req)
}

func body(t *testing.T, web *http.Client, req *http.Request) string {
	t.Helper()
	res, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantClaims compares what header and payload name, lists in any order.
func wantClaims(t *testing.T, token string, header, payload claims) {
	t.Helper()
	for i, want := range []claims{header, payload} {
		got := part(t, token, i)
		for name := range want {
			if diff := cmp.Diff(want[name], got[name], anyOrder); diff != "" {
				t.Errorf("%s of %v (-want +got):\n%s", name, got, diff)
			}
		}
	}
}

// part returns a part of a JWT.
func part(t *testing.T, token string, i int) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("got %q, want a JWT", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	var c claims
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
