package tokensource_test

import (
	"crypto"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

func TestMetadataDocuments(t *testing.T) {
	const endpoint = issuer + "/protocol/token"
	for _, row := range []struct {
		name, document string
		status         int
		good           bool
	}{
		{"good", document(issuer, endpoint), 200, true},
		{"another host", document(issuer, "https://login.example.com/token"), 200, false},
		{"another issuer", document("https://evil.example.com", endpoint), 200, false},
		{"slash more", document(issuer+"/", endpoint), 200, false},
		{"no issuer", document("", endpoint), 200, false},
		{"no endpoint", document(issuer, ""), 200, false},
		{"plain http", document(issuer, "http://idp.example.com/token"), 200, false},
		{"plain http on loopback", document(issuer, "http://127.0.0.1/token"), 200, false},
		{"password", document(issuer, "https://a:b@idp.example.com/token"), 200, false},
		{"HTML", "<html>", 200, false},
		{"wrong type", `{"issuer":7}`, 200, false},
		{"more than 1 MiB", document(issuer, endpoint) + strings.Repeat(" ", 1<<20), 200, false},
		{"404", "", 404, false},
		{"redirect", document(issuer, endpoint), 302, false},
		{"500", "", 500, false},
	} {
		var asked []string
		w := &wire{discovery: func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			return reply(row.status, row.document, "Location", "https://evil.example.com/")(r)
		}}
		_, err := newSource(t, w).Token(t.Context(), orders)
		if row.good != (err == nil) || !row.good && !errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("%s: got %v, want good = %v", row.name, err, row.good)
		}
		if !row.good && w.count() != 0 {
			t.Errorf("%s: the secret was sent", row.name)
		}
		if want := issuer + "/.well-known/openid-configuration"; asked[0] != want {
			t.Errorf("%s: first asked %s, want %s", row.name, asked[0], want)
		}
	}
}

// TestMetadataOfRFC8414 shows that the document of RFC 8414 is read where there is
// none of OpenID Connect.
func TestMetadataOfRFC8414(t *testing.T) {
	var asked []string
	w := &wire{discovery: func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			return reply(404, "")(r)
		}
		return reply(200, document(issuer, issuer+"/token"))(r)
	}}
	if _, err := newSource(t, w).Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	want := []string{issuer + "/.well-known/openid-configuration", "https://idp.example.com/.well-known/oauth-authorization-server/realms/corp"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestDiscoveryOption shows that the metadata is read at the given address alone, and
// that the token endpoint must be on the host of that address.
func TestDiscoveryOption(t *testing.T) {
	const inside = "https://idp.internal:8443"
	for _, row := range []struct {
		name, issuer, endpoint string
		status                 int
		good                   bool
	}{
		{"endpoint on the host of the document", issuer, inside + "/token", 200, true},
		{"endpoint on the host of the issuer", issuer, issuer + "/token", 200, false},
		{"endpoint elsewhere", issuer, "https://evil.example.com/token", 200, false},
		{"another issuer", inside, inside + "/token", 200, false},
		{"no document", issuer, inside + "/token", 404, false},
	} {
		var asked []string
		w := &wire{discovery: func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			return reply(row.status, document(row.issuer, row.endpoint))(r)
		}}
		_, err := newSource(t, w, tokensource.Discovery(inside+"/meta")).Token(t.Context(), orders)
		if row.good != (err == nil) || !row.good && (!errors.Is(err, tokensource.ErrUnavailable) || w.count() != 0) {
			t.Errorf("%s: got %v after %d token requests, want good = %v", row.name, err, w.count(), row.good)
		}
		if diff := cmp.Diff([]string{inside + "/meta"}, asked); diff != "" {
			t.Errorf("%s: asked (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestIssuerWithSlash(t *testing.T) {
	const slashed = "https://idp.example.com/"
	w := &wire{discovery: func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			t.Errorf("got path %q", r.URL.Path)
		}
		return reply(200, document(slashed, slashed+"token"))(r)
	}}
	s, err := tokensource.New(slashed, tokensource.ClientCredentials(client, secret), tokensource.Transport(w))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Token(t.Context(), orders); err != nil {
		t.Error(err)
	}
}

func TestSecretStyle(t *testing.T) {
	const basic, post, key = "client_secret_basic", "client_secret_post", "private_key_jwt"
	option := func(o tokensource.OAuthOption) []tokensource.OAuthOption { return []tokensource.OAuthOption{o} }
	for _, row := range []struct {
		methods []string
		opts    []tokensource.OAuthOption
		post    bool
	}{
		{nil, nil, false},
		{[]string{basic}, nil, false},
		{[]string{post}, nil, true},
		{[]string{key, post}, nil, true},
		{[]string{post, basic}, nil, false},
		{[]string{post}, option(tokensource.SecretInHeader()), false},
		{[]string{basic}, option(tokensource.SecretInForm()), true},
		{nil, append(option(tokensource.SecretInForm()), tokensource.TokenURL(issuer+"/token")), true},
		{nil, []tokensource.OAuthOption{tokensource.TokenURL(issuer + "/token")}, false},
	} {
		w := &wire{discovery: reply(200, document(issuer, issuer+"/token", row.methods...))}
		s := newSource(t, w, row.opts...)
		w.answer(always(reply(401, `{"error":"invalid_client"}`)))
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrRefused) {
			t.Errorf("%v: got %v, want ErrRefused", row.methods, err)
		}
		r, form := w.last()
		_, _, inHeader := r.BasicAuth()
		if inForm := form.Get("client_secret") == secret && form.Get("client_id") == client; inForm != row.post || inHeader == row.post {
			t.Errorf("%v: in the form %v, in the header %v, want post = %v", row.methods, inForm, inHeader, row.post)
		}
		if w.count() != 1 {
			t.Errorf("%v: got %d requests, want no probing", row.methods, w.count())
		}
	}
}

