package matrixissuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

const frontEnds = `
version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services: {hr: {audience: hr, grpc: [acme.hr.v1.HumanResource], allow: [{clients: [portal], methods: [Get], scopes: none}]}}
clients: {portal: {id: "6f1c", secret: {env: PORTAL}}}
`

// logoutToken keeps the last logout token that was sent, with its address.
type logoutToken struct{ address, token string }

func (l *logoutToken) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	l.address, l.token = r.URL.String(), values.Get("logout_token")
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, err
}

// TestIssuerForTellsFrontEnds shows that a login leads to the addresses of a front end only,
// and that the front end is told of the end of the session that its tokens name.
func TestIssuerForTellsFrontEnds(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(frontEnds))
	if err != nil {
		t.Fatal(err)
	}
	told := &logoutToken{}
	issuers, err := matrixissuer.For(policy, matrixissuer.Users(testutil.User{Name: "alice", Password: "pw"}), matrixissuer.BackchannelTransport(told),
		matrixissuer.FrontEnds(map[string]matrixissuer.FrontEnd{"portal": {RedirectURIs: []string{"http://portal.localhost:3000/back"}, BackchannelLogoutURI: "http://portal.localhost:3000/logout"}}))
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: issuers.Transport(), Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	verifier := strings.Repeat("v", 43)
	digest := sha256.Sum256([]byte(verifier))
	post := func(path string, query, form url.Values) (*http.Response, map[string]any) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://idp.example.com"+path+"?"+query.Encode(), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var body map[string]any
		json.NewDecoder(response.Body).Decode(&body)
		return response, body
	}
	query := url.Values{
		"response_type": {"code"}, "client_id": {"6f1c"}, "audience": {"hr"}, "scope": {"openid"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "redirect_uri": {"http://portal.localhost:3001/back"},
	}
	if response, _ := post("/authorize", query, url.Values{"user": {"alice"}, "password": {"pw"}}); response.StatusCode != http.StatusBadRequest {
		t.Errorf("another address: %s, want 400", response.Status)
	}
	query.Set("redirect_uri", "http://portal.localhost:3000/back")
	response, _ := post("/authorize", query, url.Values{"user": {"alice"}, "password": {"pw"}})
	back, err := response.Location()
	if err != nil {
		t.Fatal(response.Status, err)
	}
	_, tokens := post("/token", nil, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "code_verifier": {verifier},
		"redirect_uri": {query.Get("redirect_uri")}, "client_id": {"6f1c"},
	})
	access, _ := tokens["access_token"].(string)
	if err := issuers.Issuer("corp").EndSessions(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if sid := payload(t, access)["sid"]; told.address != "http://portal.localhost:3000/logout" || sid == nil || payload(t, told.token)["sid"] != sid {
		t.Errorf("told %q of %v, want the sid of the token, %v", told.address, payload(t, told.token), sid)
	}
}

func TestIssuerForRefusesFrontEnds(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(frontEnds))
	if err != nil {
		t.Fatal(err)
	}
	for want, all := range map[string]map[string]matrixissuer.FrontEnd{
		"no client of this name":  {"shop": {}},
		"redirect URI":            {"portal": {RedirectURIs: []string{"back"}}},
		"back-channel logout URI": {"portal": {BackchannelLogoutURI: "https://portal.example/logout"}},
	} {
		if _, err := matrixissuer.For(policy, matrixissuer.FrontEnds(all)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("For(%v) = %v, want %s", all, err, want)
		}
	}
}

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q, want a JWT", token)
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(data, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
