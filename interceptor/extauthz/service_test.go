package extauthz_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestRefusals shows for which reason a call is refused.
func TestRefusals(t *testing.T) {
	w := serve(t, company(), nil)
	for name, row := range map[string]struct {
		call call
		want string
	}{
		"good":                      {orders(w.portal(nil)), "OK"},
		"no token":                  {orders(), "CREDENTIALS_MISSING"},
		"two tokens":                {orders(w.portal(nil), w.portal(nil)), "CREDENTIALS_MALFORMED"},
		"two spellings":             {orders(w.portal(nil)).with("Authorization", w.portal(nil)), "CREDENTIALS_MALFORMED"},
		"another scheme":            {orders("Basic YTpi"), "CREDENTIALS_MISSING"},
		"forged":                    {orders(w.portal(nil) + "A"), "TOKEN_INVALID"},
		"expired":                   {orders(w.portal(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()})), "TOKEN_EXPIRED"},
		"another audience":          {orders(w.portal(testutil.Claims{"aud": "human-resource"})), "AUDIENCE_MISMATCH"},
		"another client":            {orders(w.portal(testutil.Claims{"client_id": "backoffice-portal"})), "CLIENT_NOT_ALLOWED"},
		"no scope":                  {orders(w.portal(testutil.Claims{"scope": "orders.write"})), "SCOPE_INSUFFICIENT"},
		"query":                     {call{path: getOrder + "?a=b", host: "orders.example.com", service: "order-status"}.with("authorization", w.portal(nil)), "NO_POLICY"},
		"encoded letter":            {call{path: "/acme.orders.v1.OrderStatus/%47etOrderStatus", service: "order-status"}.with("authorization", w.portal(nil)), "NO_POLICY"},
		"dot segment":               {call{path: "/acme.hr.v1.Holidays/../acme.hr.v1.HumanResource/GetEmployee", service: "human-resource"}, "NO_POLICY"},
		"slash at the end":          {call{path: getOrder + "/", service: "order-status"}.with("authorization", w.portal(nil)), "NO_POLICY"},
		"absolute form":             {call{path: "http://orders.example.com" + getOrder, service: "order-status"}.with("authorization", w.portal(nil)), "NO_POLICY"},
		"no path":                   {call{service: "order-status"}.with("authorization", w.portal(nil)), "NO_POLICY"},
		"public":                    {call{path: holidays, service: "human-resource"}, "OK"},
		"public of another service": {call{path: "/acme.hr.v1.HumanResource/x", service: "order-status"}, "NO_POLICY"},
	} {
		if got := reason(t, w.check(t, row.call.request())); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

// TestServiceIsNamed shows how a request names its service, by context extension or by
// host, and that it is refused if it names none, or two.
func TestServiceIsNamed(t *testing.T) {
	w := serve(t, company(), nil)
	for name, row := range map[string]struct {
		service, host, path, want string
	}{
		"by extension":                           {"order-status", "", getOrder, "OK"},
		"by extension, with a host of no one":    {"order-status", "envoy.internal", getOrder, "OK"},
		"by host":                                {"", "orders.example.com", getOrder, "OK"},
		"by host in capitals":                    {"", "ORDERS.example.com:443", getOrder, "OK"},
		"by both":                                {"order-status", "orders.example.com", getOrder, "OK"},
		"by a host that two services have":       {"", "api.example.com", getOrder, "OK"},
		"by neither":                             {"", "", getOrder, "NO_POLICY"},
		"by a host of no one":                    {"", "envoy.internal", getOrder, "NO_POLICY"},
		"by a host with a dot at its end":        {"", "orders.example.com.", getOrder, "NO_POLICY"},
		"by a host with a port":                  {"", "orders.example.com:8443", getOrder, "OK"},
		"by contradiction":                       {"order-status", "hr.example.com", getOrder, "NO_POLICY"},
		"by an extension of a service elsewhere": {"parcels", "orders.example.com", getOrder, "NO_POLICY"},
		"method of another, by extension":        {"human-resource", "", getOrder, "NO_POLICY"},
		"method of another, by host":             {"", "hr.example.com", getOrder, "NO_POLICY"},
		"public, by neither":                     {"", "", holidays, "NO_POLICY"},
		"public, by extension":                   {"order-status", "", holidays, "OK"},
	} {
		c := call{path: row.path, host: row.host, service: row.service}.with("authorization", w.portal(nil))
		if got := reason(t, w.check(t, c.request())); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
	for _, want := range []string{"context_extensions", "the host belongs to another service", "the method belongs to service ", "the service is not guarded here"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

// TestServiceIsNamedWhateverTheMode shows that a rollout does not let a request through
// that names no service.
func TestServiceIsNamedWhateverTheMode(t *testing.T) {
	w := serve(t, company(observe(access.Observe)), nil)
	for name, c := range map[string]call{
		"neither":           {path: getOrder},
		"contradiction":     {path: getOrder, service: "order-status", host: "hr.example.com"},
		"method of another": {path: getOrder, service: "human-resource"},
		"plain HTTP":        {path: getOrder, service: "order-status", change: func(a *authv3.AttributeContext) { a.Request.Http.Method = "GET"; a.Request.Http.HeaderMap = nil }},
	} {
		if answer := w.check(t, c.request()); answer.GetDeniedResponse() == nil {
			t.Errorf("%s: got %v, want a refusal", name, answer)
		}
	}
}

// observe rolls order-status out in a mode.
func observe(mode access.Mode) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Rollout = []access.Rollout{{Mode: mode, Until: time.Now().Add(time.Hour)}}
		m.Services["order-status"] = s
	}
}

// TestRollOut shows that a call which is not refused yet goes on without a caller, and
// without the token.
func TestRollOut(t *testing.T) {
	for mode, want := range map[access.Mode]map[string]string{
		access.Observe: {}, access.Warn: {"grpcaud-would-refuse": "SCOPE_INSUFFICIENT"},
	} {
		w := serve(t, company(observe(mode)), nil, extauthz.KeepAuthorization())
		answer := w.check(t, orders(w.portal(testutil.Claims{"scope": "none"})).with("x-grpcaud-client", "root").request())
		if got := reason(t, answer); got != "OK" {
			t.Fatalf("%v: got %s, want OK", mode, got)
		}
		if diff := cmp.Diff(map[string]string{}, set(answer)); diff != "" {
			t.Errorf("%v: headers that were set (-want +got):\n%s", mode, diff)
		}
		for _, name := range append(slices.Clone(identity), "authorization") {
			if !slices.Contains(answer.GetOkResponse().GetHeadersToRemove(), name) {
				t.Errorf("%v: %s is not removed", mode, name)
			}
		}
		if diff := cmp.Diff(want, values(answer.GetOkResponse().GetResponseHeadersToAdd())); diff != "" {
			t.Errorf("%v: headers for the client (-want +got):\n%s", mode, diff)
		}
		if rows := w.guard.WouldRefuse(); len(rows) != 1 || rows[0].Client != "customer-portal" || rows[0].Peer != "203.0.113.7" {
			t.Errorf("%v: the report has %+v, want the customer portal", mode, rows)
		}
	}
}

// TestRevokedTokenIsRefused shows that a revocation counts from the next request on, and
// that a checker gets the headers of the request.
func TestRevokedTokenIsRefused(t *testing.T) {
	list := revocation.NewList(8)
	w := serve(t, company(), []interceptor.ServerOption{interceptor.Revocations(list)})
	token := w.portal(nil)
	if got := reason(t, w.check(t, orders(token).request())); got != "OK" {
		t.Fatalf("before the revocation: got %s, want OK", got)
	}
	if err := list.Revoke(revocation.Entry{Issuer: corp, Subject: "alice", Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := reason(t, w.check(t, orders(token).request())); got != "TOKEN_REVOKED" {
		t.Errorf("after it: got %s, want TOKEN_REVOKED", got)
	}

	asked := checker(func(ctx context.Context) error {
		if got := metadata.ValueFromIncomingContext(ctx, "x-tenant-hint"); !slices.Equal(got, []string{"a"}) {
			t.Errorf("the checker got x-tenant-hint %q, want a", got)
		}
		return errors.New("the store is down")
	})
	w = serve(t, company(), []interceptor.ServerOption{interceptor.Revocations(asked)})
	answer := w.check(t, orders(w.portal(nil)).with("x-tenant-hint", "a").request())
	if got := reason(t, answer); got != "ISSUER_UNAVAILABLE" || answer.GetDeniedResponse().GetStatus().GetCode() != 503 {
		t.Errorf("while the checker does not know: got %s, %v, want ISSUER_UNAVAILABLE with 503", got, answer.GetDeniedResponse().GetStatus())
	}
}

type checker func(context.Context) error

func (c checker) Revoked(ctx context.Context, _ *claims.Claims) error { return c(ctx) }

// TestSwap shows that a new policy counts from the next request on.
func TestSwap(t *testing.T) {
	w := serve(t, company(), nil)
	policy, err := access.New(company(func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Allow, s.Authorities = []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}}, []string{"new.example.com"}
		m.Services["order-status"] = s
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.guard.Swap(policy); err != nil {
		t.Fatal(err)
	}
	c := call{path: getOrder, host: "new.example.com"}.with("authorization", w.portal(nil))
	if got := reason(t, w.check(t, c.request())); got != "CLIENT_NOT_ALLOWED" {
		t.Errorf("got %s, want CLIENT_NOT_ALLOWED", got)
	}
	c.host = "orders.example.com"
	if got := reason(t, w.check(t, c.request())); got != "NO_POLICY" {
		t.Errorf("at the host of the old policy: got %s, want NO_POLICY", got)
	}
}

// TestUnavailableIssuer shows that a token which cannot be judged is refused as that, and
// not as a bad one.
func TestUnavailableIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, company(), nil)
		w.issuer.Down()
		answer := w.check(t, orders(w.portal(nil)).request())
		if got := reason(t, answer); got != string(audience.ReasonIssuerUnavailable) {
			t.Errorf("got %s, want %s", got, audience.ReasonIssuerUnavailable)
		}
		if got := answer.GetDeniedResponse().GetStatus().GetCode(); got != 503 {
			t.Errorf("got HTTP status %v, want 503", got)
		}
	})
}

func TestNewMistakes(t *testing.T) {
	w := serve(t, company(), nil)
	for name, row := range map[string]struct {
		guard *interceptor.Server
		opt   extauthz.Option
		want  string
	}{
		"no guard":   {nil, extauthz.KeepAuthorization(), "no guard; make one with interceptor.NewServer"},
		"no option":  {w.guard, nil, "a nil option"},
		"no proxy":   {w.guard, extauthz.ForwardedClientCert(), "without the name of a proxy"},
		"empty name": {w.guard, extauthz.ForwardedClientCert("a", ""), "without the name of a proxy"},
	} {
		if _, err := extauthz.New(row.guard, row.opt); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}
