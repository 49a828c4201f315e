package extauthz_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

// encoded is a certificate as Envoy reports it.
func encoded(c *x509.Certificate) string {
	return url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
}

// fromEnvoy writes spaces as Envoy does.
func fromEnvoy(c tls.Certificate) string { return strings.ReplaceAll(encoded(c.Leaf), "+", "%20") }

func bound(c tls.Certificate) testutil.Claims {
	sum := sha256.Sum256(c.Leaf.Raw)
	return testutil.Claims{"cnf": testutil.Claims{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}}
}

// TestBoundToken shows that a token which is bound to a certificate is admitted only with
// that certificate, as Envoy reports it or as a proxy that is named forwards it.
func TestBoundToken(t *testing.T) {
	ca := testutil.NewCA()
	client, gateway, thief := ca.Certificate("client"), ca.Certificate("gateway.example.com"), ca.Certificate("thief.example.com")
	forwarded := func(c tls.Certificate) string {
		return `Hash=1;Cert="` + fromEnvoy(c) + `";Subject="CN=\"a, b;c\"";URI=`
	}
	const xfcc = "x-forwarded-client-cert"
	trusted := extauthz.ForwardedClientCert("gateway.example.com")
	for name, row := range map[string]struct {
		opts    []extauthz.Option
		shown   string // the certificate that Envoy reports
		headers []string
		want    string
	}{
		"by its holder":                           {nil, fromEnvoy(client), nil, "OK"},
		"by another":                              {nil, fromEnvoy(thief), nil, "TOKEN_INVALID"},
		"without a certificate":                   {nil, "", nil, "TOKEN_INVALID"},
		"with two certificates":                   {nil, fromEnvoy(client) + fromEnvoy(thief), nil, "TOKEN_INVALID"},
		"with text after the certificate":         {nil, fromEnvoy(client) + "x", nil, "TOKEN_INVALID"},
		"with a certificate that cannot be read":  {nil, "%zz", nil, "TOKEN_INVALID"},
		"with too large a certificate":            {nil, fromEnvoy(client) + strings.Repeat("%0A", 64<<10), nil, "TOKEN_INVALID"},
		"forwarded, not configured":               {nil, fromEnvoy(gateway), []string{xfcc, forwarded(client)}, "TOKEN_INVALID"},
		"forwarded by the gateway":                {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, forwarded(client)}, "OK"},
		"forwarded by a stranger":                 {[]extauthz.Option{trusted}, fromEnvoy(thief), []string{xfcc, forwarded(client)}, "TOKEN_INVALID"},
		"forwarded without TLS":                   {[]extauthz.Option{trusted}, "", []string{xfcc, forwarded(client)}, "TOKEN_INVALID"},
		"forwarded twice":                         {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, forwarded(client), xfcc, forwarded(client)}, "TOKEN_INVALID"},
		"forwarded in two elements":               {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, forwarded(client) + "," + forwarded(client)}, "TOKEN_INVALID"},
		"forwarded in two plain elements":         {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, "Hash=1,By=a;Cert=" + fromEnvoy(client)}, "TOKEN_INVALID"},
		"forwarded with two certificates":         {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, forwarded(client) + ";Cert=" + fromEnvoy(client)}, "TOKEN_INVALID"},
		"forwarded in quotes that do not end":     {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, `Cert="` + fromEnvoy(client)}, "TOKEN_INVALID"},
		"forwarded in the text of another value":  {[]extauthz.Option{trusted}, fromEnvoy(gateway), []string{xfcc, `Subject="x\";Cert=` + fromEnvoy(client) + `;y=\""`}, "TOKEN_INVALID"},
		"not forwarded by the gateway":            {[]extauthz.Option{trusted}, fromEnvoy(gateway), nil, "TOKEN_INVALID"},
		"shown directly, where one may forward":   {[]extauthz.Option{trusted}, fromEnvoy(client), nil, "OK"},
		"shown directly, with a forwarded header": {[]extauthz.Option{trusted}, fromEnvoy(client), []string{xfcc, forwarded(thief)}, "OK"},
	} {
		w := serve(t, company(), nil, row.opts...)
		c := orders(w.portal(bound(client))).with(row.headers...)
		c.change = func(a *authv3.AttributeContext) { a.Source.Certificate = row.shown }
		if got := reason(t, w.check(t, c.request())); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

// TestGatewayIsNotItsClient shows that a token which is bound to the certificate of a
// proxy is not admitted for the clients of that proxy.
func TestGatewayIsNotItsClient(t *testing.T) {
	gateway := testutil.NewCA().Certificate("gateway.example.com")
	w := serve(t, company(), nil, extauthz.ForwardedClientCert("gateway.example.com"))
	c := orders(w.portal(bound(gateway)))
	c.change = func(a *authv3.AttributeContext) { a.Source.Certificate = fromEnvoy(gateway) }
	if got := reason(t, w.check(t, c.request())); got != "TOKEN_INVALID" {
		t.Errorf("got %s, want TOKEN_INVALID", got)
	}
}

// TestPlaintext shows over which connections to Envoy a token is accepted, and that what
// a client says about TLS does not count.
func TestPlaintext(t *testing.T) {
	none := []interceptor.ServerOption(nil)
	loopback := []interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Loopback)}
	mesh := []interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Mesh("istio"))}
	const refused = "TRANSPORT_INSECURE"
	pipe := &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: "/run/envoy.sock"}}}
	for name, row := range map[string]struct {
		change               func(*authv3.AttributeContext)
		none, loopback, mesh string
	}{
		"TLS":              {func(*authv3.AttributeContext) {}, "OK", "OK", "OK"},
		"TLS from nowhere": {func(a *authv3.AttributeContext) { a.Source = nil }, "OK", "OK", "OK"},
		"TLS by the server name": {func(a *authv3.AttributeContext) {
			a.Destination, a.TlsSession.Sni = nil, "envoy.example.com"
		}, "OK", "OK", "OK"},
		"TLS by the client's certificate": {func(a *authv3.AttributeContext) { a.Destination, a.Source.Certificate = nil, "x" }, "OK", "OK", "OK"},
		"plaintext":                       {func(a *authv3.AttributeContext) { a.Destination = nil }, refused, refused, "OK"},
		"no session":                      {func(a *authv3.AttributeContext) { a.Destination, a.TlsSession = nil, nil }, refused, refused, "OK"},
		"loopback":                        {plaintextFrom(address("127.0.0.1")), refused, "OK", "OK"},
		"loopback, version 6":             {plaintextFrom(address("::1")), refused, "OK", "OK"},
		"loopback, 6 of 4":                {plaintextFrom(address("::ffff:127.0.0.1")), refused, "OK", "OK"},
		"a unix socket":                   {plaintextFrom(pipe), refused, "OK", "OK"},
		"no address":                      {plaintextFrom(nil), refused, refused, refused},
		"a name":                          {plaintextFrom(address("localhost")), refused, refused, refused},
		"a claim of TLS": {func(a *authv3.AttributeContext) {
			a.Destination, a.Request.Http.Scheme = nil, "https"
			a.Request.Http.HeaderMap.Headers = append(a.Request.Http.HeaderMap.Headers,
				&corev3.HeaderValue{Key: "x-forwarded-proto", RawValue: []byte("https")}, &corev3.HeaderValue{Key: "x-forwarded-for", RawValue: []byte("127.0.0.1")})
		}, refused, refused, "OK"},
	} {
		for posture, want := range map[*[]interceptor.ServerOption]string{&none: row.none, &loopback: row.loopback, &mesh: row.mesh} {
			w := serve(t, company(), *posture)
			c := orders(w.portal(nil))
			c.change = row.change
			if got := reason(t, w.check(t, c.request())); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
			if want == refused && !strings.Contains(w.log.String(), "let Envoy's listener use TLS") {
				t.Errorf("%s: the log does not say what to do at Envoy", name)
			}
		}
	}
}

func plaintextFrom(a *corev3.Address) func(*authv3.AttributeContext) {
	return func(c *authv3.AttributeContext) { c.Destination, c.Source.Address = nil, a }
}