// TestSecretIsNotSentToAnIssuerThatWantsAnotherProof shows that the client sends its
// proof only if the issuer lists its way of authentication, or lists none.
func TestSecretIsNotSentToAnIssuerThatWantsAnotherProof(t *testing.T) {
	key := clientauth.PrivateKeyJWT(client, testutil.NewKey("ES256").Private().(crypto.Signer))
	for _, row := range []struct {
		auth    tokensource.ClientAuth
		methods []string
		good    bool
	}{
		{tokensource.ClientCredentials(client, secret), []string{"private_key_jwt", "none"}, false},
		{tokensource.ClientSecretFile(client, "f"), []string{"private_key_jwt"}, false},
		{key, []string{"client_secret_basic"}, false},
		{key, []string{"client_secret_basic", "private_key_jwt"}, true},
		{key, nil, true},
		{clientauth.AssertionFile(client, "f"), []string{"client_secret_basic"}, false},
	} {
		w := &wire{discovery: reply(200, document(issuer, issuer+"/token", row.methods...))}
		_, err := open(t, row.auth, w).Token(t.Context(), orders)
		if row.good != (err == nil) || (w.count() == 1) != row.good {
			t.Errorf("%T, %q: got %v after %d requests, want good = %v", row.auth, row.methods, err, w.count(), row.good)
		}
		if !row.good && (!errors.Is(err, tokensource.ErrRefused) || !strings.Contains(err.Error(), row.methods[0])) {
			t.Errorf("%T: got %v, want ErrRefused with both lists", row.auth, err)
		}
	}
}

func TestTokenURLSkipsDiscovery(t *testing.T) {
	w := &wire{}
	s := newSource(t, w, tokensource.TokenURL("https://login.example.com/oauth2/v1/token?tenant=a"))
	if _, err := s.Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	if r, _ := w.last(); r.URL.String() != "https://login.example.com/oauth2/v1/token?tenant=a" || w.found != 0 {
		t.Errorf("asked %v, and discovery %d times", r.URL, w.found)
	}
}

// TestDiscoveryFailureCountsOnce shows that a token which waited for discovery has no
// back-off of its own on top.
func TestDiscoveryFailureCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{discovery: reply(503, "")}
		s := newSource(t, w)
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", err)
		}
		w.discovery = nil
		time.Sleep(1200 * time.Millisecond)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Errorf("1.2 s after the failure: %v", err)
		}
	})
}

// TestDiscoveryIsShared shows that all audiences share the endpoint and its failures,
// and that an endpoint survives an outage of discovery.
func TestDiscoveryIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{discovery: reply(503, "", "Retry-After", "20")}
		s := newSource(t, w)
		for _, audience := range []string{"a", "b", "c", "a"} {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", audience, err)
			}
		}
		if w.found != 1 {
			t.Errorf("asked discovery %d times, want 1", w.found)
		}
		w.discovery = nil
		time.Sleep(20 * time.Second)
		for _, audience := range []string{"a", "b", "c"} {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); err != nil {
				t.Errorf("%s: %v", audience, err)
			}
		}
		w.discovery = reply(503, "")
		for range 24 {
			time.Sleep(time.Hour)
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a"}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if w.found < 20 || w.found > 27 {
			t.Errorf("asked discovery %d times in a day", w.found)
		}
	})
}

// TestEndpointsOnLoopback shows that InsecureLoopback allows plain http to an issuer on
// loopback, and nothing else.
func TestEndpointsOnLoopback(t *testing.T) {
	for _, row := range []struct {
		issuer, endpoint string
		opts             []tokensource.OAuthOption
		want             string // in the error; empty: it is asked
	}{
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/token", []tokensource.OAuthOption{tokensource.InsecureHTTP()}, ""},
		{"https://127.0.0.1:8080", "http://127.0.0.1:8080/token", []tokensource.OAuthOption{tokensource.InsecureHTTP()}, "is not on https://127.0.0.1:8080"},
		{"https://localhost", "ftp://localhost/token", []tokensource.OAuthOption{tokensource.InsecureHTTP()}, "is not on https://localhost"},
		{"https://localhost", "ftp://localhost/token", nil, "is not on https://localhost"},
		{"https://localhost", "http://localhost/token", nil, "is not on https://localhost"},
		{"https://idp.example.com", "http://idp.example.com/token", nil, "is not on https://idp.example.com"},
	} {
		w := &wire{discovery: reply(200, document(row.issuer, row.endpoint))}
		s, err := tokensource.New(row.issuer, tokensource.ClientCredentials(client, secret), append(row.opts, tokensource.Transport(w), silent)...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Token(t.Context(), orders); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s at %s: got %v, want an error that says %q", row.endpoint, row.issuer, err, row.want)
		}
		s.Close()
	}
}

// TestMissingDocumentHintsAtTheIssuer shows the advice for the usual mistake: an issuer
// that is not exactly the one in the tokens.
func TestMissingDocumentHintsAtTheIssuer(t *testing.T) {
	for status, want := range map[int]bool{404: true, 500: false} {
		_, err := newSource(t, &wire{discovery: reply(status, "")}).Token(t.Context(), orders)
		if err == nil || strings.Contains(err.Error(), "exactly what tokens have in iss") != want {
			t.Errorf("%d: got %v, want a hint: %v", status, err, want)
		}
	}
}
