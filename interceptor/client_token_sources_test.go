package interceptor_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestSecretIsSentAsTheMatrixSays shows that the client's auth_style counts before the
// issuer's, and that an assertion has neither.
func TestSecretIsSentAsTheMatrixSays(t *testing.T) {
	t.Setenv("GRPCAUD_TEST_SECRET", "customer-secret")
	for _, row := range []struct {
		issuer, client string
		basic          bool
	}{
		{"", "", true},
		{"basic", "", true},
		{"post", "", false},
		{"post", "basic", true},
		{"basic", "post", false},
		{"", "post", false},
	} {
		got := asked(t, access.Issuer{AuthStyle: row.issuer}, access.Client{Secret: access.SecretRef{Env: "GRPCAUD_TEST_SECRET"}, AuthStyle: row.client})
		if (got.user == "customer-portal") != row.basic || (got.form.Get("client_secret") == "customer-secret") == row.basic {
			t.Errorf("issuer %q, client %q: sent user %q and form %v, want basic = %v", row.issuer, row.client, got.user, got.form, row.basic)
		}
	}
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, newPEM(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, access.Issuer{AuthStyle: "post"}, access.Client{PrivateKey: access.KeyRef{File: key}}); !got.form.Has("client_assertion") {
		t.Errorf("a client with a key: sent %v, want an assertion", got.form)
	}
}

// TestAssertionIsForWhomTheMatrixSays shows that assertion_audience counts before the
// preset.
func TestAssertionIsForWhomTheMatrixSays(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, newPEM(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		issuer access.Issuer
		want   string
	}{
		{access.Issuer{}, corp},
		{access.Issuer{Preset: "keycloak"}, corp},
		{access.Issuer{Preset: "hydra"}, corp + "/token"},
		{access.Issuer{Preset: "okta"}, corp + "/token"},
		{access.Issuer{Preset: "hydra", AssertionAudience: "issuer"}, corp},
		{access.Issuer{AssertionAudience: "token_endpoint"}, corp + "/token"},
		{access.Issuer{AssertionAudience: "token_endpoint", TokenURL: "https://inside.example.com/t"}, "https://inside.example.com/t"},
		{access.Issuer{AssertionAudience: corp + "/oauth2/token", TokenURL: "https://inside.example.com/t"}, corp + "/oauth2/token"},
	} {
		got := asked(t, row.issuer, access.Client{PrivateKey: access.KeyRef{File: key}})
		parts := strings.Split(got.form.Get("client_assertion"), ".")
		if len(parts) != 3 || decoded(t, parts[1])["aud"] != row.want {
			t.Errorf("%+v: sent %v, want an assertion for %s", row.issuer, got.form, row.want)
		}
	}
}

// TestTokenTypeOfTheIssuer shows that a call fails for good if its token may not be
// presented as Bearer, and that the matrix can name one more type.
func TestTokenTypeOfTheIssuer(t *testing.T) {
	for name, row := range map[string]struct {
		answered, accepted, advice string // no advice: calls succeed
	}{
		"Bearer":              {"Bearer", "", ""},
		"named":               {"BearerToken", "BearerToken", ""},
		"Bearer all the same": {"bearer", "BearerToken", ""},
		"not named":           {"BearerToken", "", "set token_type"},
		"in another case":     {"bearerToken", "BearerToken", "set token_type"},
		"DPoP":                {"DPoP", "BearerToken", "switch DPoP off"},
		"N_A":                 {"N_A", "BearerToken", "no access token"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		issuer := newIssuer()
		issuer.Fault(testutil.Token, issuer.Alter(testutil.Token, func(answer map[string]any) { answer["token_type"] = row.answered }))
		policy := company(t, withSecrets(t), func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, TokenType: row.accepted}
		})
		conn := connect(t, issuer, &orders{}, newClient(t, issuer, policy, "customer-portal").DialOptions("order-status")...)
		for shape, call := range shapes {
			err := call(ctx, conn)
			if row.advice == "" && err != nil {
				t.Errorf("%s, %s: %v", name, shape, err)
			}
			if want := (verdict{codes.Unauthenticated, audience.ReasonTokenNotObtained}); row.advice != "" && (verdictOf(err) != want || !strings.Contains(err.Error(), row.advice)) {
				t.Errorf("%s, %s: %v, want %v with %q", name, shape, err, want, row.advice)
			}
		}
	}
}
