package verifier_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// ruleFor returns the rule of a service that accepts one of two issuers.
func ruleFor(t *testing.T, accepted string, issuers map[string]access.Issuer) *access.Rule {
	t.Helper()
	policy, err := access.New(access.Matrix{
		Issuers: issuers,
		Services: map[string]access.Service{"order-status": {
			GRPC: []string{"acme.orders.v1.OrderStatus"}, Issuers: []string{accepted},
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"customer-portal": {Issuer: accepted}},
	})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	return guard.Rule("/acme.orders.v1.OrderStatus/GetOrderStatus")
}

// TestIssuerThatDoesNotCount shows that a token of an issuer which the called service
// does not accept is refused for its iss, whatever the state of that issuer, and that
// no issuer is asked.
func TestIssuerThatDoesNotCount(t *testing.T) {
	for name, state := range map[string]func(*testing.T, opaque, *verifier.Verifier){
		"never asked": func(*testing.T, opaque, *verifier.Verifier) {},
		"down":        func(_ *testing.T, i opaque, _ *verifier.Verifier) { i.Down() },
		"hanging": func(_ *testing.T, i opaque, _ *verifier.Verifier) {
			i.Fault(testutil.Discovery, testutil.RespondNever())
		},
		"at hand": func(t *testing.T, _ opaque, v *verifier.Verifier) {
			if err := v.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, asked := range []bool{false, true} {
			for _, opts := range [][]verifier.Option{nil, {verifier.Cache(0)}} {
				synctest.Test(t, func(t *testing.T) {
					ours, theirs := testutil.NewIssuer("https://login.partner.example"), newOpaque(t)
					issuers := map[string]access.Issuer{"ours": {URL: ours.URL()}, "theirs": {URL: corp}}
					if asked {
						issuers["theirs"] = theirs.config()
					}
					v := verifierOf(t, []access.Issuer{issuers["ours"], issuers["theirs"]}, append(opts, verifier.Transport(ours.Transport(theirs.Issuer)))...)
					state(t, theirs, v)
					tokens := map[string]string{
						"genuine": mint(theirs.Issuer), "forged": swapPayload(mint(theirs.Issuer), mint(theirs.Issuer)),
						"of an unknown key": stranger(theirs.Issuer), "by a MAC": mint(theirs.Issuer, testutil.Header("alg", "HS256")),
						"ended": theirs.Mint(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()}),
					}
					if asked {
						tokens["opaque"], tokens["no token at all"] = theirs.token(), "garbage"
					}
					rule, before, began := ruleFor(t, "ours", issuers), theirs.Requests(testutil.Discovery)+theirs.Requests(testutil.JWKS), time.Now()
					for what, token := range tokens {
						for range 2 {
							_, _, err := v.VerifyFor(t.Context(), token, rule, time.Now())
							want(t, name+", "+what, err, audience.CauseIssuerNotAccepted)
							if refusal, ok := errors.AsType[*audience.Refusal](err); ok && refusal.Want != `"https://login.partner.example"` {
								t.Errorf("%s, %s: wants %s", name, what, refusal.Want)
							}
						}
					}
					if n := theirs.Requests(testutil.Discovery) + theirs.Requests(testutil.JWKS) - before; n+theirs.Requests(testutil.Introspection) != 0 || time.Since(began) != 0 {
						t.Errorf("%s: the issuer was asked, or a call waited for %v", name, time.Since(began))
					}
					claims, _, err := v.VerifyFor(t.Context(), mint(ours), rule, time.Now())
					if want(t, name+", of ours", err, ""); err == nil && claims.Issuer() != ours.URL() {
						t.Errorf("claims of %s", claims.Issuer())
					}
				})
			}
		}
	}
}

// TestRefusedTokenOfAnotherService shows that a cached refusal of a forged token is
// not returned to a service that does not accept its issuer.
func TestRefusedTokenOfAnotherService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := testutil.NewIssuer("https://login.partner.example"), newIssuer()
		issuers := map[string]access.Issuer{"ours": {URL: ours.URL()}, "theirs": {URL: corp}}
		v := verifierOf(t, []access.Issuer{issuers["ours"], issuers["theirs"]}, verifier.Transport(ours.Transport(theirs)))
		forged := swapPayload(mint(theirs), mint(theirs))
		for range 2 {
			_, _, err := v.VerifyFor(t.Context(), forged, ruleFor(t, "theirs", issuers), time.Now())
			want(t, "where it counts", err, audience.CauseSignatureInvalid)
			_, _, err = v.VerifyFor(t.Context(), forged, ruleFor(t, "ours", issuers), time.Now())
			want(t, "where it does not", err, audience.CauseIssuerNotAccepted)
		}
	})
}
