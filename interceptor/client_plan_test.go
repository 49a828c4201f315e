package interceptor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// spy records the one token request that a client sends, and responds with nothing of
// use.
type spy struct {
	url  string
	form url.Values
	user string
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		body := `{"issuer":"` + corp + `","token_endpoint":"` + corp + `/token"}`
		return response(body), nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	s.url, s.form = r.URL.String(), r.PostForm
	s.user, _, _ = r.BasicAuth()
	return response(`{}`), nil
}

func response(body string) *http.Response {
	w := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
	w.Body = readCloser{strings.NewReader(body)}
	return w
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// ordersAPI is an audience that can be requested in every way (RFC 8707 demands a URI).
const ordersAPI = "https://orders.example.com"

// asked returns the token request that the portal sends to its issuer.
func asked(t *testing.T, issuer access.Issuer, client access.Client) *spy {
	t.Helper()
	issuer.URL = corp
	s := &spy{}
	c, err := interceptor.NewClient(company(t, func(m *access.Matrix) {
		m.Issuers["corp"], m.Clients["customer-portal"] = issuer, client
		service := m.Services["order-status"]
		service.Audiences = []string{ordersAPI, "orders-v0"}
		m.Services["order-status"] = service
	}), "customer-portal", interceptor.Transport(s), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.Warm(t.Context(), "order-status")
	return s
}

// TestIssuerIsAskedAsTheMatrixSays shows that a client asks the issuer for an
// audience in the way that the matrix says.
func TestIssuerIsAskedAsTheMatrixSays(t *testing.T) {
	t.Setenv("GRPCAUD_TEST_SECRET", "customer-secret")
	client := access.Client{ID: "portal-1", Secret: access.SecretRef{Env: "GRPCAUD_TEST_SECRET"}}
	for name, row := range map[string]struct {
		issuer access.Issuer
		url    string
		form   url.Values
	}{
		"by default":         {form: url.Values{"audience": {ordersAPI}, "scope": {"orders.read"}}},
		"as the preset says": {issuer: access.Issuer{Preset: "duende"}, form: url.Values{"resource": {ordersAPI}, "scope": {"orders.read"}}},
		"as a written preset says": {
			issuer: access.Issuer{Dialect: access.Dialect{Types: []string{"jwt"}, Client: []string{"azp"}, Ask: access.Ask{Scope: "api:{audience}"}}},
			form:   url.Values{"scope": {"api:" + ordersAPI + " orders.read"}},
		},
		"as the issuer says, beside a written preset": {
			issuer: access.Issuer{Dialect: access.Dialect{Types: []string{"jwt"}, Client: []string{"azp"}, Ask: access.Ask{Scope: "api:{audience}"}}, Ask: access.Ask{Parameter: "resource"}},
			form:   url.Values{"resource": {ordersAPI}, "scope": {"orders.read"}},
		},
		"audience":   {issuer: access.Issuer{Preset: "duende", Ask: access.Ask{Parameter: "audience"}}, form: url.Values{"audience": {ordersAPI}, "scope": {"orders.read"}}},
		"resource":   {issuer: access.Issuer{Ask: access.Ask{Parameter: "resource"}}, form: url.Values{"resource": {ordersAPI}, "scope": {"orders.read"}}},
		"nothing":    {issuer: access.Issuer{Ask: access.Ask{Parameter: "nothing"}}, form: url.Values{"scope": {"orders.read"}}},
		"scope":      {issuer: access.Issuer{Ask: access.Ask{Scope: "aud:{audience}"}}, form: url.Values{"scope": {"aud:" + ordersAPI + " orders.read"}}},
		"token URLs": {issuer: access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"order-status": corp + "/orders"}}}, url: corp + "/orders", form: url.Values{"scope": {"orders.read"}}},
		"token URL":  {issuer: access.Issuer{TokenURL: corp + "/t"}, url: corp + "/t", form: url.Values{"audience": {ordersAPI}, "scope": {"orders.read"}}},
		"parameters": {
			issuer: access.Issuer{Ask: access.Ask{Parameters: map[string]string{"organization": "acme", "tenant": "1"}}},
			form:   url.Values{"audience": {ordersAPI}, "scope": {"orders.read"}, "organization": {"acme"}, "tenant": {"1"}},
		},
	} {
		got := asked(t, row.issuer, client)
		row.form.Set("grant_type", "client_credentials")
		if diff := cmp.Diff(row.form, got.form); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if row.url == "" {
			row.url = corp + "/token"
		}
		if got.url != row.url || got.user != "portal-1" {
			t.Errorf("%s: %s as %q, want %s as portal-1", name, got.url, got.user, row.url)
		}
	}
}

// TestClientAuthenticatesAsTheMatrixSays shows that a client authenticates at the
// issuer in the way that the matrix says.
func TestClientAuthenticatesAsTheMatrixSays(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	text := newPEM(t)
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GRPCAUD_TEST_KEY", string(text))
	for name, private := range map[string]access.KeyRef{
		"a file":          {File: key, KeyID: "k1", Algorithm: "ES256"},
		"the environment": {Env: "GRPCAUD_TEST_KEY", KeyID: "k1"},
	} {
		got := asked(t, access.Issuer{}, access.Client{PrivateKey: private})
		header := strings.Split(got.form.Get("client_assertion"), ".")[0]
		if got.form.Get("client_id") != "customer-portal" || decoded(t, header)["kid"] != "k1" || decoded(t, header)["alg"] != "ES256" {
			t.Errorf("a key in %s: sent %v", name, got.form)
		}
	}
	for want, way := range map[string]access.Client{
		"ES384":           {PrivateKey: access.KeyRef{File: key, Algorithm: "ES384"}},
		"*http.Transport": {Certificate: access.CertificateRef{File: key, KeyFile: key}},
	} {
		client, err := interceptor.NewClient(company(t, func(m *access.Matrix) { m.Clients["customer-portal"] = way }), "customer-portal", interceptor.Transport(&spy{}))
		if err == nil {
			err = client.Warm(t.Context(), "order-status")
			client.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error that says %s", way, err, want)
		}
	}
	assertion := filepath.Join(t.TempDir(), "assertion")
	token := newIssuer().Mint(good(nil))
	if err := os.WriteFile(assertion, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, access.Issuer{}, access.Client{Assertion: assertion}); got.form.Get("client_assertion") != token {
		t.Errorf("an assertion: sent %v", got.form)
	}
	none := filepath.Join(t.TempDir(), "none")
	client := newClient(t, newIssuer(), company(t, func(m *access.Matrix) {
		m.Clients["customer-portal"] = access.Client{Secret: access.SecretRef{File: none}}
	}), "customer-portal")
	if err := client.Warm(t.Context(), "order-status"); err == nil || !strings.Contains(err.Error(), none) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// newPEM returns a private key in PEM.
func newPEM(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// decoded returns the members of a part of a JWT.
func decoded(t *testing.T, part string) (members map[string]any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		t.Fatalf("%q: %v", part, err)
	}
	return members
}
