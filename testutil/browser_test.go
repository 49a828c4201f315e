package testutil_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// browser keeps cookies and follows no redirects.
type browser struct {
	*http.Client
}

func newBrowser(t *testing.T, issuer *testutil.Issuer) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{&http.Client{Transport: issuer.Transport(), Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b browser) open(t *testing.T, at string) answer {
	t.Helper()
	return b.do(t, request(t, http.MethodGet, at, ""))
}

// submit posts a form whose pairs are names and values in turn.
func (b browser) submit(t *testing.T, at string, pairs ...string) answer {
	t.Helper()
	r := request(t, http.MethodPost, at, form(pairs...).Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

func (b browser) do(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// cookie returns what the browser would send to the issuer.
func (b browser) cookie(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(issuerURL + "/authorize")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

// plant gives the browser a cookie that another made.
func (b browser) plant(t *testing.T, value string) {
	t.Helper()
	u, err := url.Parse(issuerURL + "/authorize")
	if err != nil {
		t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "issuer_session", Value: value, Path: "/realms/corp/"}})
}

// back returns the parameters that an answer sends the browser to the client with; none if
// it does not.
func (a answer) back(t *testing.T) url.Values {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// ticket returns the hidden value of the form on a page.
func (a answer) ticket(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`name="ticket" value="([^"]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no ticket in %s", a.body)
	}
	return found[1]
}

// tokens logs alice in at a client with this browser, and returns the response to it.
func (b browser) tokens(t *testing.T, issuer *testutil.Issuer, client, secret string) map[string]any {
	t.Helper()
	at := loginRequest("client_id", client, "scope", "openid", "audience", "order-status")
	got := b.open(t, at)
	if got.status == http.StatusOK {
		got = b.submit(t, at, "user", "alice")
	}
	answer := post(t, issuer, testutil.Token, client, secret, redeem(got.back(t).Get("code"))).json(t)
	if answer["access_token"] == nil {
		t.Fatalf("login at %s: %d %s, then %v", client, got.status, strings.TrimSpace(got.body), answer)
	}
	return answer
}
