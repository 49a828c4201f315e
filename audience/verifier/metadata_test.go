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

// recorder forwards requests and records their addresses. It answers 404 to paths
// that end in misses.
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

// TestKeysAreFoundByDiscovery shows where an issuer is asked for its keys.
func TestKeysAreFoundByDiscovery(t *testing.T) {
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

// TestMetadataOfAnotherIssuerOrHostIsRefused shows that keys are fetched only if
// the metadata names the configured issuer, and an address on its own host.
func TestMetadataOfAnotherIssuerOrHostIsRefused(t *testing.T) {
	const wrong = audience.CauseKeysUnavailable
	for name, row := range map[string]struct {
		issuer, document, jwks string
		cause                  audience.Cause
	}{
		"the same":                        {corp, corp, corp + "/jwks", ""},
		"a query":                         {corp, corp, corp + "/jwks?v=1", ""},
		"slash in the document":           {corp, corp + "/", corp + "/jwks", wrong},
		"slash in the configuration":      {corp + "/", corp, corp + "/jwks", wrong},
		"slash in both":                   {corp + "/", corp + "/", corp + "/jwks", ""},
		"another case":                    {corp, "https://IDP.example.com/realms/corp", corp + "/jwks", wrong},
		"no issuer":                       {corp, "", corp + "/jwks", wrong},
		"keys by plain http":              {corp, corp, "http://idp.example.com/realms/corp/jwks", wrong},
		"keys at the cloud's own address": {corp, corp, "https://169.254.169.254/jwks", wrong},
		"keys on loopback":                {corp, corp, "https://127.0.0.1/jwks", wrong},
		"keys on loopback, IPv6":          {corp, corp, "https://[::1]/jwks", wrong},
		"keys on another name":            {corp, corp, "https://localhost.example.com/jwks", wrong},
		"keys on another port":            {corp, corp, "https://idp.example.com:8443/jwks", wrong},
		"keys in a file":                  {corp, corp, "file:///etc/passwd", wrong},
		"keys by a relative address":      {corp, corp, "/jwks", wrong},
		"keys with a user":                {corp, corp, "https://idp.example.com@evil.example/jwks", wrong},
		"keys with a user, our host":      {corp, corp, "https://user@idp.example.com/realms/corp/jwks", wrong},
		"no keys":                         {corp, corp, "", wrong},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				issuer.Fault(testutil.Discovery, testutil.RespondBody("application/json", encode(t, map[string]any{"issuer": row.document, "jwks_uri": row.jwks})))
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

// TestKeysAreOnTheHostOfDiscovery shows that keys come from the host of the
// configured metadata address, which need not be the host of the issuer.
func TestKeysAreOnTheHostOfDiscovery(t *testing.T) {
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

// TestMetadataIsReadStrictly shows that a member counts only under its exact name,
// once, and as a string.
func TestMetadataIsReadStrictly(t *testing.T) {
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

// TestIssuerOfTokenIsNotAsked shows that the issuer in a token causes no request
// unless it is configured.
func TestIssuerOfTokenIsNotAsked(t *testing.T) {
	ours, theirs := newIssuer(), testutil.NewIssuer("https://evil.example")
	wire := &recorder{next: ours.Transport(theirs)}
	v := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(wire))
	for _, iss := range []any{"https://evil.example", corp + "/", "https://idp.example.com@evil.example/realms/corp", []string{corp}, nil} {
		_, err := v.Verify(t.Context(), theirs.Mint(testutil.Claims{"iss": iss, "aud": "order-status"}))
		want(t, "token", err, audience.CauseIssuerUnknown)
	}
	if len(wire.urls) != 0 {
		t.Errorf("asked %q, want no request", wire.urls)
	}
}
