package extauthz_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

// httpReason returns the reason in the refusal of an HTTP request; "OK" if it goes on.
func httpReason(t testing.TB, answer *authv3.CheckResponse) string {
	t.Helper()
	if answer.GetOkResponse() != nil {
		return "OK"
	}
	var problem struct{ Reason string }
	if err := json.Unmarshal([]byte(answer.GetDeniedResponse().GetBody()), &problem); err != nil {
		t.Fatal(err)
	}
	return problem.Reason
}

// TestHTTPRequests shows which HTTP requests go on, and for which reason the others are
// refused.
func TestHTTPRequests(t *testing.T) {
	w := serve(t, company(), nil)
	good := w.portal(nil)
	hr := func(c call) call { c.service = "human-resource"; c.host = "hr.example.com"; return c }
	method := func(name string) func(*authv3.AttributeContext) {
		return func(a *authv3.AttributeContext) { a.Request.Http.Method = name }
	}
	for name, row := range map[string]struct {
		call call
		want string
	}{
		"an operation":                  {get("/v1/orders/7", good), "OK"},
		"with a query":                  {get("/v1/orders/7?a=/../b", good), "OK"},
		"an operation of its own":       {get("/v1/orders", good), "OK"},
		"HEAD":                          {get("/v1/orders", good).changed(method("HEAD")), "OK"},
		"public":                        {get("/v1/ping"), "OK"},
		"no token":                      {get("/v1/orders/7"), "CREDENTIALS_MISSING"},
		"two tokens":                    {get("/v1/orders/7", good, good), "CREDENTIALS_MALFORMED"},
		"a token in the query":          {get("/v1/orders/7?access_token=" + strings.TrimPrefix(good, "Bearer ")), "CREDENTIALS_MISSING"},
		"another audience":              {get("/v1/orders/7", w.portal(testutil.Claims{"aud": "x"})), "AUDIENCE_MISMATCH"},
		"no scope":                      {get("/v1/orders/7", w.portal(testutil.Claims{"scope": "x"})), "SCOPE_INSUFFICIENT"},
		"no operation":                  {get("/v1/parcels", good), "NO_POLICY"},
		"no operation, and no token":    {get("/v1/parcels"), "CREDENTIALS_MISSING"},
		"another method":                {get("/v1/orders/7", good).changed(method("POST")), "NO_POLICY"},
		"CONNECT":                       {get("/v1/orders/7", good).changed(method("CONNECT")), "NO_POLICY"},
		"OPTIONS":                       {get("/v1/orders/7").changed(method("OPTIONS")), "CREDENTIALS_MISSING"},
		"a method override":             {get("/v1/orders/7", good).with("x-http-method-override", "DELETE"), "NO_POLICY"},
		"an upgrade":                    {get("/v1/orders/7", good).with("upgrade", "websocket"), "NO_POLICY"},
		"dots":                          {get("/v1/orders/../ping"), "CREDENTIALS_MISSING"},
		"dots, with a token":            {get("/v1/ping/../orders/7", good), "NO_POLICY"},
		"an empty segment":              {get("/v1//orders/7", good), "NO_POLICY"},
		"an escaped slash":              {get("/v1/orders/7%2f8", good), "NO_POLICY"},
		"an escaped dot":                {get("/v1/orders/%2e%2e", good), "NO_POLICY"},
		"escaped twice":                 {get("/v1/orders/%252e", good), "NO_POLICY"},
		"an escape of escapes":          {get("/v1/orders/x%25%32%66", good), "NO_POLICY"},
		"a backslash":                   {get("/v1/orders\\7", good), "NO_POLICY"},
		"an invalid escape":             {get("/v1/orders/%zz", good), "NO_POLICY"},
		"two content types":             {get("/v1/ping").with("content-type", "application/grpc", "content-type", "application/json"), "CREDENTIALS_MISSING"},
		"a fragment":                    {get("/v1/orders/7#a", good), "NO_POLICY"},
		"absolute form":                 {get("http://orders.example.com/v1/orders/7", good), "NO_POLICY"},
		"the target *":                  {get("*", good), "NO_POLICY"},
		"an empty target":               {get("", good), "NO_POLICY"},
		"the name of an operation":      {get("order-status/GetOrderStatus", good), "NO_POLICY"},
		"the path of the gRPC method":   {get(getOrder, good), "NO_POLICY"},
		"of another service":            {get("/v1/employees/7", good), "NO_POLICY"},
		"at another service":            {hr(get("/v1/orders/7", good)), "NO_POLICY"},
		"public at another service":     {hr(get("/v1/ping")), "NO_POLICY"},
		"no service":                    {get("/v1/orders/7", good).changed(func(a *authv3.AttributeContext) { a.ContextExtensions, a.Request.Http.Host = nil, "" }), "NO_POLICY"},
		"plaintext":                     {get("/v1/orders/7", good).changed(func(a *authv3.AttributeContext) { a.Destination = nil }), "TRANSPORT_INSECURE"},
		"a host with a dot at its end":  {get("/v1/orders/7", good).changed(func(a *authv3.AttributeContext) { host(a, "orders.example.com.") }), "NO_POLICY"},
		"a host with a strange letter":  {get("/v1/orders/7", good).changed(func(a *authv3.AttributeContext) { host(a, "orders.example.com/x") }), "NO_POLICY"},
		"an authority and a host":       {get("/v1/orders/7", good).with("host", "hr.example.com"), "NO_POLICY"},
		"gRPC by its content, not POST": {get("/v1/orders/7", good).with("content-type", "application/grpc"), "OK"},
	} {
		if got := httpReason(t, w.check(t, row.call.request())); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

func host(a *authv3.AttributeContext, host string) {
	a.Request.Http.Host = host
	a.Request.Http.HeaderMap.Headers[1].RawValue = []byte(host)
}

// TestGRPCPathIsNoOperation shows that a gRPC call is judged by its method alone, even if
// its path is the name or the path of an operation.
func TestGRPCPathIsNoOperation(t *testing.T) {
	w := serve(t, company(), nil)
	for _, path := range []string{"order-status/Ping", "order-status/GetOrderStatus", "/v1/ping", "/order-status/Ping", "/v1/orders/7"} {
		c := orders(w.portal(nil))
		c.path = path
		if got := reason(t, w.check(t, c.request())); got != "NO_POLICY" {
			t.Errorf("%s: got %s, want NO_POLICY", path, got)
		}
	}
}

// TestHTTPHeaders shows which headers of an HTTP request and of its answer change.
func TestHTTPHeaders(t *testing.T) {
	w := serve(t, company(), nil)
	answer := w.check(t, get("/v1/orders/7", w.portal(nil)).with("x-original-url", "/v1/ping", "x-forwarded-uri", "/", "cookie", "a=b").request())
	for _, name := range []string{"authorization", "x-original-url", "x-forwarded-uri", "x-rewrite-url", "cookie"} {
		if !slices.Contains(answer.GetOkResponse().GetHeadersToRemove(), name) {
			t.Errorf("%s is not removed", name)
		}
	}
	if got := set(answer)[extauthz.HeaderClient]; got != "customer-portal" {
		t.Errorf("the service reads the client %q, want customer-portal", got)
	}
	if diff := cmp.Diff(map[string]string{"vary": "Authorization"}, values(answer.GetOkResponse().GetResponseHeadersToAdd())); diff != "" {
		t.Errorf("headers of the answer (-want +got):\n%s", diff)
	}
}
