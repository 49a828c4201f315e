package main_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDevLogsUsersIn follows a login in a browser, and the call with the user's token.
func TestDevLogsUsersIn(t *testing.T) {
	d := develop(t, strings.Replace(shopMatrix, "scopes: [orders.read]}", "scopes: [orders.read], callers: users, roles: [clerk]}", 1), "--user", "bob", "--user", "alice", "--role", "clerk", "--claim", "department=hr", "--expire", "1m")
	at := d.issuer(t, "corp")
	query := url.Values{
		"response_type": {"code"}, "client_id": {"portal"}, "redirect_uri": {"http://127.0.0.1:1/back"}, "audience": {"orders"}, "scope": {"orders.read"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, // RFC 7636, appendix B
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	defer browser.CloseIdleConnections()
	page, err := browser.PostForm(at+"/authorize?"+query.Encode(), url.Values{"user": {"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := url.Parse(page.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("the client gets %q, %v", back, err)
	}
	response, err := browser.PostForm(at+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"portal"}, "code": back.Query()["code"], "redirect_uri": query["redirect_uri"],
		"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"expires_in":60`) {
		t.Fatalf("%v, %s", err, body)
	}
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(string(body))[1]
	run(t, token, "explain", d.path("access.dev.yaml"), "--service", "orders", "--method", "Get").want(t, 0, "admitted", "alice", "clerk")
}

// TestDevGivesCertificates shows that a client of mutual TLS has a certificate, and that the
// files end with the command.
func TestDevGivesCertificates(t *testing.T) {
	d := develop(t, strings.Replace(shopMatrix, "portal: {secret: {file: nowhere}}", "portal: {mtls: {cert: nowhere, key: nowhere}}", 1))
	text := d.read(t)
	files := regexp.MustCompile(`mtls: \{cert: (\S+), key: (\S+)\}`).FindStringSubmatch(text)
	if files == nil {
		t.Fatalf("no certificate in\n%s", text)
	}
	addr := d.serveAt(t)
	for _, args := range d.commands("call") {
		if slices.Contains(args, "portal") && slices.Contains(args, "Get") {
			d.call(t, args, addr).want(t, 0)
		}
	}
	run(t, "", "token", d.path("access.dev.yaml"), "--as", "portal", "--for", "orders", "--issuer-ca", filepath.Join(filepath.Dir(files[1]), "ca.pem")).want(t, 0, "admitted")
	d.stop()
	if _, err := os.Stat(filepath.Dir(files[1])); !os.IsNotExist(err) {
		t.Errorf("the certificates are still there: %v", err)
	}
}

// keys returns the published keys of the issuer corp.
func (d *development) keys(t *testing.T) string {
	t.Helper()
	response, err := http.Get(d.issuer(t, "corp") + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestDevRotatesKeys shows that tokens of new keys are admitted, by a server that knows the
// old ones.
func TestDevRotatesKeys(t *testing.T) {
	d := develop(t, shopMatrix)
	before := d.keys(t)
	address := strings.TrimSuffix(d.issuer(t, "corp"), "/corp") + "/rotate"
	response, err := http.Post(address, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if after := d.keys(t); response.StatusCode != http.StatusNoContent || after == before {
		t.Errorf("%s: the keys are still\n%s", response.Status, after)
	}
	for name, change := range map[string]func(*http.Request){
		"another site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another name": func(r *http.Request) { r.Host = "evil.example:80" },
		"no host":      func(r *http.Request) { r.Host = "evil.example" },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s: %s, want a refusal", name, response.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
