package verifier_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestLocations(t *testing.T) {
	const openid, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	for issuer, want := range map[string][]string{
		"https://i.example":      {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example/":     {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example//":    {"https://i.example" + openid, "https://i.example" + oauth},
		"https://i.example/a/b":  {"https://i.example/a/b" + openid, "https://i.example" + oauth + "/a/b"},
		"https://i.example/a/":   {"https://i.example/a" + openid, "https://i.example" + oauth + "/a"},
		"http://127.0.0.1:8080":  {"http://127.0.0.1:8080" + openid, "http://127.0.0.1:8080" + oauth},
		"http://[::1]:8080/corp": {"http://[::1]:8080/corp" + openid, "http://[::1]:8080" + oauth + "/corp"},
	} {
		if got := verifier.Locations(access.Issuer{URL: issuer}); !slices.Equal(got, want) {
			t.Errorf("locations(%q) = %q, want %q", issuer, got, want)
		}
	}
}

// recorder passes requests on, and keeps their addresses. Those that it is told
// to miss are answered 404.
type recorder struct {
	next   http.RoundTripper
	misses string

	mu   sync.Mutex // guards urls
	urls []string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.urls = append(r.urls, request.URL.String())
	if r.misses != "" && strings.HasSuffix(request.URL.Path, r.misses) {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: request}, nil
	}
	return r.next.RoundTrip(request)
}

// TestDiscovery holds where an issuer is asked for its keys.
func TestDiscovery(t *testing.T) {
	const elsewhere = "https://inside.example/realms/corp"
	for name, row := range map[string]struct {
		config access.Issuer
		misses string
		want   []string
	}{
		"OpenID": {
			access.Issuer{},
			"",
			[]string{corp + "/.well-known/openid-configuration", corp + "/jwks"},
		},
		"RFC 8414, where there is no OpenID document": {
			access.Issuer{},
			"/openid-configuration",
			[]string{corp + "/.well-known/openid-configuration", "https://idp.example.com/.well-known/oauth-authorization-server/realms/corp", corp + "/jwks"},
		},
		"jwks alone": {access.Issuer{JWKS: corp + "/jwks"}, "", []string{corp + "/jwks"}},
		"discovery elsewhere, with keys where it says": {
			access.Issuer{Discovery: "https://idp.example.com/.well-known/oauth-authorization-server/realms/corp"},
			"",
			[]string{"https://idp.example.com/.well-known/oauth-authorization-server/realms/corp", corp + "/jwks"},
		},
		"jwks by another name": {access.Issuer{JWKS: elsewhere + "/jwks"}, "", []string{elsewhere + "/jwks"}},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			inside := issuer.Transport()
			wire := &recorder{misses: row.misses, next: roundTripper(func(r *http.Request) (*http.Response, error) {
				r.URL.Host = "idp.example.com" // one server with two names
				return inside.RoundTrip(r)
			})}
			row.config.URL = corp
			v := verifierOf(t, []access.Issuer{row.config}, verifier.Transport(wire))
			_, err := v.Verify(t.Context(), mint(issuer))
			want(t, "token", err, "")
			if !slices.Equal(wire.urls, row.want) {
				t.Errorf("asked %q, want %q", wire.urls, row.want)
			}
		})
	}
}

// TestMetadata holds that a document which names another issuer, or an address
// on another host, is no document.
func TestMetadata(t *testing.T) {
	const wrong = audience.CauseKeysUnavailable
	for name, row := range map[string]struct {
		issuer, document, jwks string
		cause                  audience.Cause
	}{
		"the same":                            {corp, corp, corp + "/jwks", ""},
		"a query":                             {corp, corp, corp + "/jwks?v=1", ""},
		"T80/slash in the document":           {corp, corp + "/", corp + "/jwks", wrong},
		"T80/slash in the configuration":      {corp + "/", corp, corp + "/jwks", wrong},
		"T80/slash in both":                   {corp + "/", corp + "/", corp + "/jwks", ""},
		"T80/another case":                    {corp, "https://IDP.example.com/realms/corp", corp + "/jwks", wrong},
		"T80/no issuer":                       {corp, "", corp + "/jwks", wrong},
		"T81/keys by plain http":              {corp, corp, "http://idp.example.com/realms/corp/jwks", wrong},
		"T83/keys at the cloud's own address": {corp, corp, "https://169.254.169.254/jwks", wrong},
		"T83/keys on loopback":                {corp, corp, "https://127.0.0.1/jwks", wrong},
		"T83/keys on loopback, IPv6":          {corp, corp, "https://[::1]/jwks", wrong},
		"T83/keys on another name":            {corp, corp, "https://localhost.example.com/jwks", wrong},
		"T83/keys on another port":            {corp, corp, "https://idp.example.com:8443/jwks", wrong},
		"T83/keys in a file":                  {corp, corp, "file:///etc/passwd", wrong},
		"T83/keys by a relative address":      {corp, corp, "/jwks", wrong},
		"T83/keys with a user":                {corp, corp, "https://idp.example.com@evil.example/jwks", wrong},
		"T83/keys with a user, our host":      {corp, corp, "https://user@idp.example.com/realms/corp/jwks", wrong},
		"T83/no keys":                         {corp, corp, "", wrong},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				issuer.Fault(testutil.Discovery, testutil.Body("application/json", encode(t, map[string]any{"issuer": row.document, "jwks_uri": row.jwks})))
				wire := &recorder{next: issuer.Transport()}
				v := verifierOf(t, []access.Issuer{{URL: row.issuer}}, verifier.Transport(wire))
				token := issuer.Mint(testutil.Claims{"iss": row.issuer, "aud": "order-status", "sub": "alice", "client_id": "customer-portal"})
				_, err := v.Verify(t.Context(), token)
				want(t, "token", err, row.cause)
				for _, address := range wire.urls {
					if u, _ := url.Parse(address); u.Host != "idp.example.com" || u.Scheme != "https" {
						t.Errorf("asked %s", address)
					}
				}
			})
		})
	}
}

