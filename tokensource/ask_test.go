package tokensource_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// form returns the form of a request to an issuer that accepts everything, without
// grant_type if it is client_credentials.
func form(t *testing.T, r tokensource.Request, opts ...tokensource.OAuthOption) url.Values {
	t.Helper()
	w := &wire{token: always(reply(200, grant("t")))}
	if _, err := newSource(t, w, opts...).Token(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	_, form := w.last()
	if form.Get("grant_type") == "client_credentials" {
		form.Del("grant_type")
	}
	return form
}

func TestHowAudiencesAreStated(t *testing.T) {
	const uri = "https://orders.example.com"
	one := tokensource.Request{Audience: uri}
	several := tokensource.Request{Audience: uri, Also: []string{"urn:hr"}, Scope: "write read"}
	for _, row := range []struct {
		name    string
		ask     tokensource.OAuthOption
		request tokensource.Request
		want    url.Values
	}{
		{"audience", tokensource.AskByAudience(), one, url.Values{"audience": {uri}}},
		{"audience, several", tokensource.AskByAudience(), several, url.Values{"audience": {uri, "urn:hr"}, "scope": {"read write"}}},
		{"resource", tokensource.AskByResource(), one, url.Values{"resource": {uri}}},
		{"resource, several", tokensource.AskByResource(), several, url.Values{"resource": {uri, "urn:hr"}, "scope": {"read write"}}},
		{"scope", tokensource.AskByScope("{audience}/.default"), one, url.Values{"scope": {uri + "/.default"}}},
		{"scope, several", tokensource.AskByScope("aud:{audience}"), several, url.Values{"scope": {"aud:" + uri + " aud:urn:hr read write"}}},
		{"nothing", tokensource.AskWithoutAudience(), several, url.Values{"scope": {"read write"}}},
	} {
		if diff := cmp.Diff(row.want, form(t, row.request, row.ask)); diff != "" {
			t.Errorf("%s: form (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestTokenURLForEachAudience(t *testing.T) {
	urls := map[string]string{"order-status": "https://idp.example.com/orders/token", "human-resource": "https://idp.example.com/hr/token"}
	ask := tokensource.AskByTokenURL(urls)
	w := &wire{}
	s := newSource(t, w, ask)
	want := urls["order-status"]
	urls["order-status"] = "https://evil.example.com/token"
	if _, err := s.Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	if r, form := w.last(); r.URL.String() != want || form.Has("audience") || w.found != 0 {
		t.Errorf("asked %v with %v, and discovery %d times", r.URL, form, w.found)
	}
	for _, r := range []tokensource.Request{{Audience: "payroll"}, {Audience: "order-status", Also: []string{"human-resource"}}} {
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) || w.count() != 1 {
			t.Errorf("%+v: got %v after %d requests, want ErrRefused, and one", r, err, w.count())
		}
	}
}

func TestRetryAfterOfOneTokenURLDoesNotHoldForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: func(r *http.Request, form url.Values) (*http.Response, error) {
			if r.URL.Path == "/busy" {
				return reply(429, "", "Retry-After", "60")(r)
			}
			return good(r, form)
		}}
		s := newSource(t, w, tokensource.AskByTokenURL(map[string]string{
			"a": "https://idp.example.com/busy", "b": "https://idp.example.com/busy", "c": "https://idp.example.com/free",
		}))
		for _, busy := range []string{"a", "b"} {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: busy}); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", busy, err)
			}
		}
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "c"}); err != nil {
			t.Errorf("c: %v", err)
		}
		if w.count() != 2 {
			t.Errorf("got %d requests, want one to each endpoint", w.count())
		}
	})
}

func TestInvalidOAuthOptionsAreRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		opts []tokensource.OAuthOption
		want string
	}{
		{"template without the audience", []tokensource.OAuthOption{tokensource.AskByScope("default")}, "{audience}"},
		{"no URL", []tokensource.OAuthOption{tokensource.AskByTokenURL(nil)}, "no token URL"},
		{"plain http", []tokensource.OAuthOption{tokensource.AskByTokenURL(map[string]string{"a": "http://idp.example.com"})}, `"a"`},
		{"two token URLs", []tokensource.OAuthOption{
			tokensource.AskByTokenURL(map[string]string{"a": "https://idp.example.com/a"}), tokensource.TokenURL("https://idp.example.com/token"),
		}, "contradict"},
		{"unknown preset", []tokensource.OAuthOption{tokensource.Preset("keykloak")}, `"keycloak"`},
		{"style without a secret", []tokensource.OAuthOption{tokensource.SecretInForm()}, "client secrets"},
		{"grant below", []tokensource.OAuthOption{tokensource.SubjectGrant(-1)}, "subject grant"},
		{"grant above", []tokensource.OAuthOption{tokensource.SubjectGrant(tokensource.EntraOnBehalfOf + 1)}, "subject grant"},
		{"parameter without a name", []tokensource.OAuthOption{tokensource.Parameter("", "v")}, "without a name"},
		{"parameter twice", []tokensource.OAuthOption{tokensource.Parameter("n", "v"), tokensource.Parameter("n", "v")}, "twice"},
	} {
		s, err := tokensource.New(issuer, clientauth.AssertionFile(client, "f"), row.opts...)
		if s != nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q in it", row.name, err, row.want)
		}
	}
}

// TestAudiencesThatCannotBeStatedAreRefused shows that nothing is sent.
func TestAudiencesThatCannotBeStatedAreRefused(t *testing.T) {
	for _, row := range []struct {
		ask      tokensource.OAuthOption
		audience string
	}{
		{tokensource.AskByResource(), "order-status"},
		{tokensource.AskByResource(), "https://orders.example.com#a"},
		{tokensource.AskByResource(), "https://orders.example.com#"},
		{tokensource.AskByResource(), "%zz:"},
		{tokensource.AskByScope("{audience}"), "order status"},
	} {
		w := &wire{}
		_, err := newSource(t, w, row.ask).Token(t.Context(), tokensource.Request{Audience: row.audience})
		if !errors.Is(err, tokensource.ErrRefused) || w.found+w.count() != 0 {
			t.Errorf("%T, %q: got %v after %d requests, want ErrRefused, none", row.ask, row.audience, err, w.found+w.count())
		}
	}
}

func TestParameter(t *testing.T) {
	got := form(t, orders, tokensource.Parameter("connector_id", "ldap"), tokensource.Parameter("empty", ""))
	want := url.Values{"audience": {"order-status"}, "connector_id": {"ldap"}, "empty": {""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	for _, name := range []string{
		"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "audience", "resource", "scope",
		"subject_token", "subject_token_type", "actor_token", "actor_token_type", "assertion", "requested_token_type", "requested_token_use",
	} {
		_, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.Parameter(name, "v"))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Parameter(%q): got %v, want an error", name, err)
		}
	}
}

// TestStatedAudiencesAgainstAnIssuer asks issuers that understand one way of stating an
// audience.
func TestStatedAudiencesAgainstAnIssuer(t *testing.T) {
	const uri = "https://orders.example.com"
	scoped := testutil.NewIssuer(issuer, testutil.AudienceScope("{audience}/.default"))
	plain := testutil.NewIssuer(issuer)
	for _, idp := range []*testutil.Issuer{scoped, plain} {
		idp.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{uri}, Scopes: map[string][]string{uri: {"read"}}})
	}
	for _, row := range []struct {
		idp  *testutil.Issuer
		ask  tokensource.OAuthOption
		good bool
	}{
		{scoped, tokensource.AskByScope("{audience}/.default"), true},
		{scoped, tokensource.AskByAudience(), false},
		{plain, tokensource.AskByResource(), true},
		{plain, tokensource.AskWithoutAudience(), false},
	} {
		s := open(t, tokensource.ClientCredentials(client, secret), row.idp.Transport(), row.ask)
		_, err := s.Token(t.Context(), tokensource.Request{Audience: uri, Scope: "read"})
		if row.good != (err == nil) || !row.good && !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("%T: got %v, want good = %v", row.ask, err, row.good)
		}
	}
}

// refusal answers each token request with this error code.
func refusal(code string) func(*http.Request, url.Values) (*http.Response, error) {
	return always(reply(400, `{"error":"`+code+`"}`))
}
