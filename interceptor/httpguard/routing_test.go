package httpguard_test

import (
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	_ "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1" // links its options
	"github.com/grpcaud/grpcaud/testutil"
)

func admitOf(t testing.TB, policy *access.Policy) *interceptor.Server {
	t.Helper()
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(testutil.NewIssuer(corp).Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	return admit
}

// TestMistakesAtStart shows that a guard is not made of what does not fit the matrix, and
// that the error says what to do.
func TestMistakesAtStart(t *testing.T) {
	lacking, surplus, twice, none := every(echo), every(echo), every(echo), every(echo)
	delete(lacking, "CancelOrder")
	surplus["CancelOrders"] = http.HandlerFunc(echo)
	twice["order-status/Version"] = http.HandlerFunc(echo)
	none["Version"] = nil
	noHTTP := company(t, inService(func(s *access.Service) { s.HTTP = nil }), func(m *access.Matrix) { m.Public = nil })
	for name, row := range map[string]struct {
		policy   *access.Policy
		handlers httpguard.Handlers
		options  []httpguard.Option
		want     string
	}{
		"an operation without a handler":  {nil, lacking, nil, "order-status/CancelOrder"},
		"a handler without an operation":  {nil, surplus, nil, `"CancelOrders"`},
		"two handlers":                    {nil, twice, nil, "order-status/Version has two handlers"},
		"a nil handler":                   {nil, none, nil, `"Version" has a nil handler`},
		"no handlers":                     {nil, nil, nil, "no handlers"},
		"a matrix without operations":     {noHTTP, every(echo), nil, "write them under http, operations"},
		"a nil option":                    {nil, every(echo), []httpguard.Option{nil}, "nil option"},
		"a nil certificate function":      {nil, every(echo), []httpguard.Option{httpguard.PeerCertificate(nil)}, "nil function"},
		"an origin with a path":           {nil, every(echo), []httpguard.Option{httpguard.AllowOrigins(page + "/")}, "is not an origin"},
		"every origin":                    {nil, every(echo), []httpguard.Option{httpguard.AllowOrigins("*")}, "is not an origin"},
		"every subdomain":                 {nil, every(echo), []httpguard.Option{httpguard.AllowOrigins("https://*.example.com")}, "is not an origin"},
		"the null origin":                 {nil, every(echo), []httpguard.Option{httpguard.AllowOrigins("null")}, "is not an origin"},
		"an origin in capital letters":    {nil, every(echo), []httpguard.Option{httpguard.AllowOrigins("https://Portal.example.com")}, "is not an origin"},
		"upgrade of an unknown operation": {nil, every(echo), []httpguard.Option{httpguard.AllowUpgrade("Watch")}, `"Watch" in AllowUpgrade`},
	} {
		if row.policy == nil {
			row.policy = company(t)
		}
		_, err := httpguard.New(admitOf(t, row.policy), row.handlers, row.options...)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
	if _, err := httpguard.New(nil, every(echo)); err == nil {
		t.Error("no server is no error")
	}
	if _, err := httpguard.Wrap(admitOf(t, company(t)), nil); err == nil {
		t.Error("a nil handler is no error")
	}
}

// TestOptionsOfProtoFilesAreDemanded shows that a policy which was made without what a
// .proto file demands of callers guards no HTTP face of that service either.
func TestOptionsOfProtoFilesAreDemanded(t *testing.T) {
	const catalogue = "acme.catalogue.v1.Catalogue"
	matrix := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"order-status": {
			GRPC: []string{catalogue}, Audiences: []string{"catalogue"}, HTTP: &access.HTTP{Operations: map[string][]string{"GetItem": {"GET /v1/items/{id}"}}},
			Allow: []access.Allow{{Clients: []string{"customer-portal", "backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
	}
	without, err := access.New(matrix)
	if err != nil {
		t.Fatal(err)
	}
	handlers := httpguard.Handlers{"GetItem": http.HandlerFunc(echo)}
	if _, err := httpguard.New(admitOf(t, without), handlers); err == nil || !strings.Contains(err.Error(), "protopolicy.FromFiles") {
		t.Errorf("%v, want an error that says how to read the options", err)
	}
	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, catalogue)
	if err != nil {
		t.Fatal(err)
	}
	with, err := access.New(matrix, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := httpguard.New(admitOf(t, with), handlers); err != nil {
		t.Error(err)
	}
}

// TestClosedOperationNeedsNoHandler shows that what nobody may call has no handler, and is
// refused.
func TestClosedOperationNeedsNoHandler(t *testing.T) {
	policy := company(t, inService(func(s *access.Service) { s.Allow, s.Closed = s.Allow[:1], []string{"CancelOrder"} }))
	handlers := every(echo)
	delete(handlers, "CancelOrder")
	if _, err := httpguard.New(admitOf(t, policy), handlers); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setup{policy: policy})
	token := "Bearer " + w.issuer.Mint(good(nil))
	got := ask(t, w.client(t, "HTTP/2.0"), "DELETE", getting, "Authorization", token)
	if (verdict{got.status, got.problem.Reason}) != noPolicy {
		t.Errorf("%d %s, want %v", got.status, got.problem.Reason, noPolicy)
	}
}

// TestSwapNeedsHandlers shows that a policy with an operation that the program does not
// have is not taken, and the old one stays.
func TestSwapNeedsHandlers(t *testing.T) {
	w := newWorld(t, setup{})
	more := company(t, inService(func(s *access.Service) {
		s.HTTP.Operations["RefundOrder"] = []string{"POST /v1/orders/{id}/refund"}
		s.Allow[0].Methods = append(s.Allow[0].Methods, "RefundOrder")
	}))
	if err := w.admit.Swap(more); err == nil || !strings.Contains(err.Error(), "RefundOrder") {
		t.Errorf("%v, want an error about RefundOrder", err)
	}
	got := ask(t, w.client(t, "HTTP/1.1"), "GET", getting, "Authorization", "Bearer "+w.issuer.Mint(good(nil)))
	if got.status != 200 {
		t.Errorf("%d: the old policy is gone", got.status)
	}
}

// TestWrapGuardsAHandlerWithRoutesOfItsOwn shows that a wrapped handler gets requests of
// operations alone, with the path as it came.
func TestWrapGuardsAHandlerWithRoutesOfItsOwn(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/orders/{rest...}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.EscapedPath()) })
	mux.HandleFunc("/admin/", func(http.ResponseWriter, *http.Request) { t.Error("a route without an operation was reached") })
	w := &world{issuer: testutil.NewIssuer(corp), log: &logBuffer{}, ca: testutil.NewCA()}
	admit, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.Transport(w.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	if w.handler, err = httpguard.Wrap(admit, mux); err != nil {
		t.Fatal(err)
	}
	w.serve(t, setup{})
	token := "Bearer " + w.issuer.Mint(good(nil))
	for path, want := range map[string]int{"/v1/orders/a%20b": 200, "/admin/": 403, "/admin/x": 403, "/v1/orders/": 403, "/v1/orders/..%2f..%2fadmin": 403, "/v1/orders/7/x": 403} {
		got := ask(t, w.client(t, "HTTP/1.1"), "GET", path, "Authorization", token)
		if got.status != want || want == 200 && got.body != path {
			t.Errorf("%s: %d %q, want %d", path, got.status, got.body, want)
		}
	}
}

// TestCertificateOfAProxy shows that a program can say where the certificate is.
func TestCertificateOfAProxy(t *testing.T) {
	ca := testutil.NewCA()
	mine := ca.Certificate("portal.example")
	leaf, err := x509.ParseCertificate(mine.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setup{options: []httpguard.Option{httpguard.PeerCertificate(func(r *http.Request) *x509.Certificate {
		if r.Header.Get("X-Client-Cert") == url.QueryEscape("mine") {
			return leaf
		}
		return nil
	})}})
	token := "Bearer " + w.issuer.Mint(good(testutil.Claims{"cnf": map[string]any{"x5t#S256": thumbprint(mine)}}))
	for header, want := range map[string]int{"mine": 200, "another": 401} {
		if got := ask(t, w.client(t, "HTTP/2.0"), "GET", getting, "Authorization", token, "X-Client-Cert", header); got.status != want {
			t.Errorf("%s: %d, want %d", header, got.status, want)
		}
	}
}

// TestMountedUnderAPrefix shows that a handler around the guard may take a prefix off the
// path, but hides nothing that is wrong in it.
func TestMountedUnderAPrefix(t *testing.T) {
	w := newWorld(t, setup{around: func(next http.Handler) http.Handler { return http.StripPrefix("/api", next) }})
	token := "Bearer " + w.issuer.Mint(good(nil))
	for path, want := range map[string]int{"/api" + getting: 200, "/api/x/.." + getting: 403, getting: 404} {
		if got := ask(t, w.client(t, "HTTP/2.0"), "GET", path, "Authorization", token); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
}
