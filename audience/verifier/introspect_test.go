package verifier_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// opaque is an issuer of opaque tokens, and the file of the secret that
// order-status asks it with.
type opaque struct {
	*testutil.Issuer
	secret string
}

func newOpaque(t *testing.T) opaque {
	o := opaque{newIssuer(), filepath.Join(t.TempDir(), "secret")}
	o.Register(testutil.Client{ID: "customer-portal", Secret: "x", Opaque: true})
	o.setSecret(t, "s:&cret%")
	return o
}

// setSecret changes the secret, at the issuer and in the file.
func (o opaque) setSecret(t *testing.T, secret string) {
	o.Register(testutil.Client{ID: "order+status", Secret: secret})
	if err := os.WriteFile(o.secret, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (o opaque) config() access.Issuer {
	return access.Issuer{URL: corp, Introspection: access.Introspection{ClientID: "order+status", Secret: access.SecretRef{File: o.secret}}}
}

func (o opaque) verifier(t *testing.T, opts ...verifier.Option) *verifier.Verifier {
	t.Helper()
	return verifierOf(t, []access.Issuer{o.config()}, append(opts, verifier.Transport(o.Transport()))...)
}

func (o opaque) token() string {
	return o.User("customer-portal", "alice", "order-status", "orders.read")
}

func TestOpaqueTokensAreAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v := issuer.verifier(t)
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		token := issuer.token()
		for range 100 {
			claims, err := v.Verify(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if got := claims.Caller(); got.Issuer != corp || got.Client != "customer-portal" || got.User != "alice" {
				t.Errorf("caller = %+v", got)
			}
		}
		for range 100 {
			_, err := v.Verify(t.Context(), "a-strangers-token")
			want(t, "a stranger's", err, audience.CauseTokenInactive)
		}
		if d, n := issuer.Requests(testutil.Discovery), issuer.Requests(testutil.Introspection); d != 1 || n != 2 {
			t.Errorf("%d discoveries and %d questions, want 1, and 1 for each token", d, n)
		}
		if f := v.Stats()[0]; f.Fetches != 2 || f.Failures != 0 || f.LastError != nil {
			t.Errorf("figures = %+v, want 2 fetches", f)
		}
	})
}

// TestRevokedOpaqueTokenIsRefusedAfterTheTTL shows how soon a revoked token is refused,
// and that no answer outlives its token (RFC 7662, section 4).
func TestRevokedOpaqueTokenIsRefusedAfterTheTTL(t *testing.T) {
	for name, row := range map[string]struct {
		opts []verifier.Option
		ttl  time.Duration
	}{
		"default": {nil, 30 * time.Second},
		"5 s":     {[]verifier.Option{verifier.IntrospectionTTL(5 * time.Second)}, 5 * time.Second},
		"none":    {[]verifier.Option{verifier.IntrospectionTTL(0)}, 0},
		"an hour": {[]verifier.Option{verifier.IntrospectionTTL(time.Hour)}, 5 * time.Minute}, // when the token ends
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newOpaque(t)
				v, token := issuer.verifier(t, row.opts...), issuer.token()
				_, err := v.Verify(t.Context(), token)
				want(t, "active", err, "")
				issuer.Revoke(token)
				if row.ttl > 0 {
					time.Sleep(row.ttl - time.Second)
					_, err = v.Verify(t.Context(), token)
					want(t, "revoked, not yet known", err, "")
					time.Sleep(time.Second)
				}
				_, err = v.Verify(t.Context(), token)
				want(t, "revoked", err, audience.CauseTokenInactive)
			})
		})
	}
}

// TestTokenThatBecomesActiveIsSoonAccepted shows that a token which becomes active is not
// refused for long.
func TestTokenThatBecomesActiveIsSoonAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, token := issuer.verifier(t), issuer.token()
		issuer.Fault(testutil.Introspection, testutil.RespondBody("application/json", `{"active":false}`))
		_, err := v.Verify(t.Context(), token)
		want(t, "inactive", err, audience.CauseTokenInactive)
		issuer.Fault(testutil.Introspection, nil)
		time.Sleep(9 * time.Second)
		_, err = v.Verify(t.Context(), token)
		want(t, "inactive, still", err, audience.CauseTokenInactive)
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), token)
		want(t, "active", err, "")
	})
}

// TestIntrospectionSecretCanBeRotated shows that a secret can be rotated while the
// process runs, and that no token is refused as bad because the secret is missing.
func TestIntrospectionSecretCanBeRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v := issuer.verifier(t)
		for _, secret := range []string{"one", "two+ü=&%:", ""} {
			issuer.setSecret(t, secret)
			time.Sleep(time.Minute)
			_, err := v.Verify(t.Context(), issuer.token())
			if secret == "" {
				want(t, "no secret", err, audience.CauseIntrospectionUnavailable)
			} else {
				want(t, "secret "+secret, err, "")
			}
		}
		if err := v.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), issuer.secret) {
			t.Errorf("Ready = %v, want it to name the file", err)
		}
	})
}

