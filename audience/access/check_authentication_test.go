package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefusesAuthentication shows that a way to authenticate is complete, and the
// only one.
func TestNewRefusesAuthentication(t *testing.T) {
	ask := func(in access.Introspection) func(*access.Matrix) {
		return issuer(func(i *access.Issuer) { i.Introspection = in })
	}
	secret, cert := access.SecretRef{Env: "E"}, access.CertificateRef{File: "c", KeyFile: "k"}
	for want, change := range map[string]func(*access.Matrix){
		`issuers.corp.auth_style: want basic or post, got "Basic"`: issuer(func(i *access.Issuer) { i.AuthStyle = "Basic" }),
		"issuers.corp.token_type: tokens of type mac":              issuer(func(i *access.Issuer) { i.TokenType = "mac" }),
		"issuers.corp.token_type: tokens of type N_A":              issuer(func(i *access.Issuer) { i.TokenType = "N_A" }),
		"issuers.corp.token_type: tokens of type DPOP":             issuer(func(i *access.Issuer) { i.TokenType = "DPOP" }),
		"issuers.corp.token_type: want the token_type":             issuer(func(i *access.Issuer) { i.TokenType = "any type" }),

		`issuers.corp.assertion_audience: want issuer, token_endpoint`:                      issuer(func(i *access.Issuer) { i.AssertionAudience = "idp.example.com" }),
		`issuers.corp.assertion_audience: "login.example.net" is not a host of this issuer`: issuer(func(i *access.Issuer) { i.AssertionAudience = "https://login.example.net/token" }),
		`issuers.corp.assertion_audience: "https://me@idp.example.com" must`:                issuer(func(i *access.Issuer) { i.AssertionAudience = "https://me@idp.example.com" }),
		`issuers.corp.assertion_audience: "login.microsoftonline.us" is not a host of this`: issuer(func(i *access.Issuer) {
			i.Preset, i.AssertionAudience = "entra-v1", "https://login.microsoftonline.us/t/oauth2/v2.0/token"
		}),

		`issuers.corp.assertion_audience: "` + corp + `/sub/token" is an address of issuer "neighbour"`: func(m *access.Matrix) {
			m.Issuers["neighbour"] = access.Issuer{URL: corp + "/sub"}
			issuer(func(i *access.Issuer) { i.AssertionAudience = corp + "/sub/token" })(m)
		},
		`issuers.corp.assertion_audience: "https://idp.example.com/t" is an address of issuer "neighbour"`: func(m *access.Matrix) {
			m.Issuers["neighbour"] = access.Issuer{URL: "neighbour", TokenURL: "https://idp.example.com/t", KeysFile: "k"}
			issuer(func(i *access.Issuer) { i.AssertionAudience = "https://idp.example.com/t" })(m)
		},

		"issuers.corp.introspection.mtls: both secret and mtls":   ask(access.Introspection{ClientID: "s", Secret: secret, Certificate: cert}),
		"issuers.corp.introspection.mtls: want both cert and key": ask(access.Introspection{ClientID: "s", Certificate: access.CertificateRef{File: "c"}}),
		"and a certificate is presented over https alone": issuer(func(i *access.Issuer) {
			i.URL, i.InsecureLoopback = "http://127.0.0.1:8080", true
			i.Introspection = access.Introspection{URL: "http://127.0.0.1:8080/introspect", ClientID: "s", Certificate: cert}
		}),
		"issuers.corp.introspection.client: no client":                ask(access.Introspection{Certificate: cert}),
		"issuers.corp.introspection.insecure: both mtls and":          ask(access.Introspection{URL: corp, Certificate: cert, InsecureNoAuthentication: true}),
		"issuers.corp.introspection.client: both client and insecure": ask(access.Introspection{URL: corp, ClientID: "s", InsecureNoAuthentication: true}),
		"issuers.corp.introspection.url: no url":                      ask(access.Introspection{InsecureNoAuthentication: true}),
	} {
		newRefuses(t, change, want)
	}
}

// TestAuthenticationIsAccepted shows the same of what is complete, and that an
// introspection without authentication is warned of.
func TestAuthenticationIsAccepted(t *testing.T) {
	cert := access.CertificateRef{File: "c", KeyFile: "k"}
	for name, row := range map[string]struct {
		change  func(*access.Issuer)
		warning string
	}{
		"post":       {func(i *access.Issuer) { i.AuthStyle = "post" }, ""},
		"token type": {func(i *access.Issuer) { i.TokenType = "BearerToken" }, ""},
		"endpoint":   {func(i *access.Issuer) { i.AssertionAudience = "token_endpoint" }, ""},
		"address":    {func(i *access.Issuer) { i.AssertionAudience = corp + "/token" }, ""},
		"of the token url": {func(i *access.Issuer) {
			i.TokenURL, i.AssertionAudience = "https://login.example.net/t", "https://login.example.net/t"
		}, ""},
		"of the provider, beside other mistakes": {func(i *access.Issuer) {
			i.Preset, i.AssertionAudience = "entra-v1", "https://login.microsoftonline.com/t/oauth2/v2.0/token"
		}, ""},
		"certificate": {func(i *access.Issuer) { i.Introspection = access.Introspection{ClientID: "s", Certificate: cert} }, ""},
		"no authentication": {func(i *access.Issuer) {
			i.Introspection = access.Introspection{URL: corp, InsecureNoAuthentication: true}
		}, "without authentication"},
	} {
		m := company()
		issuer(row.change)(&m)
		policy, err := access.New(m)
		if err != nil {
			if strings.Contains(err.Error(), "issuers.corp") {
				t.Errorf("%s: New = %v", name, err)
			}
			continue
		}
		warned := slices.ContainsFunc(policy.Warnings(), func(p *access.Problem) bool { return strings.Contains(p.Text, "without authentication") })
		if warned != (row.warning != "") {
			t.Errorf("%s: warned = %v, want %v", name, warned, row.warning != "")
		}
	}
}