// documents answers with keys where the address ends in /jwks, else with metadata.
func documents(metadata string, keys []byte) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		body := metadata
		if strings.HasSuffix(r.URL.Path, "/jwks") {
			body = string(keys)
		}
		return answer(r, http.StatusOK, strings.NewReader(body)), nil
	})
}

// TestMetadataElsewhere holds that the keys are where the configured metadata
// is, which need not be where the issuer's name points to.
func TestMetadataElsewhere(t *testing.T) {
	const elsewhere = "https://inside.example:8443"
	issuer := newIssuer()
	keys := jwks(t, issuer.Rotate("ES256").JWK())
	for address, cause := range map[string]audience.Cause{elsewhere + "/jwks": "", corp + "/jwks": audience.CauseKeysUnavailable} {
		document := encode(t, map[string]any{"issuer": corp, "jwks_uri": address})
		wire := &recorder{next: documents(document, keys)}
		v := verifierOf(t, []access.Issuer{{URL: corp, Discovery: elsewhere + "/meta"}}, verifier.Transport(wire))
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "keys at "+address, err, cause)
		if wire.urls[0] != elsewhere+"/meta" || len(wire.urls) > 1 && wire.urls[1] != elsewhere+"/jwks" {
			t.Errorf("asked %q", wire.urls)
		}
	}
}

// TestMetadataSpelling holds that a member is found by its very name, and is a
// string; the keys would be there.
func TestMetadataSpelling(t *testing.T) {
	issuer := newIssuer()
	keys := jwks(t, issuer.Rotate("ES256").JWK())
	for document, cause := range map[string]audience.Cause{
		`{"issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`:              "",
		`{"issuer":"` + corp + `","jwks_uri":1}`:                                audience.CauseKeysUnavailable,
		`{"issuer":"` + corp + `","JWKS_URI":"` + corp + `/jwks"}`:              audience.CauseKeysUnavailable,
		`{"Issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`:              audience.CauseKeysUnavailable,
		`{"issuer":["` + corp + `"],"jwks_uri":"` + corp + `/jwks"}`:            audience.CauseKeysUnavailable,
		`{"issuer":"x","issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`: audience.CauseKeysUnavailable,
		`{"jwks_uri":"` + corp + `/jwks"}`:                                      audience.CauseKeysUnavailable,
	} {
		v := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(documents(document, keys)))
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, document, err, cause)
	}
}

// TestUnknownIssuer holds that nobody is asked because a token says so.
func TestUnknownIssuer(t *testing.T) {
	ours, theirs := newIssuer(), testutil.NewIssuer("https://evil.example")
	wire := &recorder{next: ours.Transport(theirs)}
	v := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(wire))
	for _, iss := range []any{"https://evil.example", corp + "/", "https://idp.example.com@evil.example/realms/corp", []string{corp}, nil} {
		_, err := v.Verify(t.Context(), theirs.Mint(testutil.Claims{"iss": iss, "aud": "order-status"}))
		want(t, "T84", err, audience.CauseIssuerUnknown)
	}
	if len(wire.urls) != 0 {
		t.Errorf("asked %q, want nobody", wire.urls)
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`))
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"https://idp.example.com:443/jwks"}`))
	f.Add([]byte(`{"issuer":"` + corp + `","jwks_uri":"https://idp.example.com\\@evil.example/jwks"}`))
	f.Add([]byte(`{"issuer":["` + corp + `"],"Issuer":"` + corp + `","jwks_uri":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		address, err := verifier.CheckEndpoint(data, corp, corp+"/.well-known/openid-configuration", "jwks_uri")
		if err != nil {
			return
		}
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil || request.URL.Scheme != "https" || request.URL.Host != "idp.example.com" || request.URL.User != nil {
			t.Errorf("endpoint = %q, want it on the host of the document", address)
		}
	})
}
