package access_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// workloads makes the company's issuer one of JWT-SVIDs, with changes.
func workloads(change func(*access.Issuer)) func(*access.Matrix) {
	return func(m *access.Matrix) {
		issuer := access.Issuer{URL: "https://oidc.example.org", Preset: "spiffe", TrustDomain: "example.org"}
		change(&issuer)
		m.Issuers["corp"] = issuer
		delete(m.Services, "catalogue")
	}
}

// TestTrustDomains shows which trust domain an issuer has.
func TestTrustDomains(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*access.Issuer)
		want   string
	}{
		"written": {func(*access.Issuer) {}, "example.org"},
		"by its url": {func(i *access.Issuer) {
			*i = access.Issuer{URL: "spiffe://example.org", Preset: "spiffe", KeysFile: "k"}
		}, "example.org"},
		"both":              {func(i *access.Issuer) { i.URL, i.KeysFile = "spiffe://example.org", "k" }, "example.org"},
		"none":              {func(i *access.Issuer) { i.TrustDomain = "" }, ""},
		"of another preset": {func(i *access.Issuer) { *i = access.Issuer{URL: "spiffe://example.org", KeysFile: "k"} }, ""},
	} {
		m := company()
		workloads(row.change)(&m)
		policy, err := access.New(m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := policy.Matrix().Issuers["corp"].TrustDomain; got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

// TestTrustDomainsRefused shows that a token without iss can be of one issuer at most.
func TestTrustDomainsRefused(t *testing.T) {
	for want, change := range map[string]func(*access.Issuer){
		"only tokens of preset spiffe have one":   func(i *access.Issuer) { i.Preset = "keycloak" },
		`"spiffe://example.org" is not a trust d`: func(i *access.Issuer) { i.TrustDomain = "spiffe://example.org" },
		`"Example.org" is not a trust domain`:     func(i *access.Issuer) { i.TrustDomain = "Example.org" },
		`"*.example.org" is not a trust domain`:   func(i *access.Issuer) { i.TrustDomain = "*.example.org" },
		`"example.org/a" is not a trust domain`: func(i *access.Issuer) {
			*i = access.Issuer{URL: "spiffe://example.org/a", Preset: "spiffe", KeysFile: "k"}
		},
		"the url names another trust domain": func(i *access.Issuer) { i.URL, i.KeysFile = "spiffe://other.org", "k" },
		"JWT-SVIDs are not introspected": func(i *access.Issuer) {
			i.Introspection = access.Introspection{URL: "https://oidc.example.org/i", ClientID: "x", Secret: access.SecretRef{Env: "X"}}
		},
	} {
		newRefuses(t, workloads(change), want)
	}
	newRefuses(t, func(m *access.Matrix) {
		workloads(func(*access.Issuer) {})(m)
		m.Issuers["other"] = access.Issuer{URL: "spiffe://example.org", Preset: "spiffe", KeysFile: "k"}
	}, "a token without iss would not tell which of the two issued it")
}
