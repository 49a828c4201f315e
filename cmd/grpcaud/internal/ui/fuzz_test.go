package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/grpcaud/grpcaud/testutil"
)

const matrix = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  orders: {grpc: [shop.v1.Orders], allow: [{clients: [portal], methods: [Get], scopes: [read]}, {clients: [office], methods: ["*"], scopes: none}]}
  people: {grpc: [shop.v1.People, shop.v1.Staff], allow: [{clients: any, methods: [List], scopes: none, roles: [clerk]}], closed: [Fire]}
clients: {portal: {}, office: {}}
public: [shop.v1.Staff/Count]
`

// FuzzToken shows that whatever is pasted gets a page that has no element and no invisible
// character from it, and never the signature.
func FuzzToken(f *testing.F) {
	issuer := testutil.NewIssuer("https://idp.example.com")
	claims := testutil.Claims{"aud": "orders", "client_id": "portal", "sub": "alice", "scope": "read"}
	jwks := httptest.NewRecorder()
	issuer.ServeHTTP(jwks, httptest.NewRequest(http.MethodGet, "https://idp.example.com"+string(testutil.JWKS), nil))
	for _, token := range []string{
		issuer.Mint(claims), issuer.Mint(testutil.Claims{"aud": "<b>\x1b\u202e", "<b>": "<i>"}), "Bearer a.b.c", "a.b.c.d.e", "<script>alert(1)</script>", "\x00\xff", `{"access_token":"x"}`,
	} {
		f.Add(token)
	}
	path := filepath.Join(f.TempDir(), "access.yaml")
	if err := os.WriteFile(path, []byte(matrix), 0o600); err != nil {
		f.Fatal(err)
	}
	s := &Server{options: Options{Path: path}, events: newEvents()}
	s.options.Keys.Offline, s.options.Keys.JWKS = true, jwks.Body.Bytes()
	var err error
	if s.file, err = follow(path, s.options); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(url.Values{"token": {text}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.judge(w, r)
		page := w.Body.String()
		if i := strings.IndexFunc(page, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
			t.Fatalf("an invisible character at byte %d of\n%s", i, page)
		}
		if parts := strings.Split(text, "."); len(parts) == 3 && len(parts[2]) > 20 && strings.Contains(page, parts[2]) {
			t.Fatalf("the signature is in\n%s", page)
		}
		for _, name := range elements(t, page) {
			if !strings.Contains(" html head meta title link script body a header p img nav main h1 h2 h3 div code span form label textarea button section details summary b dl dt dd table thead tbody tr th td ", " "+name+" ") {
				t.Fatalf("an element %s in\n%s", name, page)
			}
		}
		if strings.Count(page, "<script") != 1 {
			t.Fatalf("a script in\n%s", page)
		}
	})
}

// elements returns the names of the elements of a page.
func elements(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			names = append(names, n.Data)
		}
	}
	return names
}
