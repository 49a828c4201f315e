package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

const corp = "https://idp.example.com/realms/corp"

func newIssuer() *testutil.Issuer { return testutil.NewIssuer(corp) }

func newVerifier(t *testing.T, issuer *testutil.Issuer, opts ...verifier.Option) *verifier.Verifier {
	t.Helper()
	v, err := verifier.New([]audience.Issuer{{URL: issuer.URL()}}, append(opts, verifier.Transport(issuer.Transport()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func mint(issuer *testutil.Issuer, opts ...testutil.MintOption) string {
	return issuer.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal"}, opts...)
}

// want checks the outcome of a verification; no cause means that it is good.
func want(t *testing.T, what string, err error, cause audience.Cause) {
	t.Helper()
	var refusal *audience.Refusal
	switch {
	case cause == "" && err != nil:
		t.Errorf("%s: Verify = %v, want it genuine", what, err)
	case cause != "" && (!errors.As(err, &refusal) || refusal.Cause != cause):
		t.Errorf("%s: Verify = %v, want %s", what, err, cause)
	}
}

func TestVerify(t *testing.T) {
	for _, alg := range []string{"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"} {
		t.Run(alg, func(t *testing.T) {
			issuer := newIssuer()
			issuer.Rotate(alg)
			claims, err := newVerifier(t, issuer).Verify(t.Context(), mint(issuer))
			if err != nil {
				t.Fatal(err)
			}
			if got := claims.Caller(); got.Issuer != corp || got.Service != "customer-portal" || got.User != "alice" {
				t.Errorf("caller = %+v", got)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, issuers := range map[string][]audience.Issuer{
		"none":           nil,
		"without url":    {{}},
		"unknown preset": {{URL: corp, Preset: "x"}},
		"twice":          {{URL: corp}, {URL: corp}},
	} {
		if _, err := verifier.New(issuers); err == nil {
			t.Errorf("%s: New succeeded", name)
		}
	}
	if _, err := verifier.New([]audience.Issuer{{URL: corp}}, verifier.Cooldown(0)); err == nil {
		t.Error("New without a cooldown succeeded")
	}
}

// TestNoIOBeforeNeed holds that neither New nor what can be refused unseen
// asks the issuer anything.
func TestNoIOBeforeNeed(t *testing.T) {
	issuer := newIssuer()
	v := newVerifier(t, issuer)
	stranger := testutil.NewIssuer("https://evil.example")
	for _, row := range []struct {
		name  string
		token string
		cause audience.Cause
	}{
		{"empty", "", audience.CauseTokenMalformed},
		{"opaque", "b7c9d2", audience.CauseTokenMalformed},
		{"two parts", "a.b", audience.CauseTokenMalformed},
		{"five parts", "a.b.c.d.e", audience.CauseTokenMalformed},
		{"empty parts", "..", audience.CauseTokenMalformed},
		{"white space", mint(issuer) + "\n", audience.CauseTokenMalformed},
		{"inner white space", strings.Replace(mint(issuer), ".", ".\n", 1), audience.CauseTokenMalformed},
		{"padding", mint(issuer) + "=", audience.CauseTokenMalformed},
		{"JSON", `{"protected":"e30","payload":"e30","signature":""}`, audience.CauseTokenMalformed},
		{"large", mint(issuer) + strings.Repeat("A", 16<<10), audience.CauseTokenTooLarge},
		{"large header", mint(issuer, testutil.Header("x", strings.Repeat("x", 5<<10))), audience.CauseTokenMalformed},
		{"kid number", mint(issuer, testutil.Header("kid", 1)), audience.CauseTokenMalformed},
		{"kid long", mint(issuer, testutil.Header("kid", strings.Repeat("x", 257))), audience.CauseTokenMalformed},
		{"no alg", mint(issuer, testutil.Header("alg", nil)), audience.CauseTokenMalformed},
		{"alg none", mint(issuer, testutil.Header("alg", "none")), audience.CauseAlgorithmNotAllowed},
		{"alg HS256", mint(issuer, testutil.Header("alg", "HS256")), audience.CauseAlgorithmNotAllowed},
		{"crit", mint(issuer, testutil.Header("crit", []string{"x"})), audience.CauseTokenMalformed},
		{"empty crit", mint(issuer, testutil.Header("crit", []string{})), audience.CauseTokenMalformed},
		{"b64", mint(issuer, testutil.Header("b64", true)), audience.CauseTokenMalformed},
		{"jwk", mint(issuer, testutil.Header("jwk", testutil.NewKey("ES256").JWK())), audience.CauseTokenMalformed},
		{"jku", mint(issuer, testutil.Header("jku", "https://evil.example/jwks")), audience.CauseTokenMalformed},
		{"duplicate in header", mint(issuer, testutil.RawHeader([]byte(`{"alg":"none","alg":"ES256"}`))), audience.CauseTokenMalformed},
		{"no typ", mint(issuer, testutil.Header("typ", nil)), audience.CauseTypeNotAllowed},
		{"typ of a logout token", mint(issuer, testutil.Header("typ", "logout+jwt")), audience.CauseTypeNotAllowed},
		{"payload not an object", mint(issuer, testutil.RawPayload([]byte(`[]`))), audience.CauseClaimsMalformed},
		{"duplicate claim", mint(issuer, testutil.RawPayload([]byte(`{"iss":"a","iss":"`+corp+`"}`))), audience.CauseClaimsMalformed},
		{"another issuer", mint(stranger), audience.CauseIssuerUnknown},
		{"no issuer", issuer.Mint(testutil.Claims{"iss": nil}), audience.CauseIssuerUnknown},
	} {
		_, err := v.Verify(t.Context(), row.token)
		want(t, row.name, err, row.cause)
		if err != nil && len(row.token) > 40 && strings.Contains(err.Error(), row.token[:40]) {
			t.Errorf("%s: the error holds the token: %v", row.name, err)
		}
	}
	if n := issuer.Requests(testutil.Discovery) + issuer.Requests(testutil.JWKS); n != 0 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

// TestForged holds that only the issuer's own keys make a token genuine.
func TestForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		key := issuer.Rotate("RS256")
		v := newVerifier(t, issuer)
		good := mint(issuer)
		_, err := v.Verify(t.Context(), good)
		want(t, "good", err, "")
		stranger := testutil.NewKey("RS256")
		_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(stranger)))
		want(t, "stranger's kid", err, audience.CauseKeyUnknown)
		for name, token := range map[string]string{
			"stranger's key under a known kid": mint(issuer, testutil.SignedBy(stranger), testutil.Header("kid", key.ID())),
			"another algorithm":                mint(issuer, testutil.Header("alg", "PS256")),
			"another payload":                  swapPayload(good, mint(issuer)),
			"no signature":                     good[:strings.LastIndex(good, ".")+1] + "AAAA",
		} {
			_, err := v.Verify(t.Context(), token)
			want(t, name, err, audience.CauseSignatureInvalid)
		}
		if n := issuer.Requests(testutil.JWKS); n != 2 {
			t.Errorf("%d fetches of keys, want 2: the first need, and one for the stranger's kid", n)
		}
	})
}

func swapPayload(a, b string) string {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return x[0] + "." + y[1] + "." + x[2]
}

// TestOutage holds that an issuer that cannot be asked makes no token bad.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Down()
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "down at first need", err, audience.CauseKeysUnavailable)
		var refusal *audience.Refusal
		if errors.As(err, &refusal); refusal.RetryAfter <= 0 {
			t.Errorf("%v does not say when to try again", err)
		}
		issuer.Up()
		time.Sleep(2 * time.Second)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "up again", err, "")

		issuer.Down()
		time.Sleep(23 * time.Hour)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down, with keys at hand", err, "")
		issuer.Rotate("ES256")
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down, new key", err, audience.CauseKeysUnavailable)
		time.Sleep(2 * time.Hour)
		issuer.Rotate("ES256")
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down for too long", err, audience.CauseKeysUnavailable)
		issuer.Up()
		time.Sleep(time.Minute)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "recovered", err, "")
	})
}

