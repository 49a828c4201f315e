package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// isDark reports whether what is behind the page is nearly black.
func (p *Page) isDark() bool {
	return get(p, "has a background", chromedp.Evaluate[bool](`getComputedStyle(document.body).backgroundColor.match(/\d+/g).every(c => c < 40)`))
}

// TestBrowserDark shows that every page has dark colours for users who want them, and that
// these can be read.
func TestBrowserDark(t *testing.T) {
	customer, backoffice := company(t)
	m := newMatrix(t)
	p := Open(t).Page(t, 360)
	p.Dark()
	look := func(text string) {
		t.Helper()
		p.Wait(text)
		p.Accessible()
		if !p.isDark() {
			t.Errorf("%s is not dark", p.URL())
		}
	}
	p.Go(customer)
	look("Where is my order?")
	signIn(p, "alice")
	look("My orders")
	p.Go(customer + "/personnel")
	look("Refused")
	p.Go(backoffice + "/signin")
	look("Orders")
	p.Go(backoffice + "/orders/o-1")
	look("Live")
	p.Click("Sign out")
	look("You are signed out")
	p.Go(backoffice + "/signin")
	look("Password")
	p.Go(m.open(t, "--decisions", m.records(t)))
	look("human-resource")
	p.Click("Review")
	look("What the records say")
	p.Click("Token")
	p.Wait("An access token")
	p.Fill("An access token", m.mint(nil))
	p.Click("Judge")
	look("Genuine")
}
