package interceptor_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	meshIssuer  = "https://oidc.example.org"
	meshPortal  = "spiffe://example.org/portal"
	otherDomain = "spiffe://partner.example"
)

// svidMatrix accepts the workloads of example.org at the orders, and those of
// partner.example, whose issuer has no other name, at the human resources.
func svidMatrix() access.Matrix {
	const at = "https://keys.example"
	return access.Matrix{
		Issuers: map[string]access.Issuer{
			"mesh":    {URL: meshIssuer, Preset: "spiffe", TrustDomain: "example.org", JWKS: meshIssuer + string(testutil.JWKS)},
			"partner": {URL: otherDomain, Preset: "spiffe", JWKS: at + string(testutil.JWKS)},
		},
		Services: map[string]access.Service{
			"order-status": {
				Issuers: []string{"mesh"}, GRPC: []string{"acme.orders.v1.OrderStatus"},
				Allow: []access.Allow{{Clients: []string{"portal"}, Methods: []string{"*"}, NoScopes: true}},
			},
			"human-resource": {
				Issuers: []string{"partner"}, GRPC: []string{"acme.hr.v1.HumanResource"},
				Allow: []access.Allow{{Clients: []string{"agency"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{"portal": {Issuer: "mesh", ID: meshPortal}, "agency": {Issuer: "partner", ID: otherDomain + "/agency"}},
	}
}

// newSVIDIssuers returns the issuers of svidMatrix. Their keys have the same name, and
// those of the first the use that a bundle of SPIFFE gives them.
func newSVIDIssuers() (mesh, partner *testutil.Issuer) {
	mesh, partner = testutil.NewIssuer(meshIssuer, testutil.Typ("JWT")), testutil.NewIssuer(otherDomain, testutil.At("https://keys.example"), testutil.Typ("JWT"))
	mesh.Use(ownKey)
	mesh.Retire()
	jwk := ownKey.JWK()
	jwk["use"] = "jwt-svid"
	mesh.SetJWKS(jwks(jwk))
	partner.Use(partnerKey)
	partner.Retire()
	return mesh, partner
}

// TestTokensWithoutIssuer shows that a JWT-SVID without iss is one of the trust domain
// of its sub, verified by the keys of that one, and that a token with iss is never
// judged by its sub.
func TestTokensWithoutIssuer(t *testing.T) {
	svid := func(changes testutil.Claims) testutil.Claims {
		claims := testutil.Claims{"iss": nil, "sub": meshPortal, "aud": []string{"order-status"}}
		for name, value := range changes {
			claims[name] = value
		}
		return claims
	}
	byPartner := []testutil.MintOption{testutil.SignedBy(partnerKey)}
	for name, row := range map[string]struct {
		claims testutil.Claims
		opts   []testutil.MintOption
		want   ruling
	}{
		"no iss":                               {svid(nil), nil, admitted},
		"iss":                                  {svid(testutil.Claims{"iss": meshIssuer}), nil, admitted},
		"empty iss":                            {svid(testutil.Claims{"iss": ""}), nil, issuerUnknown},
		"null as iss":                          {svid(testutil.Claims{"iss": json.RawMessage("null")}), nil, issuerUnknown},
		"a number as iss":                      {svid(testutil.Claims{"iss": 5}), nil, issuerUnknown},
		"a list as iss":                        {svid(testutil.Claims{"iss": []string{meshIssuer}}), nil, issuerUnknown},
		"iss of a stranger":                    {svid(testutil.Claims{"iss": strangerURL}), nil, issuerUnknown},
		"the trust domain as iss":              {svid(testutil.Claims{"iss": "spiffe://example.org"}), nil, issuerUnknown},
		"unknown trust domain":                 {svid(testutil.Claims{"sub": "spiffe://evil.example/portal"}), nil, issuerUnknown},
		"longer trust domain":                  {svid(testutil.Claims{"sub": "spiffe://example.org.evil.example/portal"}), nil, issuerUnknown},
		"trust domain in upper case":           {svid(testutil.Claims{"sub": "spiffe://EXAMPLE.org/portal"}), nil, issuerUnknown},
		"the trust domain itself":              {svid(testutil.Claims{"sub": "spiffe://example.org"}), nil, issuerUnknown},
		"no SPIFFE ID":                         {svid(testutil.Claims{"sub": "portal"}), nil, issuerUnknown},
		"no sub":                               {svid(testutil.Claims{"sub": nil}), nil, issuerUnknown},
		"a list as sub":                        {svid(testutil.Claims{"sub": []string{meshPortal}}), nil, issuerUnknown},
		"of another service's trust domain":    {svid(testutil.Claims{"sub": otherDomain + "/agency"}), byPartner, issuerNotAccepted},
		"by the keys of another":               {svid(nil), byPartner, signatureInvalid},
		"iss, and sub of another trust domain": {svid(testutil.Claims{"iss": meshIssuer, "sub": otherDomain + "/agency"}), nil, claimsMalformed},
		"iss of another, by its keys":          {svid(testutil.Claims{"iss": otherDomain}), byPartner, issuerNotAccepted},
		"another workload":                     {svid(testutil.Claims{"sub": "spiffe://example.org/batch"}), nil, clientNotAllowed},
		"another audience":                     {svid(testutil.Claims{"aud": "human-resource"}), nil, audienceMismatch},
		"over":                                 {svid(testutil.Claims{"exp": 1}), nil, tokenExpired},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mesh, partner := newSVIDIssuers()
					policy, err := access.New(svidMatrix())
					if err != nil {
						t.Fatal(err)
					}
					written := &log{}
					server, err := interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"),
						interceptor.Transport(mesh.Transport(partner)), interceptor.Logger(slog.New(slog.NewTextHandler(written, nil))))
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { server.Close() })
					conn := connectTo(t, server)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					err = call(bearing(ctx, "Bearer "+mesh.Mint(row.claims, row.opts...)), conn)
					if got := verdictOf(err); got != row.want.verdict {
						t.Errorf("got %v, want %v", got, row.want.verdict)
					}
					if text := written.String(); !strings.Contains(text, string(row.want.cause)) {
						t.Errorf("the log does not tell %s: %s", row.want.cause, text)
					}
				})
			})
		}
	}
}

// TestSwapTakesATrustDomainAway shows that such tokens, though they are cached, are
// refused once their issuer has another trust domain.
func TestSwapTakesATrustDomainAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mesh, partner := newSVIDIssuers()
		policy := func(domain string) *access.Policy {
			m := svidMatrix()
			issuer := m.Issuers["mesh"]
			issuer.TrustDomain = domain
			m.Issuers["mesh"] = issuer
			policy, err := access.New(m)
			if err != nil {
				t.Fatal(err)
			}
			return policy
		}
		server := serverOf(t, mesh, policy("example.org"), interceptor.Transport(mesh.Transport(partner)))
		conn := connectTo(t, server)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		token := mesh.Mint(testutil.Claims{"iss": nil, "sub": meshPortal, "aud": "order-status"})
		for _, call := range shapes {
			if err := call(bearing(ctx, "Bearer "+token), conn); err != nil {
				t.Fatal(err)
			}
		}
		if err := server.Swap(policy("other.example")); err != nil {
			t.Fatal(err)
		}
		for shape, call := range shapes {
			if got := verdictOf(call(bearing(ctx, "Bearer "+token), conn)); got != issuerUnknown.verdict {
				t.Errorf("%s: got %v, want %v", shape, got, issuerUnknown.verdict)
			}
		}
	})
}