// TestHang holds that a waiter obeys its own deadline and nobody else's, and
// that a fetch that hangs ends by itself.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Fault(testutil.Discovery, testutil.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := v.Verify(ctx, mint(issuer))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("Verify = %v after %v, want its own deadline", err, time.Since(began))
		}
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "hanging", err, audience.CauseKeysUnavailable)
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("waited %v for a hanging issuer", waited)
		}
		issuer.Fault(testutil.Discovery, nil)
		time.Sleep(2 * time.Second)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "recovered", err, "")
	})
}

// TestOneFetch holds that a thousand callers cost one request, and that the
// one whose call began it may leave.
func TestOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		slow := make(chan struct{})
		transport := issuer.Transport()
		v, err := verifier.New([]audience.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			<-slow
			return transport.RoundTrip(r)
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		first, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := v.Verify(first, mint(issuer)); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: Verify = %v, want it cancelled", err)
			}
		})
		synctest.Wait()
		for range 1000 {
			group.Go(func() {
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "a waiter", err, "")
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(slow)
		group.Wait()
		if d, k := issuer.Requests(testutil.Discovery), issuer.Requests(testutil.JWKS); d != 1 || k != 1 {
			t.Errorf("%d discoveries and %d fetches of keys, want one of each", d, k)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRotation holds that the first token of a new key succeeds, also when a
// stranger has just spent the allowance, and that a dropped key dies.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old := mint(issuer)
		_, err := v.Verify(t.Context(), old)
		want(t, "first", err, "")
		_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(testutil.NewKey("ES256"))))
		want(t, "stranger", err, audience.CauseKeyUnknown)

		issuer.Rotate("ES256")
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited > 30*time.Second {
			t.Errorf("waited %v", waited)
		}
		_, err = v.Verify(t.Context(), old)
		want(t, "old key, still published", err, "")

		issuer.Retire()
		time.Sleep(15 * time.Minute)
		_, err = v.Verify(t.Context(), old)
		want(t, "old key, dropped", err, audience.CauseKeyUnknown)
	})
}