// TestFormOfTheTokenSelectsTheIssuer shows which issuer is asked about a token: the
// one that the configuration names for its form, and never one because another check
// failed.
func TestFormOfTheTokenSelectsTheIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, partner := newOpaque(t), testutil.NewIssuer("https://login.partner.example")
		both := verifierOf(t, []access.Issuer{issuer.config(), {URL: partner.URL()}}, verifier.Transport(issuer.Transport(partner)))
		claims := testutil.Claims{"aud": "order-status", "sub": "bob", "client_id": "partner"}
		for name, row := range map[string]struct {
			token     string
			cause     audience.Cause
			questions int
		}{
			"opaque":                           {issuer.token(), "", 1},
			"JWT of the other":                 {partner.Mint(claims), "", 0},
			"JWT of the one that is asked":     {issuer.Mint(claims), "", 1},
			"JWT of a stranger":                {testutil.NewIssuer("https://evil.example").Mint(claims), audience.CauseIssuerUnknown, 0},
			"forged JWT of the other":          {partner.Mint(claims, testutil.SignedBy(testutil.NewKey("ES256"))), audience.CauseKeyUnknown, 0},
			"JWT of the one, by a MAC":         {issuer.Mint(claims, testutil.Header("alg", "HS256")), audience.CauseAlgorithmNotAllowed, 0},
			"JWT of the one, unsigned":         {issuer.Mint(claims, testutil.Header("alg", "none")), audience.CauseAlgorithmNotAllowed, 0},
			"JWT of the one, ended":            {issuer.Mint(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()}), audience.CauseExpired, 0},
			"JWT of the one, with a crit":      {issuer.Mint(claims, testutil.Header("crit", []string{"x"})), audience.CauseTokenMalformed, 0},
			"JWT of the one, cut off":          {cut(issuer.Mint(claims), 2), audience.CauseTokenMalformed, 0},
			"JWT of the one, with a part more": {issuer.Mint(claims) + ".x", audience.CauseTokenMalformed, 0},
			"JWT, encrypted":                   {"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..x.x.x", audience.CauseTokenMalformed, 0},
			"JSON that is no header, and dot":  {"eyJ4IjoieSJ9.x", audience.CauseTokenInactive, 1},
			"forged JWT of the one":            {issuer.Mint(claims, testutil.SignedBy(testutil.NewKey("ES256"))), audience.CauseTokenInactive, 1},
			"three parts that are no JWT":      {"a.b.c", audience.CauseTokenMalformed, 0},
			"four parts":                       {"a.b.c.d", audience.CauseTokenInactive, 1},
			"characters that no token has":     {"a b", audience.CauseTokenMalformed, 0},
			"a line break":                     {"a\nb", audience.CauseTokenMalformed, 0},
			"equals signs in the middle":       {"a=b", audience.CauseTokenMalformed, 0},
			"nothing":                          {"", audience.CauseTokenMalformed, 0},
			"larger than any token":            {strings.Repeat("a", 17<<10), audience.CauseTokenTooLarge, 0},
			"opaque, with all the characters":  {"aZ09-._~+/==", audience.CauseTokenInactive, 1},
		} {
			before := issuer.Requests(testutil.Introspection)
			_, err := both.Verify(t.Context(), row.token)
			want(t, name, err, row.cause)
			if n := issuer.Requests(testutil.Introspection) - before; n != row.questions {
				t.Errorf("%s: %d questions, want %d", name, n, row.questions)
			}
		}
		_, err := newVerifier(t, issuer.Issuer).Verify(t.Context(), issuer.token())
		want(t, "opaque, where nobody is asked", err, audience.CauseTokenMalformed)
		if n := issuer.Requests(testutil.JWKS); n != 0 {
			t.Errorf("%d fetches of keys, want none", n)
		}
	})
}

// TestIntrospectionEndpointIsOnTheIssuersHost shows where requests about tokens are
// sent: to the configured address, or otherwise to the address in the metadata, on the
// issuer's host.
func TestIntrospectionEndpointIsOnTheIssuersHost(t *testing.T) {
	for name, row := range map[string]struct {
		published, configured string
		cause                 audience.Cause
	}{
		"published":     {corp + "/introspect", "", ""},
		"configured":    {"", corp + "/introspect", ""},
		"both":          {"https://evil.example/introspect", corp + "/introspect", ""},
		"neither":       {"", "", audience.CauseIntrospectionUnavailable},
		"another host":  {"https://evil.example/introspect", "", audience.CauseIntrospectionUnavailable},
		"by plain http": {"http://idp.example.com/realms/corp/introspect", "", audience.CauseIntrospectionUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newOpaque(t)
				issuer.Fault(testutil.Discovery, testutil.RespondBody("application/json", encode(t, map[string]any{"issuer": corp, "introspection_endpoint": row.published})))
				config := issuer.config()
				config.Introspection.URL = row.configured
				wire := &recorder{next: issuer.Transport()}
				v := verifierOf(t, []access.Issuer{config}, verifier.Transport(wire))
				_, err := v.Verify(t.Context(), issuer.token())
				want(t, "token", err, row.cause)
				for _, address := range wire.urls {
					if !strings.HasPrefix(address, "https://idp.example.com/") {
						t.Errorf("asked %s", address)
					}
				}
			})
		})
	}
}

// TestAnswersSurviveAnUnrelatedChange shows that cached answers are kept if the
// configuration of their issuer does not change.
func TestAnswersSurviveAnUnrelatedChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, token := issuer.verifier(t), issuer.token()
		same, other := issuer.config(), issuer.config()
		same.Leeway, other.Preset = time.Minute, "keycloak"
		for _, issuers := range [][]access.Issuer{
			{issuer.config()},
			{same, {URL: "https://login.partner.example"}},
			{other},
		} {
			if err := v.Replace(issuers); err != nil {
				t.Fatal(err)
			}
			v.Verify(t.Context(), token)
		}
		if n := issuer.Requests(testutil.Introspection); n != 2 {
			t.Errorf("%d questions, want 1 before and 1 after the issuer changed", n)
		}
		v.Close()
		_, err := v.Verify(t.Context(), issuer.token())
		want(t, "closed", err, audience.CauseIntrospectionUnavailable)
	})
}

// cut returns the first parts of a token.
func cut(token string, parts int) string {
	return strings.Join(strings.Split(token, ".")[:parts], ".")
}
