package verifier_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

const corp = "https://idp.example.com/realms/corp"

func newIssuer() *testutil.Issuer { return testutil.NewIssuer(corp) }

func newVerifier(t *testing.T, issuer *testutil.Issuer, opts ...verifier.Option) *verifier.Verifier {
	t.Helper()
	v, err := verifier.New([]access.Issuer{{URL: issuer.URL()}}, append(opts, verifier.Transport(issuer.Transport()))...)
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

func swapPayload(a, b string) string {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	return x[0] + "." + y[1] + "." + x[2]
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func verifierOf(t *testing.T, issuers []access.Issuer, opts ...verifier.Option) *verifier.Verifier {
	t.Helper()
	v, err := verifier.New(issuers, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// jwks returns a key set of these keys.
func jwks(t testing.TB, keys ...any) []byte {
	t.Helper()
	return []byte(encode(t, map[string]any{"keys": keys}))
}

// changed returns the JWK of k with some members changed; nil leaves one out.
func changed(k *testutil.Key, members map[string]any) map[string]any {
	jwk := k.JWK()
	for name, value := range members {
		if jwk[name] = value; value == nil {
			delete(jwk, name)
		}
	}
	return jwk
}
