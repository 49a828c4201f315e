package verifier_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestHostileDocumentsAreRefused shows that after a bad answer of an issuer the old
// keys are used, and that no token is refused for it.
func TestHostileDocumentsAreRefused(t *testing.T) {
	page := func(body string) http.Handler { return testutil.RespondBody("application/json", body) }
	for name, row := range map[string]struct {
		endpoint testutil.Endpoint
		answer   http.Handler
	}{
		"discovery redirects to itself":         {testutil.Discovery, testutil.RespondRedirect(corp + "/.well-known/openid-configuration")},
		"discovery redirects to the keys":       {testutil.Discovery, testutil.RespondRedirect(corp + "/jwks")},
		"keys redirect":                         {testutil.JWKS, testutil.RespondRedirect(corp + "/jwks")},
		"keys redirect to another host":         {testutil.JWKS, testutil.RespondRedirect("https://evil.example/jwks")},
		"keys redirect to plain http":           {testutil.JWKS, testutil.RespondRedirect("http://idp.example.com/realms/corp/jwks")},
		"keys redirect with 307":                {testutil.JWKS, http.RedirectHandler(corp+"/jwks", http.StatusTemporaryRedirect)},
		"too large":                             {testutil.JWKS, page(string(jwks(t, testutil.NewKey("ES256").JWK())) + strings.Repeat(" ", 1<<20))},
		"discovery is too large":                {testutil.Discovery, page(strings.Repeat(" ", 1<<20+1))},
		"one byte a second":                     {testutil.JWKS, testutil.RespondSlowly(strings.Repeat(" ", 100), time.Second)},
		"discovery, one byte a second":          {testutil.Discovery, testutil.RespondSlowly(strings.Repeat(" ", 100), time.Second)},
		"keys are HTML":                         {testutil.JWKS, testutil.RespondBody("text/html", "<html>")},
		"keys are null":                         {testutil.JWKS, page(`{"keys":null}`)},
		"keys is an empty list":                 {testutil.JWKS, page(`{"keys":[]}`)},
		"keys is an object":                     {testutil.JWKS, page(`{"keys":{}}`)},
		"Keys":                                  {testutil.JWKS, page(`{"Keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)},
		"no keys":                               {testutil.JWKS, page(`{}`)},
		"a list":                                {testutil.JWKS, page(`[]`)},
		"empty":                                 {testutil.JWKS, page(``)},
		"half":                                  {testutil.JWKS, page(`{"keys":[`)},
		"too many keys":                         {testutil.JWKS, page(`{"keys":[` + strings.Repeat(`{},`, 10_000) + `{}]}`)},
		"one key too many":                      {testutil.JWKS, page(`{"keys":[` + strings.Repeat(`{},`, 100) + encode(t, testutil.NewKey("ES256").JWK()) + `]}`)},
		"discovery is HTML":                     {testutil.Discovery, testutil.RespondBody("text/html", "<html>")},
		"discovery says its issuer twice":       {testutil.Discovery, page(`{"issuer":"https://evil.example","issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`)},
		"500":                                   {testutil.JWKS, testutil.RespondStatus(500)},
		"204":                                   {testutil.JWKS, testutil.RespondStatus(204)},
		"discovery is not there, in two places": {testutil.Discovery, testutil.RespondStatus(404)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				issuer.Fault(row.endpoint, row.answer)
				cold := newVerifier(t, issuer)
				_, err := cold.Verify(t.Context(), mint(issuer))
				want(t, "cold", err, audience.CauseKeysUnavailable)

				issuer.Fault(row.endpoint, nil)
				warm := newVerifier(t, issuer)
				_, err = warm.Verify(t.Context(), mint(issuer))
				want(t, "warm", err, "")
				issuer.Fault(row.endpoint, row.answer)
				time.Sleep(10 * time.Minute)
				_, err = warm.Verify(t.Context(), mint(issuer))
				want(t, "warm, ten minutes later", err, "")
			})
		})
	}
}

// TestAgeOfKeysIsBounded shows how long keys are used before they are fetched again.
func TestAgeOfKeysIsBounded(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for name, row := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"none":            {"X-Nothing", "", 15 * time.Minute},
		"max-age":         {"Cache-Control", `public, Max-Age="600"`, 10 * time.Minute},
		"max-age of 0":    {"Cache-Control", "max-age=0", time.Minute},
		"max-age, a year": {"Cache-Control", "max-age=31536000", time.Hour},
		"max-age of 59":   {"Cache-Control", "max-age=59", time.Minute},
		"max-age of 61":   {"Cache-Control", "max-age=61", 61 * time.Second},
		"max-age of 3599": {"Cache-Control", "max-age=3599, public", 3599 * time.Second},
		"max-age of 3601": {"Cache-Control", "max-age=3601", time.Hour},
		"huge max-age":    {"Cache-Control", "max-age=9223372037", 15 * time.Minute}, // more than a Duration holds
		"max-age of text": {"Cache-Control", "max-age=soon", 15 * time.Minute},
		"s-maxage":        {"Cache-Control", "s-maxage=600", 15 * time.Minute},
		"no-store":        {"Cache-Control", "no-store", 15 * time.Minute},
		"no max-age":      {"Cache-Control", "max-age=-1", 15 * time.Minute},
		"expires":         {"Expires", "600", 10 * time.Minute},
		"expires at once": {"Expires", "0", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				if seconds, err := time.ParseDuration(row.value + "s"); row.header == "Expires" && err == nil {
					row.value = in(seconds)
				}
				set := jwks(t, testutil.NewKey("ES256").JWK())
				issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set(row.header, row.value)
					w.Write(set)
				}))
				v := newVerifier(t, issuer)
				if err := v.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				// The next fetch comes when 4/5 have passed, a tenth sooner or later.
				time.Sleep(row.want * 71 / 100)
				if n := issuer.Requests(testutil.JWKS); n != 1 {
					t.Errorf("%d fetches before %v, want 1", n, row.want)
				}
				time.Sleep(row.want * 18 / 100)
				if n := issuer.Requests(testutil.JWKS); n != 2 {
					t.Errorf("%d fetches after %v, want 2", n, row.want)
				}
			})
		})
	}
}

