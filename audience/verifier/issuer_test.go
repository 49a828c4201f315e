package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestNewRefuses(t *testing.T) {
	secret := access.SecretRef{Env: "SECRET"}
	for name, issuers := range map[string][]access.Issuer{
		"none":           nil,
		"without url":    {{}},
		"unknown preset": {{URL: corp, Preset: "x"}},
		"two presets":    {{URL: corp, Preset: "keycloak", Dialect: access.Dialect{Types: []string{"jwt"}}}},
		"twice":          {{URL: corp}, {URL: corp}},
		"symmetric":      {{URL: corp, Algorithms: []string{"RS256", "HS256"}}},
		"none allowed":   {{URL: corp, Algorithms: []string{"none"}}},
		"no client":      {{URL: corp, Introspection: access.Introspection{URL: corp + "/introspect", Secret: secret}}},
		"no secret":      {{URL: corp, Introspection: access.Introspection{ClientID: "order-status"}}},
		"two asked": {
			{URL: corp, Introspection: access.Introspection{ClientID: "order-status", Secret: secret}},
			{URL: corp + "/", Introspection: access.Introspection{ClientID: "order-status", Secret: secret}},
		},
	} {
		if _, err := verifier.New(issuers); err == nil {
			t.Errorf("%s: New succeeded", name)
		}
	}
	for name, opt := range map[string]verifier.Option{
		"no cooldown":  verifier.Cooldown(0),
		"less than no": verifier.Cooldown(-1),
		"negative TTL": verifier.IntrospectionTTL(-time.Second),
		"small cache":  verifier.Cache(-1),
	} {
		if _, err := verifier.New([]access.Issuer{{URL: corp}}, opt); err == nil {
			t.Errorf("%s: New succeeded", name)
		}
	}
}

// TestIssuersAreApart shows that the keys of an issuer verify only its own tokens,
// also if another issuer has a key with the same kid, and that an issuer delays no
// other.
func TestIssuersAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newIssuer(), testutil.NewIssuer("https://login.partner.example")
		v := verifierOf(t, []access.Issuer{{URL: one.URL()}, {URL: two.URL()}}, verifier.Transport(one.Transport(two)))
		key := testutil.NewKey("ES256")
		two.SetJWKS(jwks(t, key.JWK()))
		_, err := v.Verify(t.Context(), mint(two, testutil.SignedBy(key)))
		want(t, "two's own", err, "")
		_, err = v.Verify(t.Context(), mint(one, testutil.SignedBy(key)))
		want(t, "one's, signed by two", err, audience.CauseKeyUnknown)

		two.Rotate("ES256")
		two.Fault(testutil.JWKS, testutil.RespondNever())
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
