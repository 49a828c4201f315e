package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// company starts both portals, and returns their addresses.
func company(t *testing.T) (customer, backoffice string) {
	t.Helper()
	program := Start(t, "./examples/portals", "-customer-addr", "127.0.0.1:0", "-backoffice-addr", "127.0.0.1:0", "-login-addr", "127.0.0.1:0", "-night", "100ms")
	return program.Find(`http://customer\.localhost:\d+`)[0], program.Find(`http://backoffice\.localhost:\d+`)[0]
}

// signIn signs a user in on the page of the issuer.
func signIn(p *Page, user string) {
	p.t.Helper()
	p.Click("Sign in")
	p.Wait("Password")
	check(p)
	p.Fill("Name", user)
	p.Fill("Password", "example")
	p.Click("Sign in")
	p.Wait("Sign out")
	check(p)
}

// shows reports a page that lacks one of the texts.
func shows(p *Page, texts ...string) {
	p.t.Helper()
	page := p.Text()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			p.t.Errorf("browser: %s does not show %q:\n%s", p.URL(), text, page)
		}
	}
}

// TestBrowserPortals does in one browser what people of the company do. An employee, who
// also buys there, signs in once for both portals. A page of the customer portal follows
// her order while she moves it on at the other one. Personnel files are refused to the
// customer portal. Signing out at one portal ends both, and the open page says so.
func TestBrowserPortals(t *testing.T) {
	for name, width := range widths {
		t.Run(name, func(t *testing.T) {
			customer, backoffice := company(t)
			browser := Open(t)
			office, shop := browser.Page(t, width), browser.Page(t, width)
			office.Go(backoffice)
			check(office)
			signIn(office, "alice")
			shows(office, "alice", "o-1", "o-6")
			office.Screenshot("portals-backoffice-" + name)

			shop.Go(customer)
			check(shop)
			shop.Click("Sign in")
			shop.Wait("My orders") // without a password
			shows(shop, "alice", "Standing lamp")
			if strings.Contains(shop.Text(), "Writing desk") {
				t.Errorf("the order of another customer is shown:\n%s", shop.Text())
			}
			check(shop)
			shop.Click("Standing lamp")
			shop.Wait("Live: this page follows the order.")
			shows(shop, "Placed")
			check(shop)

			office.Click("o-6")
			office.Wait("Change the status")
			check(office)
			office.Choose("New status", "Shipped")
			office.Click("Change")
			office.Wait("The status is changed.")
			shop.WaitFor(time.Second, "carrier")
			check(shop)
			shop.Screenshot("portals-order-" + name)
			office.Click("Employees")
			office.Wait("Carol Clerk")
			check(office)
			office.Click("Audit trail")
			office.WaitAgain("night-worker")
			shows(office, "alice", "backoffice-portal")
			check(office)
			office.Screenshot("portals-trail-" + name)

			other := browser.Page(t, width)
			other.Go(customer + "/personnel")
			other.Wait("Refused")
			shows(other, "You may not read the personnel files.", "AUDIENCE_MISMATCH", `aud "order-status"`, `"human-resource"`, "the matrix does not let client")
			check(other)
			other.Screenshot("portals-refused-" + name)

			office.Click("Sign out")
			shop.WaitFor(time.Second, "Sign in")
			shows(shop, "Ended.")
			check(shop)
			shop.Screenshot("portals-ended-" + name)
			office.Go(backoffice)
			office.Wait("Sign in")
			shop.Go(customer)
			shop.Wait("Where is my order?")
		})
	}
}

// TestBrowserPortalsKeyboard signs in, opens an order, and signs out without a mouse.
func TestBrowserPortalsKeyboard(t *testing.T) {
	customer, _ := company(t)
	p := Open(t).Page(t, 1280)
	p.Go(customer)
	p.Press(kb.Tab)
	if focus := p.Focus(); focus != "Skip to the content" {
		t.Errorf("the first thing that has the focus is %q, want the link to the content", focus)
	}
	p.TabTo("Sign in")
	p.Press(kb.Enter)
	p.Wait("Password")
	p.TabTo("Name")
	p.Press("ada")
	p.TabTo("Password")
	p.Press("example")
	p.Press(kb.Enter)
	p.Wait("My orders")
	p.TabTo("Writing desk")
	p.Press(kb.Enter)
	p.Wait("Live")
	p.TabTo("Sign out")
	p.Press(kb.Enter)
	p.Wait("You are signed out")
}
