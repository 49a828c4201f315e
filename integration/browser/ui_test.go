package browser

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/grpcaud/grpcaud/testutil"
)

// widths are those of a telephone and of a desk.
var widths = map[string]int64{"360": 360, "1280": 1280}

// matrix is the access matrix of the running example, in a file that a test may change,
// with the issuer whose tokens it accepts.
type matrix struct {
	path, keys string
	issuer     *testutil.Issuer
}

func newMatrix(t *testing.T) matrix {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "backoffice", "access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := matrix{path: filepath.Join(dir, "access.yaml"), keys: filepath.Join(dir, "keys.json"), issuer: testutil.NewIssuer("https://idp.example.com/realms/corp", testutil.Keycloak())}
	m.write(t, string(text))
	response, err := (&http.Client{Transport: m.issuer.Transport()}).Get(m.issuer.URL() + string(testutil.JWKS))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.keys, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m matrix) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(m.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open starts grpcaud ui and returns the address of its page.
func (m matrix) open(t *testing.T, args ...string) string {
	t.Helper()
	return Start(t, "./cmd/grpcaud", append([]string{"ui", m.path, "--jwks", m.keys, "--offline"}, args...)...).Find(`http://\S+`)[0]
}

// records writes records of two calls, after which one record is missing: of the customer
// portal, and of a client that the matrix does not name.
func (m matrix) records(t *testing.T) string {
	t.Helper()
	var text string
	for _, client := range []string{"customer-portal", `<img src=x onerror=alert(1)>`} {
		text += fmt.Sprintf(`{"time":"2026-11-01T12:00:00Z","type":"grpcaud.decision","version":1,"method":"/acme.orders.v1.OrderStatus/GetOrderStatus","service":"order-status","issuer":%q,"audience":["order-status"],"client":%q,"caller":"user","scopes":["orders.read"],"decision":"admitted","mode":"enforce","policy":"earlier","duration_ns":1}`+"\n", m.issuer.URL(), client)
	}
	text += `{"time":"2026-11-02T12:00:00Z","type":"grpcaud.gap","version":1,"records":1,"first":"2026-11-02T12:00:00Z","last":"2026-11-02T12:00:00Z","reason":"full"}` + "\n"
	path := filepath.Join(filepath.Dir(m.path), "decisions.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mint returns a token of the customer portal, with these claims instead of its own.
func (m matrix) mint(claims testutil.Claims) string {
	all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "ada", "scope": "orders.read", "typ": "Bearer"}
	for name, value := range claims {
		all[name] = value
	}
	return m.issuer.Mint(all)
}

// check reports what is wrong with a page as it is, whatever it shows.
func check(p *Page) {
	p.t.Helper()
	p.Accessible()
	p.Fits()
	if faults := p.Faults(); len(faults) > 0 {
		p.t.Errorf("browser: the console of %s shows %q", p.URL(), faults)
	}
}

// TestBrowserUI looks at the pages of grpcaud ui: the matrix with the reason of a cell, a
// token of another audience, and a change of the file.
func TestBrowserUI(t *testing.T) {
	for name, width := range widths {
		t.Run(name, func(t *testing.T) {
			m := newMatrix(t)
			p := Open(t).Page(t, width)
			p.Go(m.open(t))
			p.Wait("human-resource")
			check(p)
			p.Screenshot("ui-matrix-" + name)

			p.Click("Token")
			p.Wait("An access token")
			check(p)
			p.Fill("An access token", m.mint(testutil.Claims{"aud": "human-resource", "name": `<img src=x onerror=alert(1)>`}))
			p.Click("Judge")
			p.Wait("AUDIENCE_MISMATCH")
			text := p.Text()
			for _, want := range []string{"order-status", "human-resource", "Genuine", "<img src=x onerror=alert(1)>", "Fix"} {
				if !strings.Contains(text, want) {
					t.Errorf("the verdict does not show %q:\n%s", want, text)
				}
			}
			if strings.Contains(p.URL(), "ey") {
				t.Errorf("the token is in the address: %s", p.URL())
			}
			check(p)
			p.Screenshot("ui-token-" + name)

			p.Click("Matrix")
			p.Wait("human-resource")
			good, err := os.ReadFile(m.path)
			if err != nil {
				t.Fatal(err)
			}
			m.write(t, strings.Replace(string(good), "scopes: [orders.read]", "scopes: []", 1))
			p.Wait("does not load")
			check(p)
			m.write(t, strings.Replace(string(good), "methods: [GetOrderStatus, WatchOrderStatus]", "methods: [GetOrderStatus]", 1))
			p.Wait("WatchOrderStatus") // which only the other entry allows now
			check(p)
		})
	}
}

// TestBrowserUIReview looks at what clients can reach and at the review: without records, of all
// clients, of one, and after a change of the file.
func TestBrowserUIReview(t *testing.T) {
	for name, width := range widths {
		t.Run(name, func(t *testing.T) {
			m := newMatrix(t)
			p := Open(t).Page(t, width)
			p.Go(m.open(t))
			p.Click("Reach")
			p.Wait("all clients")
			check(p)
			p.Click("Review")
			p.Wait("A review needs records of decisions")
			check(p)

			p.Go(m.open(t, "--decisions", m.records(t)))
			p.Click("Review")
			p.Wait("What the records say")
			text := p.Text()
			for _, want := range []string{"2 records from 2026-11-01T12:00:00Z", "Missing are 1 record", "<img src=x onerror=alert(1)>", "2026-11-01", "not known: records may be missing", "team-people"} {
				if !strings.Contains(text, want) {
					t.Errorf("the review does not show %q:\n%s", want, text)
				}
			}
			check(p)
			p.Screenshot("ui-review-" + name)

			p.Click("customer-portal")
			p.Wait("customer-portal never called")
			check(p)
			good, err := os.ReadFile(m.path)
			if err != nil {
				t.Fatal(err)
			}
			m.write(t, strings.Replace(string(good), "clients: [customer-portal, backoffice-portal]", "clients: [backoffice-portal]", 1))
			p.Wait("will be refused")
			check(p)
		})
	}
}

// TestBrowserUIPicture judges a customer's token, which one service admits, for the front page.
func TestBrowserUIPicture(t *testing.T) {
	m := newMatrix(t)
	p := Open(t).Page(t, 1280)
	p.Go(Start(t, "./cmd/grpcaud", "ui", "examples/backoffice/access.yaml", "--jwks", m.keys, "--offline").Find(`http://\S+`)[0])
	p.Click("Token")
	p.Wait("An access token")
	p.Fill("An access token", m.mint(nil))
	p.Click("Judge")
	p.Wait("Admitted by 1 of 2 services")
	p.Picture("ui", 960, 800)
}

// TestBrowserUIKeyboard explains a cell and judges a token without a mouse.
func TestBrowserUIKeyboard(t *testing.T) {
	m := newMatrix(t)
	p := Open(t).Page(t, 1280)
	p.Go(m.open(t))
	p.Wait("human-resource")
	p.Press(kb.Tab)
	if focus := p.Focus(); focus != "To the content" {
		t.Errorf("the first thing that has the focus is %q, want the link to the content", focus)
	}
	p.TabTo("Token")
	p.Press(kb.Enter)
	p.Wait("An access token")
	p.TabTo("An access token")
	p.Press(m.mint(testutil.Claims{"aud": "payroll"}))
	p.TabTo("Judge")
	p.Press(kb.Enter)
	p.Wait("Refused by every service")
}
