package extauthz_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

// identity are the headers that tell the service who calls.
var identity = []string{
	extauthz.HeaderIssuer, extauthz.HeaderClient, extauthz.HeaderUser, extauthz.HeaderChain,
	extauthz.HeaderScopes, extauthz.HeaderRoles, extauthz.HeaderAudience, extauthz.HeaderExpiry,
}

// TestCallerInHeaders shows how the service behind Envoy learns who calls, also with
// characters that a header cannot hold.
func TestCallerInHeaders(t *testing.T) {
	w := serve(t, company(), nil)
	expiry := time.Now().Add(5 * time.Minute).Unix()
	answer := w.check(t, orders(w.portal(testutil.Claims{
		"sub": "Zoë, root%41", "scope": "orders.read orders.write", "exp": expiry, "aud": []string{"order-status", "b c"},
		"act": testutil.Claims{"sub": "first", "act": testutil.Claims{"sub": "second"}},
	})).request())
	want := map[string]string{
		extauthz.HeaderIssuer: corp, extauthz.HeaderClient: "customer-portal", extauthz.HeaderUser: "Zo%C3%AB,%20root%2541",
		extauthz.HeaderChain: "first second", extauthz.HeaderScopes: "orders.read orders.write",
		extauthz.HeaderAudience: "order-status b%20c", extauthz.HeaderExpiry: strconv.FormatInt(expiry, 10),
	}
	if diff := cmp.Diff(want, set(answer)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// TestNobodyElseSetsTheCaller shows that each header about the caller is set or removed
// in every request that goes on, however a client spells it.
func TestNobodyElseSetsTheCaller(t *testing.T) {
	w := serve(t, company(), nil)
	spoofed := func(c call) call {
		for _, name := range identity {
			c = c.with(name, "root", name, "root again")
		}
		return c.with("X-Grpcaud-Client", "root", "x_grpcaud_client", "root", "x-grpcaud_user", "root", "x-grpcaud-future", "root", "x-grpcaud-user-bin", "cm9vdA")
	}
	for name, c := range map[string]call{
		"admitted":              orders(w.portal(nil)),
		"admitted, with no sub": orders(w.portal(testutil.Claims{"sub": "customer-portal"})),
		"public":                {path: holidays, service: "human-resource"},
		"public, with a token":  call{path: holidays, service: "human-resource"}.with("authorization", w.portal(nil)),
	} {
		answer := w.check(t, spoofed(c).request())
		if got := reason(t, answer); got != "OK" {
			t.Fatalf("%s: got %s, want OK", name, got)
		}
		removed := answer.GetOkResponse().GetHeadersToRemove()
		for _, header := range append([]string{"x_grpcaud_client", "x-grpcaud_user", "x-grpcaud-future", "x-grpcaud-user-bin"}, identity...) {
			_, overwritten := set(answer)[header]
			if overwritten == slices.Contains(removed, header) {
				t.Errorf("%s: %s is overwritten: %t, and removed: %t; want one of the two", name, header, overwritten, !overwritten)
			}
		}
	}
}

// TestServiceSeesNoCredentials shows which headers of a request go on.
func TestServiceSeesNoCredentials(t *testing.T) {
	token := ""
	sent := func(w *world) call {
		token = w.portal(nil)
		return orders(token).with("cookie", "a=b", "x-forwarded-user", "root", "x-forwarded-client-cert", "Hash=1", "x-forwarded-for", "192.0.2.1", "x-copy", "is "+token[len("Bearer "):], "x-corp-user", "root", "traceparent", "00")
	}
	for name, row := range map[string]struct {
		guard []interceptor.ServerOption
		opts  []extauthz.Option
		want  []string
	}{
		"by default": {nil, nil, []string{"authorization", "cookie", "x-copy", "x-forwarded-client-cert", "x-forwarded-user"}},
		"as told":    {[]interceptor.ServerOption{interceptor.StripMetadata("x-corp-*"), interceptor.KeepMetadata("cookie")}, nil, []string{"authorization", "x-copy", "x-corp-user", "x-forwarded-client-cert", "x-forwarded-user"}},
		"keeping":    {nil, []extauthz.Option{extauthz.KeepAuthorization()}, []string{"cookie", "x-copy", "x-forwarded-client-cert", "x-forwarded-user"}},
	} {
		w := serve(t, company(), row.guard, row.opts...)
		removed := w.check(t, sent(w).request()).GetOkResponse().GetHeadersToRemove()
		removed = slices.DeleteFunc(removed, func(name string) bool { return slices.Contains(identity, name) })
		if diff := cmp.Diff(row.want, removed); diff != "" {
			t.Errorf("%s: removed (-want +got):\n%s", name, diff)
		}
	}
}
