package verifier_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestGenuineTokensAreVerified(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			issuer := newIssuer()
			issuer.Rotate(alg)
			claims, err := newVerifier(t, issuer).Verify(t.Context(), mint(issuer))
			if err != nil {
				t.Fatal(err)
			}
			if got := claims.Caller(); got.Issuer != corp || got.Client != "customer-portal" || got.User != "alice" {
				t.Errorf("caller = %+v", got)
			}
		})
	}
}

// TestNoIOBeforeNeed shows that no request is sent by New, or for a token that can be
// refused without keys.
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

// TestOnlyTheIssuersKeysMakeATokenGenuine shows that only the issuer's own keys make a
// token genuine.
func TestOnlyTheIssuersKeysMakeATokenGenuine(t *testing.T) {
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

// TestGenuineButMalformed shows that a genuine token with claims that cannot be read
// causes no request, since no other key would help.
func TestGenuineButMalformed(t *testing.T) {
	issuer := newIssuer()
	v := newVerifier(t, issuer)
	_, err := v.Verify(t.Context(), mint(issuer))
	want(t, "good", err, "")
	_, err = v.Verify(t.Context(), issuer.Mint(testutil.Claims{"exp": "soon"}))
	want(t, "exp is a string", err, audience.CauseClaimsMalformed)
	if n := issuer.Requests(testutil.JWKS); n != 1 {
		t.Errorf("%d fetches of keys, want 1", n)
	}
}

// TestAlmostKnownIssuerIsNamed shows that a refusal names the known issuer to which an
// unknown one is similar.
func TestAlmostKnownIssuerIsNamed(t *testing.T) {
	issuer := testutil.NewIssuer(corp)
	v := newVerifier(t, issuer)
	_, err := v.Verify(t.Context(), issuer.Mint(testutil.Claims{"iss": corp + "/"}))
	if refusal, ok := errors.AsType[*audience.Refusal](err); !ok || !strings.Contains(refusal.Hint, "a trailing slash") {
		t.Errorf("got %v, want a word about the slash", err)
	}
}
