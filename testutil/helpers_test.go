package testutil_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

const (
	issuerURL = "https://idp.example.com/realms/corp"
	exchange  = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeToken = "urn:ietf:params:oauth:token-type:access_token"
)

// corp returns an issuer with the clients of the running example.
func corp(opts ...testutil.Option) *testutil.Issuer {
	i := testutil.NewIssuer(issuerURL, opts...)
	i.Register(testutil.Client{
		ID: "customer-portal", Secret: "s3cret",
		Audiences: []string{"order-status"},
		Scopes:    map[string][]string{"order-status": {"orders.read"}},
	})
	i.Register(testutil.Client{
		ID: "backoffice-portal", Secret: "s3:cret+%&",
		Audiences: []string{"order-status", "human-resource"},
		Scopes:    map[string][]string{"order-status": {"orders.read", "orders.write"}},
	})
	i.Register(testutil.Client{
		ID: "order-status", Secret: "s3cret",
		Audiences: []string{"human-resource"},
		Exchange:  true,
	})
	i.Register(testutil.Client{
		ID: "human-resource", Secret: "s3cret",
		Audiences:    []string{"payroll"},
		OwnAudiences: []string{"human-resource", "https://hr.example.com"},
		Exchange:     true,
	})
	return i
}

// answer is what an endpoint said.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return m
}

func send(t *testing.T, i *testutil.Issuer, r *http.Request) answer {
	t.Helper()
	res, err := i.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func get(t *testing.T, i *testutil.Issuer, url string) answer {
	t.Helper()
	return send(t, i, request(t, http.MethodGet, url, ""))
}

// post sends form to an endpoint, as client_secret_basic if id is not empty.
func post(t *testing.T, i *testutil.Issuer, e testutil.Endpoint, id, secret string, form url.Values) answer {
	t.Helper()
	r := request(t, http.MethodPost, issuerURL+string(e), form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return send(t, i, r)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// form returns the values that pairs names and gives in turn.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for p := pairs; len(p) > 0; p = p[2:] {
		v.Add(p[0], p[1])
	}
	return v
}

// part decodes the header (0) or the payload (1) of a token.
func part(t *testing.T, token string, n int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q has %d parts, want 3", token, len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		t.Fatal(err)
	}
	return answer{body: string(b)}.json(t)
}

func base64url(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
