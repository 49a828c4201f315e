package tokensource_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestInvalidOptionsAreRefusedByNew(t *testing.T) {
	auth := tokensource.ClientCredentials(client, secret)
	opts := func(o ...tokensource.OAuthOption) []tokensource.OAuthOption { return o }
	loopback := tokensource.InsecureHTTP()
	for _, row := range []struct {
		issuer string
		auth   tokensource.ClientAuth
		opts   []tokensource.OAuthOption
		want   string // in the error; empty for none
	}{
		{issuer, auth, nil, ""},
		{issuer + "/", auth, opts(tokensource.Bound(1), tokensource.SecretInForm()), ""},
		{"http://127.0.0.1:8080/realms/corp", auth, opts(loopback), ""},
		{"http://[::1]:8080", auth, opts(loopback), ""},
		{"http://localhost", auth, opts(loopback), ""},
		{"", auth, nil, "issuer"},
		{"idp.example.com", auth, nil, "issuer"},
		{"https://", auth, nil, "issuer"},
		{"ftp://idp.example.com", auth, nil, "https"},
		{"http://idp.example.com", auth, nil, "https"},
		{"http://idp.example.com", auth, opts(loopback), "https"},
		{"http://127.0.0.1.example.com", auth, opts(loopback), "https"},
		{"http://localhost", auth, nil, "InsecureHTTP"},
		{"https://me:pw@idp.example.com", auth, nil, "issuer"},
		{"me:pw@idp.example.com", auth, nil, "no user and password"},
		{issuer + "#x", auth, nil, "issuer"},
		{issuer + "?x", auth, nil, "query"},
		{issuer, nil, nil, "nil client"},
		{issuer, tokensource.ClientCredentials("", secret), nil, "client id"},
		{issuer, tokensource.ClientCredentials(client, ""), nil, "client secret"},
		{issuer, tokensource.ClientSecretFile("", "f"), nil, "client id"},
		{issuer, tokensource.ClientSecretFile(client, ""), nil, "path"},
		{issuer, auth, opts(tokensource.Bound(0)), "got 0"},
		{issuer, auth, opts(nil), "nil option"},
		{issuer, auth, opts(tokensource.Discovery("http://idp.example.com/meta")), "discovery URL"},
		{issuer, auth, opts(tokensource.Discovery("https://me:pw@idp.example.com/meta")), "discovery URL"},
		{issuer, auth, opts(tokensource.TokenURL("http://idp.example.com/token")), "token URL"},
	} {
		s, err := tokensource.New(row.issuer, row.auth, row.opts...)
		if s != nil {
			s.Close()
		}
		switch {
		case row.want == "" && err != nil:
			t.Errorf("New(%q): %v", row.issuer, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("New(%q): got error %v, want %q in it", row.issuer, err, row.want)
		case err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "pw")):
			t.Errorf("New(%q): %v holds a secret", row.issuer, err)
		}
	}
}

// TestOAuthOptionsAreForAuthorizationServersOnly shows that an option which only an
// authorization server has is no Option, so that NewFile and the like do not compile
// with it.
func TestOAuthOptionsAreForAuthorizationServersOnly(t *testing.T) {
	for name, opt := range map[string]tokensource.OAuthOption{
		"AskByAudience":      tokensource.AskByAudience(),
		"AskByResource":      tokensource.AskByResource(),
		"AskByScope":         tokensource.AskByScope("{audience}"),
		"AskByTokenURL":      tokensource.AskByTokenURL(nil),
		"AskWithoutAudience": tokensource.AskWithoutAudience(),
		"Discovery":          tokensource.Discovery(issuer),
		"InsecureHTTP":       tokensource.InsecureHTTP(),
		"Parameter":          tokensource.Parameter("a", "b"),
		"Preset":             tokensource.Preset("keycloak"),
		"SecretInForm":       tokensource.SecretInForm(),
		"SecretInHeader":     tokensource.SecretInHeader(),
		"SubjectGrant":       tokensource.SubjectGrant(tokensource.JWTBearer),
		"TokenURL":           tokensource.TokenURL(issuer),
	} {
		if _, ok := opt.(tokensource.Option); ok {
			t.Errorf("%s is an Option", name)
		}
	}
}