// TestReusedKeyID holds that an issuer may put a new key under an old name.
func TestReusedKeyID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old := testutil.NewKey("ES256")
		publish := func(k *testutil.Key) {
			jwk := k.JWK()
			jwk["kid"] = "key"
			issuer.SetJWKS(fmt.Appendf(nil, `{"keys":[%s]}`, encode(t, jwk)))
		}
		signed := func(k *testutil.Key) string { return mint(issuer, testutil.SignedBy(k), testutil.Header("kid", "key")) }
		publish(old)
		_, err := v.Verify(t.Context(), signed(old))
		want(t, "old", err, "")
		next := testutil.NewKey("ES256")
		publish(next)
		_, err = v.Verify(t.Context(), signed(next))
		want(t, "new", err, "")
		_, err = v.Verify(t.Context(), signed(old))
		want(t, "old after new", err, audience.CauseSignatureInvalid)
	})
}

// TestFlood holds that strangers cannot have the issuer asked more than once in
// a cool-down, and that a good token passes meanwhile.
func TestFlood(t *testing.T) {
	for name, forged := range map[string]func(*testutil.Issuer, int) string{
		"unknown kid":   func(i *testutil.Issuer, n int) string { return mint(i, testutil.Header("kid", fmt.Sprint(n))) },
		"bad signature": func(i *testutil.Issuer, _ int) string { return swapPayload(mint(i), mint(i)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "good", err, "")
				var group sync.WaitGroup
				for n := range 1000 {
					group.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						if _, err := v.Verify(ctx, forged(issuer, n)); err == nil {
							t.Error("a forged token is genuine")
						}
					})
					time.Sleep(10 * time.Millisecond)
				}
				_, err = v.Verify(t.Context(), mint(issuer))
				want(t, "good after the flood", err, "")
				group.Wait()
				if n := issuer.Requests(testutil.JWKS); n > 2 {
					t.Errorf("%d fetches in 10 seconds of flood, want the first and at most one more", n)
				}
			})
		})
	}
}

