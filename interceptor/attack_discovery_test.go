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

// fault is something wrong with what an issuer publishes, or with what stands
// between it and us.
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
					a := newArena(t, nil)
					a.Fault(row.endpoint, row.answer)
					logged := len(a.log.String())
					err := call(bearing(t.Context(), token(nil)(a)...), a.conn)
					a.ruled(t, keysUnavailable, err, a.log.String()[logged:])
					a.heals(t, row.endpoint, call)
				})
			})
			t.Run(row.name+", later/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newArena(t, nil)
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
func (a *arena) heals(t *testing.T, endpoint testutil.Endpoint, call shape) {
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

func TestT80_T81_Metadata(t *testing.T) {
	faults := []fault{{"T81/keys by plain http", testutil.Discovery, published(corp, strings.Replace(corp, "https", "http", 1)+"/jwks")}}
	for name, issuer := range map[string]string{
		"slash more": corp + "/", "slash twice": strings.Replace(corp, "/realms", "//realms", 1), "without path": "https://idp.example.com",
		"other path": corp + "-staging", "other case": strings.ToUpper(corp), "stranger": strangerURL, "empty": "",
	} {
		faults = append(faults, fault{"T80/" + name, testutil.Discovery, published(issuer, corp+"/jwks")})
	}
	for name, document := range map[string]string{
		"no issuer": `{"jwks_uri":"` + corp + `/jwks"}`, "no keys": `{"issuer":"` + corp + `"}`, "Issuer": `{"Issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`,
		"issuer twice": `{"issuer":"` + strangerURL + `","issuer":"` + corp + `","jwks_uri":"` + corp + `/jwks"}`, "HTML": "<html>", "null": "null", "nothing": "",
	} {
		faults = append(faults, fault{"T80/" + name, testutil.Discovery, testutil.RespondBody("application/json", document)})
	}
	runFaults(t, faults)
}

// TestT80_T81_Configured has no wire: what cannot be right is no policy. A slash
// at the end is part of the name, and nothing is made equal to it.
func TestT80_T81_Configured(t *testing.T) {
	for name, url := range map[string]string{
		"T81/plain http": "http://idp.example.com/realms/corp", "T81/loopback, unasked": "http://127.0.0.1:8080", "T80/query": corp + "?x", "T80/fragment": corp + "#x",
		"T80/user": "https://user@idp.example.com", "T80/no host": "https:///realms", "T80/file": "file:///etc/passwd", "T80/none": "", "T80/space": corp + " ",
	} {
		t.Run(name, func(t *testing.T) {
			a := arena{matrix: attacked()}
			issuing(func(i *access.Issuer) { i.URL = url })(&a)
			if _, err := access.New(a.matrix); err == nil {
				t.Errorf("access.New(issuer %q) succeeded", url)
			}
		})
	}
	slash := func(a *arena) { a.url = corp + "/" }
	run(t, []attack{
		{"T80/slash on both sides", slash, token(nil), admitted, 0},
		{"T80/slash in the policy alone", slash, token(testutil.Claims{"iss": corp}), issuerUnknown, 0},
	})
}

func TestT82_Redirects(t *testing.T) {
	var faults []fault
	for _, endpoint := range []testutil.Endpoint{testutil.Discovery, testutil.JWKS} {
		for name, target := range map[string]string{
			"same host": corp + "/keys", "other host": strangerURL + string(endpoint), "plain http": strings.Replace(corp, "https", "http", 1) + string(endpoint),
			"itself": corp + string(endpoint),
		} {
			faults = append(faults, fault{fmt.Sprintf("T82/%s, to %s", endpoint[1:], name), endpoint, testutil.RespondRedirect(target)})
		}
		for _, code := range []int{301, 303, 307, 308} {
			faults = append(faults, fault{fmt.Sprintf("T82/%s, %d", endpoint[1:], code), endpoint, http.RedirectHandler(strangerURL+string(endpoint), code)})
		}
		set := string(jwks(ownKey.JWK()))
		faults = append(faults, fault{fmt.Sprintf("T82/%s, 307 with keys", endpoint[1:]), endpoint, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", strangerURL+string(endpoint))
			w.WriteHeader(http.StatusTemporaryRedirect)
			io.WriteString(w, set)
		})})
	}
	runFaults(t, faults)
}

