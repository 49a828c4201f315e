package tokensource_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/tokensource"
)

// TestPlainHTTPIsAcceptedWhereItIsNamed shows at which addresses a secret may be sent over
// plain http, and that an issuer which is only a name needs no address.
func TestPlainHTTPIsAcceptedWhereItIsNamed(t *testing.T) {
	named, loopback := tokensource.InsecureHTTP("keycloak", "[fd00::2]"), tokensource.InsecureHTTP()
	for name, row := range map[string]struct {
		issuer string
		opts   []tokensource.OAuthOption
		good   bool
	}{
		"a named host":               {"http://keycloak:8080/realms/corp", []tokensource.OAuthOption{named}, true},
		"a named address":            {"http://[fd00::2]:8080", []tokensource.OAuthOption{named}, true},
		"no host":                    {"http://keycloak:8080/realms/corp", nil, false},
		"another host":               {"http://evil:8080/realms/corp", []tokensource.OAuthOption{named}, false},
		"loopback, where another is": {"http://127.0.0.1:8080", []tokensource.OAuthOption{named}, false},
		"loopback":                   {"http://127.0.0.1:8080", []tokensource.OAuthOption{loopback}, true},
		"a host, where loopback is":  {"http://keycloak", []tokensource.OAuthOption{loopback}, false},
		"both":                       {"http://127.0.0.1:8080", []tokensource.OAuthOption{loopback, named}, true},
		"token URL elsewhere":        {"http://keycloak", []tokensource.OAuthOption{named, tokensource.TokenURL("http://evil/token")}, false},
		"discovery elsewhere":        {"http://keycloak", []tokensource.OAuthOption{named, tokensource.Discovery("http://evil/meta")}, false},
		"endpoints elsewhere":        {"http://keycloak", []tokensource.OAuthOption{named, tokensource.AskByTokenURL(map[string]string{"a": "http://evil"})}, false},
		"a name":                     {"my-auth-service", []tokensource.OAuthOption{tokensource.TokenURL("https://auth.example.com/token")}, true},
		"a name and its metadata":    {"my-auth-service", []tokensource.OAuthOption{tokensource.Discovery("https://auth.example.com/meta")}, true},
		"a name without an address":  {"my-auth-service", nil, false},
		"a name, hosts alone":        {"my-auth-service", []tokensource.OAuthOption{tokensource.Discovery("", "auth.example.com")}, false},
		"nothing":                    {"", []tokensource.OAuthOption{tokensource.TokenURL("https://auth.example.com/token")}, false},
	} {
		cache, err := tokensource.New(row.issuer, tokensource.ClientCredentials("portal", "secret"), row.opts...)
		if (err == nil) != row.good {
			t.Errorf("%s: got %v, want good = %v", name, err, row.good)
		}
		if err == nil {
			cache.Close()
		}
	}
}