// TestCrowd holds that those who wait for the next keys are bounded, and that
// the others are told that nothing is known.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		stranger := mint(issuer, testutil.SignedBy(testutil.NewKey("ES256")))
		_, err = v.Verify(t.Context(), stranger)
		want(t, "stranger", err, audience.CauseKeyUnknown)
		var group sync.WaitGroup
		var mu sync.Mutex
		causes := map[audience.Cause]int{}
		for range 1000 {
			group.Go(func() {
				var refusal *audience.Refusal
				if _, err := v.Verify(t.Context(), stranger); errors.As(err, &refusal) {
					mu.Lock()
					defer mu.Unlock()
					causes[refusal.Cause]++
				}
			})
		}
		group.Wait()
		if unknown := causes[audience.CauseKeyUnknown]; unknown == 0 || unknown > 256 || unknown+causes[audience.CauseKeysUnavailable] != 1000 {
			t.Errorf("refusals = %v, want at most 256 of KEY_UNKNOWN and the rest of KEYS_UNAVAILABLE", causes)
		}
	})
}

// TestHostileDocuments holds that what an issuer answers wrongly leaves the
// old keys in place, and is no verdict about a token.
func TestHostileDocuments(t *testing.T) {
	jwks := `{"keys":[%s]}`
	for name, row := range map[string]struct {
		endpoint testutil.Endpoint
		answer   http.Handler
	}{
		"discovery is HTML":           {testutil.Discovery, testutil.Body("text/html", "<html>")},
		"discovery of another issuer": {testutil.Discovery, testutil.Body("application/json", `{"issuer":"`+corp+`/","jwks_uri":"`+corp+`/jwks"}`)},
		"discovery without keys":      {testutil.Discovery, testutil.Body("application/json", `{"issuer":"`+corp+`"}`)},
		"keys on another host":        {testutil.Discovery, testutil.Body("application/json", `{"issuer":"`+corp+`","jwks_uri":"https://169.254.169.254/jwks"}`)},
		"keys by plain http":          {testutil.Discovery, testutil.Body("application/json", `{"issuer":"`+corp+`","jwks_uri":"http://idp.example.com/jwks"}`)},
		"keys from a file":            {testutil.Discovery, testutil.Body("application/json", `{"issuer":"`+corp+`","jwks_uri":"file:///etc/passwd"}`)},
		"discovery redirects":         {testutil.Discovery, testutil.Redirect(corp + "/jwks")},
		"keys redirect":               {testutil.JWKS, testutil.Redirect(corp + "/jwks")},
		"keys are HTML":               {testutil.JWKS, testutil.Body("text/html", "<html>")},
		"keys are null":               {testutil.JWKS, testutil.Body("application/json", `{"keys":null}`)},
		"no keys":                     {testutil.JWKS, testutil.Body("application/json", `{}`)},
		"empty":                       {testutil.JWKS, testutil.Body("application/json", ``)},
		"too many keys":               {testutil.JWKS, testutil.Body("application/json", fmt.Sprintf(jwks, strings.Repeat(`{},`, 10_000)+"{}"))},
		"too large":                   {testutil.JWKS, testutil.Body("application/json", strings.Repeat(" ", 2<<20))},
		"one byte a second":           {testutil.JWKS, testutil.Drip(strings.Repeat(" ", 100), time.Second)},
		"500":                         {testutil.JWKS, testutil.Status(500)},
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
				time.Sleep(time.Hour)
				_, err = warm.Verify(t.Context(), mint(issuer))
				want(t, "warm, an hour later", err, "")
			})
		})
	}
}

