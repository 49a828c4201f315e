package testutil_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

// logoutTokens keeps what clients are sent, by address, and answers with a status.
type logoutTokens struct {
	mu     sync.Mutex // guards sent
	sent   map[string][]string
	answer func(*http.Request) (*http.Response, error) // nil for 200
}

// RoundTrip implements [http.RoundTripper].
func (l *logoutTokens) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	l.mu.Lock()
	if l.sent == nil {
		l.sent = map[string][]string{}
	}
	l.sent[r.URL.String()] = append(l.sent[r.URL.String()], values.Get("logout_token"))
	l.mu.Unlock()
	if l.answer != nil {
		return l.answer(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// twoPortals returns an issuer with two clients that are told of logouts, and one that has
// no tokens.
func twoPortals(to http.RoundTripper) *testutil.Issuer {
	issuer := withAlice(testutil.BackchannelTransport(to))
	for _, id := range []string{"customer", "backoffice", "idle"} {
		issuer.Register(testutil.Client{
			ID: id, Secret: "s3cret", Audiences: []string{"order-status"}, BackchannelLogoutURI: "http://" + id + ".localhost:3000/logout",
		})
	}
	return issuer
}

// TestLogoutTokens shows that each client with tokens of the session gets one logout token
// for itself, however the session ends.
func TestLogoutTokens(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *testutil.Issuer, browser, string){
		"by a client": func(t *testing.T, _ *testutil.Issuer, b browser, hint string) {
			b.open(t, endSession("id_token_hint", hint))
		},
		"by an administrator": func(t *testing.T, i *testutil.Issuer, _ browser, _ string) {
			if err := i.EndSessions(t.Context(), "alice"); err != nil {
				t.Error(err)
			}
		},
		"by another user's login": func(t *testing.T, _ *testutil.Issuer, b browser, _ string) {
			b.submit(t, loginRequest("prompt", "login"), "user", "bob")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			to := &logoutTokens{}
			issuer := twoPortals(to)
			issuer.SetUsers(testutil.User{Name: "alice"}, testutil.User{Name: "bob"})
			b := newBrowser(t, issuer)
			tokens := b.tokens(t, issuer, "customer", "s3cret")
			b.tokens(t, issuer, "backoffice", "s3cret")
			sid, now := part(t, tokens["id_token"].(string), 1)["sid"], float64(time.Now().Unix())
			end(t, issuer, b, tokens["id_token"].(string))
			if len(to.sent) != 2 {
				t.Fatalf("%s: sent to %d addresses, want 2", name, len(to.sent))
			}
			for _, client := range []string{"customer", "backoffice"} {
				sent := to.sent["http://"+client+".localhost:3000/logout"]
				if len(sent) != 1 {
					t.Fatalf("%s: %s got %d logout tokens, want 1", name, client, len(sent))
				}
				claims := part(t, sent[0], 1)
				if claims["jti"] == nil {
					t.Errorf("%s: no jti", name)
				}
				delete(claims, "jti")
				want := map[string]any{
					"iss": issuerURL, "aud": client, "sub": "alice", "sid": sid, "iat": now, "exp": now + 120,
					"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
				}
				if diff := cmp.Diff(want, claims); diff != "" {
					t.Errorf("%s: claims (-want +got):\n%s", name, diff)
				}
				if typ := part(t, sent[0], 0)["typ"]; typ != "logout+jwt" {
					t.Errorf("%s: typ = %v", name, typ)
				}
			}
			if err := issuer.EndSessions(t.Context(), "alice"); err != nil || len(to.sent["http://customer.localhost:3000/logout"]) != 1 {
				t.Errorf("%s: a session that has ended is told of again (%v)", name, err)
			}
		})
	}
}

// TestClientThatIsNotTold shows that a client which does not answer holds a logout up for
// 3 seconds at most, and that the error and the page name it.
func TestClientThatIsNotTold(t *testing.T) {
	for name, row := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		want   string
		wait   time.Duration
	}{
		"no answer": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, context.DeadlineExceeded.Error(), 3 * time.Second},
		"an error":   {respond(http.StatusServiceUnavailable), "answered 503", 0},
		"a redirect": {respond(http.StatusTemporaryRedirect), "answered 307", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			to := &logoutTokens{answer: row.answer}
			issuer := twoPortals(to)
			newBrowser(t, issuer).tokens(t, issuer, "customer", "s3cret")
			b := newBrowser(t, issuer)
			hint := b.tokens(t, issuer, "backoffice", "s3cret")["id_token"].(string)
			began := time.Now()
			page := b.open(t, endSession("id_token_hint", hint))
			if took := time.Since(began); took != row.wait || !strings.Contains(page.body, "client &#34;backoffice&#34;") {
				t.Errorf("%s: after %v: %s", name, took, page.body)
			}
			err := issuer.EndSessions(t.Context(), "alice")
			if err == nil || !strings.Contains(err.Error(), `client "customer"`) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: error %v, want %s", name, err, row.want)
			}
			if len(to.sent) != 2 {
				t.Errorf("%s: sent to %v", name, to.sent)
			}
		})
	}
}

func respond(status int) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: strconv.Itoa(status), Body: http.NoBody, Request: r,
			Header: http.Header{"Location": {"http://localhost:1/elsewhere"}},
		}, nil
	}
}

// TestLogoutTokenOverASocket shows that the default transport connects to a name below
// localhost, whatever resolves it, and follows no redirect.
func TestLogoutTokenOverASocket(t *testing.T) {
	var mu sync.Mutex // guards paths
	var paths []string
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.Host+r.URL.Path)
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/logout", http.StatusTemporaryRedirect)
		}
	}))
	defer portal.Close()
	at, err := url.Parse(portal.URL)
	if err != nil {
		t.Fatal(err)
	}
	host := "customer.localhost:" + at.Port()
	issuer := withAlice()
	for _, path := range []string{"/logout", "/moved"} {
		issuer.Register(testutil.Client{ID: "app", Secret: "s3cret", Audiences: []string{"order-status"}, BackchannelLogoutURI: "http://" + host + path})
		newBrowser(t, issuer).tokens(t, issuer, "app", "s3cret")
		if err := issuer.EndSessions(t.Context(), "alice"); (err == nil) != (path == "/logout") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if diff := cmp.Diff([]string{host + "/logout", host + "/moved"}, paths); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