// TestT83_Addresses has an issuer send us where only we can go.
func TestT83_Addresses(t *testing.T) {
	var faults []fault
	for _, address := range []string{
		"https://169.254.169.254/latest/meta-data", "https://127.0.0.1/jwks", "https://[::1]/jwks", "https://localhost/jwks",
		"https://idp.example.com.stranger.example/jwks", "https://idp.example.com@login.stranger.example/jwks", "https://idp.example.com:8443/jwks",
		strangerURL + "/jwks", "file:///etc/passwd", "/realms/corp/jwks", "//login.stranger.example/jwks", "jwks", "",
	} {
		faults = append(faults, fault{"T83/" + strings.ReplaceAll(address, "/", "_") + "'", testutil.Discovery, published(corp, address)})
	}
	runFaults(t, faults)
}

func TestT87_T88_Keys(t *testing.T) {
	set := string(jwks(ownKey.JWK()))
	many := func(count int) string {
		keys := make([]any, count)
		for n := range keys {
			keys[n] = changed(ownKey, "kid", fmt.Sprint(n))
		}
		return string(jwks(keys...))
	}
	faults := []fault{
		{"T87/100 MiB", testutil.JWKS, behind(100, set)},
		{"T87/100 MiB of metadata", testutil.Discovery, behind(100, string(encoded(map[string]any{"issuer": corp, "jwks_uri": corp + "/jwks"})))},
		{"T87/a byte a second", testutil.JWKS, testutil.RespondSlowly(set, time.Second)},
		{"T87/without end", testutil.JWKS, testutil.RespondSlowly(strings.Repeat(" ", 1<<20), 100*time.Millisecond)},
		{"T87/silence", testutil.JWKS, testutil.RespondNever()},
		{"T87/half of it", testutil.JWKS, testutil.RespondBody("application/json", set[:len(set)/2])},
		{"T88/503", testutil.JWKS, testutil.RespondStatus(http.StatusServiceUnavailable)},
		{"T88/404", testutil.JWKS, testutil.RespondStatus(http.StatusNotFound)},
		{"T88/204", testutil.JWKS, testutil.RespondStatus(http.StatusNoContent)},
		{"T88/10 000 keys", testutil.JWKS, testutil.RespondBody("application/json", many(10_000))},
		{"T88/1 000 keys", testutil.JWKS, testutil.RespondBody("application/json", many(1_000))},
	}
	for name, document := range map[string]string{
		"HTML": "<html><body>Sign in</body></html>", "keys null": `{"keys":null}`, "no keys": `{}`, "none": `{"keys":[]}`, "nothing": "", "array": "[" + set + "]",
		"Keys": strings.Replace(set, `"keys"`, `"Keys"`, 1), "object": `{"keys":{"0":1}}`, "of no use": `{"keys":[{"kty":"oct","k":"AAAA"},42]}`,
	} {
		faults = append(faults, fault{"T88/" + name, testutil.JWKS, testutil.RespondBody("application/json", document)})
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

// TestT89_T90_Rotation takes a key away, and puts another under its name.
func TestT89_T90_Rotation(t *testing.T) {
	next, again := testutil.NewKey("ES256").As("2", "ES256"), testutil.NewKey("ES256").As("1", "ES256")
	since := func(key *testutil.Key, wait time.Duration, by *testutil.Key) func(*arena) []string {
		return func(a *arena) []string {
			a.Use(key)
			a.Retire()
			time.Sleep(wait)
			return token(nil, testutil.SignedBy(by))(a)
		}
	}
	run(t, []attack{
		{"T89/by the new key, at once", nil, since(next, 0, next), admitted, 1},
		{"T89/by the key that is gone", nil, since(next, 5*time.Minute, ownKey), keyUnknown, 1},
		{"T90/by the new key of the name, at once", nil, since(again, 0, again), admitted, 1},
		{"T90/by the new key of the name", nil, since(again, 5*time.Minute, again), admitted, 0},
		{"T90/by the old key of the name", nil, since(again, 5*time.Minute, ownKey), signatureInvalid, 1},
	})
}