// TestKeysSkipped holds that one bad key does not spoil a set, and is not used.
func TestKeysSkipped(t *testing.T) {
	issuer := newIssuer()
	good, enc, narrow := testutil.NewKey("ES256"), testutil.NewKey("ES256"), testutil.NewKey("RS256")
	with := func(k *testutil.Key, name string, value any) string {
		jwk := k.JWK()
		jwk[name] = value
		return encode(t, jwk)
	}
	ops := testutil.NewKey("ES256")
	issuer.SetJWKS([]byte(`{"keys":[1,{},{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed448","x":"AA"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},` +
		with(enc, "use", "enc") + "," + with(ops, "key_ops", []string{"encrypt"}) + "," + with(narrow, "alg", "PS256") + "," +
		with(testutil.NewKey("ES256"), "d", "AAAA") + "," + with(good, "use", "sig") + `]}`))
	v := newVerifier(t, issuer, verifier.Cooldown(time.Millisecond))
	_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(good)))
	want(t, "the good key", err, "")
	_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(enc)))
	want(t, "a key for encryption", err, audience.CauseKeyUnknown)
	_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(ops)))
	want(t, "a key for encrypting", err, audience.CauseKeyUnknown)
	_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(narrow)))
	want(t, "a key of another algorithm", err, audience.CauseSignatureInvalid)
}

// TestWithoutKeyID holds that a token without kid is matched to the one key
// that it can mean, or to none.
func TestWithoutKeyID(t *testing.T) {
	issuer := newIssuer()
	issuer.Rotate("EdDSA")
	v := newVerifier(t, issuer)
	_, err := v.Verify(t.Context(), mint(issuer, testutil.Header("kid", nil)))
	want(t, "one key of the algorithm", err, "")
	issuer.Rotate("EdDSA")
	v = newVerifier(t, issuer)
	_, err = v.Verify(t.Context(), mint(issuer, testutil.Header("kid", nil)))
	want(t, "two keys of the algorithm", err, audience.CauseSignatureInvalid)
}

// TestIssuersAreApart holds that an issuer vouches for its own tokens alone,
// also under a kid that another uses, and holds up no other.
func TestIssuersAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
		v, err := verifier.New([]audience.Issuer{{URL: one.URL()}, {URL: two.URL()}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.String(), two.URL()) {
				return two.Transport().RoundTrip(r)
			}
			return one.Transport().RoundTrip(r)
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		key := testutil.NewKey("ES256")
		jwk := key.JWK()
		two.SetJWKS([]byte(`{"keys":[` + encode(t, jwk) + `]}`))
		_, err = v.Verify(t.Context(), mint(two, testutil.SignedBy(key)))
		want(t, "two's own", err, "")
		_, err = v.Verify(t.Context(), mint(one, testutil.SignedBy(key)))
		want(t, "one's, signed by two", err, audience.CauseKeyUnknown)

		two.Rotate("ES256")
		two.Fault(testutil.JWKS, testutil.Hang())
		two.SetJWKS(nil)
		go v.Verify(t.Context(), mint(two))
		synctest.Wait()
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(one))
		want(t, "one while two hangs", err, "")
		if time.Since(began) != 0 {
			t.Errorf("one waited %v for two", time.Since(began))
		}
	})
}

// TestClose holds that a closed verifier asks nobody, and says so.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		warm, cold := newVerifier(t, issuer), newVerifier(t, issuer)
		_, err := warm.Verify(t.Context(), mint(issuer))
		want(t, "open", err, "")
		warm.Close()
		cold.Close()
		cold.Close()
		asked := issuer.Requests(testutil.JWKS)
		time.Sleep(3 * time.Hour)
		_, err = warm.Verify(t.Context(), mint(issuer))
		want(t, "closed, keys at hand", err, "")
		_, err = cold.Verify(t.Context(), mint(issuer))
		want(t, "closed, no keys", err, audience.CauseKeysUnavailable)
		if n := issuer.Requests(testutil.JWKS); n != asked {
			t.Errorf("a closed verifier fetched %d times", n-asked)
		}
	})
}
