package interceptor_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// fault is an error in what an issuer publishes, or on the way from it to the server.
type fault struct {
	name     string
	endpoint testutil.Endpoint
	answer   http.Handler
}

// unasked is longer than what an endpoint says is used without asking again.
var unasked = map[testutil.Endpoint]time.Duration{testutil.JWKS: 10 * time.Minute, testutil.Discovery: 70 * time.Minute}

// runFaults has each fault be there when the server starts, and come when it
// has the keys. At first nobody is let in, and nobody is turned away as a
// forger; later the old keys are kept. Both end with the fault.
func runFaults(t *testing.T, faults []fault) {
	t.Helper()
	for _, row := range faults {
		for shape, call := range shapes {
			t.Run(row.name+", at first/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newTestbed(t, nil)
					a.Fault(row.endpoint, row.answer)
					logged := len(a.log.String())
					err := call(bearing(t.Context(), token(nil)(a)...), a.conn)
					a.ruled(t, keysUnavailable, err, a.log.String()[logged:])
					a.heals(t, row.endpoint, call)
				})
			})
			t.Run(row.name+", later/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newTestbed(t, nil)
					a.admits(t, "before", call)
					a.Fault(row.endpoint, row.answer)
					asked := a.Requests(row.endpoint)
					time.Sleep(unasked[row.endpoint])
					if a.Requests(row.endpoint) == asked {
						t.Error("nobody met the fault")
					}
					a.admits(t, "during", call)
					a.heals(t, row.endpoint, call)
				})
			})
		}
	}
}

// heals ends a fault, and has nobody have been asked elsewhere because of it.
func (a *testbed) heals(t *testing.T, endpoint testutil.Endpoint, call shape) {
	t.Helper()
	if got := a.wire.elsewhere(); len(got) > 0 {
		t.Errorf("requests to %q", got)
	}
	a.Fault(endpoint, nil)
	time.Sleep(time.Minute)
	a.admits(t, "after", call)
}

// published is a document that says this.
func published(issuer, jwks string) http.Handler {
	return testutil.RespondBody("application/json", string(encoded(map[string]any{"issuer": issuer, "jwks_uri": jwks})))
}

func TestMetadataOfAnotherIssuerIsRefused(t *testing.T) {
	faults := []fault{{"plain http/keys by plain http", testutil.Discovery, published(corp, strings.Replace(corp, "https", "http", 1)+"/jwks")}}
	for name, issuer := range map[string]string{
		"slash more": corp + "/", "slash twice": strings.Replace(corp, "/realms", "//realms", 1), "without path": "https://idp.example.com",
		"other path": corp + "-staging", "other case": strings.ToUpper(corp), "stranger": strangerURL, "empty": "",
	} {
		faults = append(faults, fault{"metadata of another issuer/" + name, testutil.Discovery, published(issuer, corp+"/jwks")})
	}
	for name, document := range map[string]string{
		"no issuer": `{"jwks_uri":"` + corp + `/jwks"}`, "no keys": `{"issuer":"` + corp + `"}`, "Issuer": `{"Issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`,
		"issuer twice": `{"issuer":"` + strangerURL + `","issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`, "HTML": "<html>", "null": "null", "nothing": "",
	} {
		faults = append(faults, fault{"metadata of another issuer/" + name, testutil.Discovery, testutil.RespondBody("application/json", document)})
	}
	runFaults(t, faults)
}

// TestIssuerOfUnsafeURLIsRefused shows that no policy can be made with an unsafe URL
// of an issuer. A slash at the end is part of the URL. The test needs no connection.
func TestIssuerOfUnsafeURLIsRefused(t *testing.T) {
	for name, url := range map[string]string{
		"plain http/plain http": "http://idp.example.com/realms/corp", "plain http/loopback, unasked": "http://127.0.0.1:8080", "metadata of another issuer/query": corp + "?x", "metadata of another issuer/fragment": corp + "#x",
		"metadata of another issuer/user": "https://user@idp.example.com", "metadata of another issuer/no host": "https:///realms", "metadata of another issuer/file": "file:///etc/passwd", "metadata of another issuer/none": "", "metadata of another issuer/space": corp + " ",
	} {
		t.Run(name, func(t *testing.T) {
			a := testbed{matrix: attacked()}
			issuing(func(i *access.Issuer) { i.URL = url })(&a)
			if _, err := access.New(a.matrix); err == nil {
				t.Errorf("access.New(issuer %q) succeeded", url)
			}
		})
	}
	slash := func(a *testbed) { a.url = corp + "/" }
	run(t, []attack{
		{"metadata of another issuer/slash on both sides", slash, token(nil), admitted, 0},
		{"metadata of another issuer/slash in the policy alone", slash, token(testutil.Claims{"iss": corp}), issuerUnknown, 0},
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var faults []fault
	for _, endpoint := range []testutil.Endpoint{testutil.Discovery, testutil.JWKS} {
		for name, target := range map[string]string{
			"same host": corp + "/keys", "other host": strangerURL + string(endpoint), "plain http": strings.Replace(corp, "https", "http", 1) + string(endpoint),
			"itself": corp + string(endpoint),
		} {
			faults = append(faults, fault{fmt.Sprintf("redirect/%s, to %s", endpoint[1:], name), endpoint, testutil.RespondRedirect(target)})
		}
		for _, code := range []int{301, 303, 307, 308} {
			faults = append(faults, fault{fmt.Sprintf("redirect/%s, %d", endpoint[1:], code), endpoint, http.RedirectHandler(strangerURL+string(endpoint), code)})
		}
		set := string(jwks(ownKey.JWK()))
		faults = append(faults, fault{fmt.Sprintf("redirect/%s, 307 with keys", endpoint[1:]), endpoint, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", strangerURL+string(endpoint))
			w.WriteHeader(http.StatusTemporaryRedirect)
			io.WriteString(w, set)
		})})
	}
	runFaults(t, faults)
}