// TestIssuerMayMoveItsKeys shows that an issuer may move its keys.
func TestIssuerMayMoveItsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Minute)
		if n := issuer.Requests(testutil.Discovery); n != 2 {
			t.Errorf("%d discoveries in 90 minutes, want 2", n)
		}
		issuer.Fault(testutil.JWKS, testutil.RespondStatus(404))
		time.Sleep(10 * time.Minute)
		if n := issuer.Requests(testutil.Discovery); n < 4 {
			t.Errorf("%d discoveries when the keys are gone, want more", n)
		}
	})
}

// bomb answers with a few bytes that unpack to many.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	page := make([]byte, 1<<20)
	for range 16 {
		z.Write(page)
	}
	z.Close()
}

// TestTLSOfIssuers shows what only a real connection can show: the certificate and
// compression.
func TestTLSOfIssuers(t *testing.T) {
	authority := testutil.NewCA()
	good := authority.Certificate("idp.example.com")
	for name, row := range map[string]struct {
		certificate tls.Certificate
		bomb        bool
		cause       audience.Cause
	}{
		"good":              {good, false, ""},
		"another authority": {testutil.NewCA().Certificate("idp.example.com"), false, audience.CauseKeysUnavailable},
		"another host":      {authority.Certificate("evil.example"), false, audience.CauseKeysUnavailable},
		"gzip bomb":         {good, true, audience.CauseKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			if row.bomb {
				issuer.Fault(testutil.JWKS, http.HandlerFunc(bomb))
			}
			stop, base, err := issuer.Listen("127.0.0.1:0", &row.certificate)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stop)
			transport := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: authority.Pool()},
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(base, "https://"))
				},
			}
			t.Cleanup(transport.CloseIdleConnections)
			v := verifierOf(t, []access.Issuer{{URL: corp}}, verifier.Transport(transport))
			_, err = v.Verify(t.Context(), mint(issuer))
			want(t, "token", err, row.cause)
		})
	}
}

// TestTLSBeforeVersion12IsRefused shows that the verifier's own transport speaks no TLS
// before 1.2.
func TestTLSBeforeVersion12IsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	err := verifierOf(t, []access.Issuer{{URL: server.URL}}).Ready(t.Context())
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("Ready = %v, want the protocol version refused", err)
	}
}