// TestAddressesOfTheMachineAreNotAsked shows that an issuer cannot make the server
// send requests to addresses that only the server can reach.
func TestAddressesOfTheMachineAreNotAsked(t *testing.T) {
	var faults []fault
	for _, address := range []string{
		"https://169.254.169.254/latest/meta-data", "https://127.0.0.1/jwks", "https://[::1]/jwks", "https://localhost/jwks",
		"https://idp.example.com.stranger.example/jwks", "https://idp.example.com@login.stranger.example/jwks", "https://idp.example.com:8443/jwks",
		strangerURL + "/jwks", "file:///etc/passwd", "/realms/corp/jwks", "//login.stranger.example/jwks", "jwks", "",
	} {
		faults = append(faults, fault{"address of the machine/" + strings.ReplaceAll(address, "/", "_") + "'", testutil.Discovery, published(corp, address)})
	}
	runFaults(t, faults)
}

func TestBadKeyDocumentsMakeNoTokenValid(t *testing.T) {
	set := string(jwks(ownKey.JWK()))
	many := func(count int) string {
		keys := make([]any, count)
		for n := range keys {
			keys[n] = changed(ownKey, "kid", fmt.Sprint(n))
		}
		return string(jwks(keys...))
	}
	faults := []fault{
		{"endless or large document/100 MiB", testutil.JWKS, behind(100, set)},
		{"endless or large document/100 MiB of metadata", testutil.Discovery, behind(100, string(encoded(map[string]any{"issuer": corp, "jwks_uri": corp + "/jwks"})))},
		{"endless or large document/a byte a second", testutil.JWKS, testutil.RespondSlowly(set, time.Second)},
		{"endless or large document/without end", testutil.JWKS, testutil.RespondSlowly(strings.Repeat(" ", 1<<20), 100*time.Millisecond)},
		{"endless or large document/silence", testutil.JWKS, testutil.RespondNever()},
		{"endless or large document/half of it", testutil.JWKS, testutil.RespondBody("application/json", set[:len(set)/2])},
		{"document without keys/503", testutil.JWKS, testutil.RespondStatus(http.StatusServiceUnavailable)},
		{"document without keys/404", testutil.JWKS, testutil.RespondStatus(http.StatusNotFound)},
		{"document without keys/204", testutil.JWKS, testutil.RespondStatus(http.StatusNoContent)},
		{"document without keys/10 000 keys", testutil.JWKS, testutil.RespondBody("application/json", many(10_000))},
		{"document without keys/1 000 keys", testutil.JWKS, testutil.RespondBody("application/json", many(1_000))},
	}
	for name, document := range map[string]string{
		"HTML": "<html><body>Sign in</body></html>", "keys null": `{"keys":null}`, "no keys": `{}`, "none": `{"keys":[]}`, "nothing": "", "array": "[" + set + "]",
		"Keys": strings.Replace(set, `"keys"`, `"Keys"`, 1), "object": `{"keys":{"0":1}}`, "of no use": `{"keys":[{"kty":"oct","k":"AAAA"},42]}`,
	} {
		faults = append(faults, fault{"document without keys/" + name, testutil.JWKS, testutil.RespondBody("application/json", document)})
	}
	runFaults(t, faults)
}

// behind answers with so many MiB of white space, and what is asked for behind
// it: who reads it all finds nothing wrong.
func behind(megabytes int, document string) http.Handler {
	space := bytes.Repeat([]byte{' '}, 1<<20)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range megabytes {
			if _, err := w.Write(space); err != nil {
				return
			}
		}
		io.WriteString(w, document)
	})
}

// TestRotatedKeysAreFollowed shows that a key which the issuer removes is no longer
// accepted, and that another key under its name is.
func TestRotatedKeysAreFollowed(t *testing.T) {
	next, again := testutil.NewKey("ES256").As("2", "ES256"), testutil.NewKey("ES256").As("1", "ES256")
	since := func(key *testutil.Key, wait time.Duration, by *testutil.Key) func(*testbed) []string {
		return func(a *testbed) []string {
			a.Use(key)
			a.Retire()
			time.Sleep(wait)
			return token(nil, testutil.SignedBy(by))(a)
		}
	}
	run(t, []attack{
		{"new key/by the new key, at once", nil, since(next, 0, next), admitted, 1},
		{"new key/by the key that is gone", nil, since(next, 5*time.Minute, ownKey), keyUnknown, 1},
		{"new key of an old name/by the new key of the name, at once", nil, since(again, 0, again), admitted, 1},
		{"new key of an old name/by the new key of the name", nil, since(again, 5*time.Minute, again), admitted, 0},
		{"new key of an old name/by the old key of the name", nil, since(again, 5*time.Minute, ownKey), signatureInvalid, 1},
	})
}
