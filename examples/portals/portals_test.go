package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
)

func TestCustomerSeesTheirOwnOrders(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	checkShows(t, b.Open(p.customer()), 200, "Where is my order?")
	page := enter(t, b, p.customer(), "ada")
	checkShows(t, page, 200, "Signed in as ada", "Writing desk, walnut", "Packed")
	if strings.Contains(page.Shown(), "Bookshelf") {
		t.Errorf("an order of another customer in: %s", page.Shown())
	}
	checkShows(t, b.Open(p.customer()+"/orders/o-1"), 200, "Writing desk, walnut", "It is being packed.")
	for _, id := range []string{"o-4", "o-99", "%3Cscript%3E", "..%2f..%2fetc", "%00"} {
		checkShows(t, b.Open(p.customer()+"/orders/"+id), 404, "It does not exist, or it is not yours.")
	}
}

// TestPersonnelFilesAreRefused shows the refusal on both sides: as the customer sees it, and as
// the service itself has logged it.
func TestPersonnelFilesAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "ada")
	var ids []string
	for range 2 { // each attempt has a line of its own
		page := b.Open(p.customer() + "/personnel")
		checkShows(t, page, 200,
			"What you see Refused", "Code Unauthenticated Reason AUDIENCE_MISMATCH Message token is meant for another audience",
			"What the operator of human-resource sees", `Got aud "order-status"`, `Want "human-resource"`,
			`Fix the matrix does not let client "customer-portal" call human-resource`,
			"Method /acme.hr.v1.HumanResource/ListEmployees", "Client customer-portal User ada")
		for _, secret := range []string{"eyJ", "Bob Builder"} {
			if strings.Contains(page.Text, secret) {
				t.Errorf("%q in the page", secret)
			}
		}
		_, rest, _ := strings.Cut(page.Shown(), "Request ")
		id, _, _ := strings.Cut(rest, " ")
		ids = append(ids, id)
	}
	if ids[0] == ids[1] || ids[0] == "" {
		t.Errorf("both attempts show the decision about request %q", ids[0])
	}
}

// TestBothPortalsWithOnePassword shows the work of an employee, and who is named for it.
func TestBothPortalsWithOnePassword(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "alice")
	page := b.Open(b.Open(p.backoffice()).Link("Sign in")) // no password
	checkShows(t, page, 200, "Signed in as alice", "Bookshelf, oak", "ben")
	checkShows(t, b.Open(p.backoffice()+"/employees"), 200, "Bob Builder", "Shipping")
	checkShows(t, b.Open(p.backoffice()+"/trail"), 200, "No order was changed yet.")

	order := b.Open(p.backoffice() + "/orders/o-4")
	checkShows(t, order, 200, "Clerk Bob Builder", "told the name to: order-status, for backoffice-portal, for alice")
	page = b.Submit(order, "/orders/o-4", url.Values{"status": {"STATUS_DELIVERED"}})
	checkShows(t, page, 200, "The status is changed.", "Delivered It has arrived.")

	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(page.Shown(), "night-worker") && time.Now().Before(deadline) {
		page = b.Open(p.backoffice() + "/trail") // until the worker has done its job
	}
	checkShows(t, page, 200, "o-4 to Delivered Carol Clerk alice backoffice-portal later night-worker",
		"o-4 to Delivered Bob Builder alice backoffice-portal at once on behalf of the employee")
}

func TestCustomerHasNoBusinessInTheBackOffice(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	page := enterBackoffice(t, b, p, "ada")
	checkShows(t, page, 403, "Your account may not do this", "Signed in as ada", "sign out, and sign in with that")
	for _, path := range []string{"/orders/o-1", "/employees", "/trail"} {
		page := b.Open(p.backoffice() + path)
		checkShows(t, page, 403, "Your account may not do this")
		if strings.Contains(page.Shown(), "Writing desk") || strings.Contains(page.Shown(), "Bob Builder") {
			t.Errorf("%s shows what is for employees: %s", path, page.Shown())
		}
	}
	form := url.Values{"form": {page.Attribute("input", "value")}, "status": {"STATUS_CANCELLED"}}
	checkShows(t, b.Do(b.Request(http.MethodPost, p.backoffice()+"/orders/o-1", form)), 403, "Your account may not do this")
	checkShows(t, b.Open(p.customer()+"/signin?return_to=/orders/o-1"), 200, "It is being packed.")
}

// enterBackoffice signs a user in at the back office, which may refuse the user.
func enterBackoffice(t *testing.T, b *webtest.Browser, p *portals, user string) webtest.Page {
	t.Helper()
	return b.Submit(b.Open(p.backoffice()+"/signin"), "", url.Values{"user": {user}, "password": {password}})
}

func TestUpdateIsAFormOfThePortal(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	token := enter(t, b, p.backoffice(), "bob").Attribute("input", "value")
	at := p.backoffice() + "/orders/o-1"
	for _, row := range []struct {
		name, site string
		form       url.Values
		status     int
		want       string
	}{
		{"another site", "cross-site", url.Values{"form": {token}, "status": {"STATUS_CANCELLED"}}, 403, "This form was sent by another site"},
		{"no token", "same-origin", url.Values{"status": {"STATUS_CANCELLED"}}, 403, "This form is out of date"},
		{"no status", "same-origin", url.Values{"form": {token}}, 400, "There is no such status"},
		{"an unknown status", "same-origin", url.Values{"form": {token}, "status": {"<script>"}}, 400, "There is no such status"},
		{"a status that no order has", "same-origin", url.Values{"form": {token}, "status": {"STATUS_UNSPECIFIED"}}, 400, "There is no such status"},
		{"a number", "same-origin", url.Values{"form": {token}, "status": {"5"}}, 400, "There is no such status"},
	} {
		r := b.Request(http.MethodPost, at, row.form)
		r.Header.Set("Sec-Fetch-Site", row.site)
		page := b.Do(r)
		if page.Status != row.status || page.Heading() != row.want {
			t.Errorf("%s: got %d %q, want %d %q", row.name, page.Status, page.Heading(), row.status, row.want)
		}
	}
	checkShows(t, b.Open(at), 200, "It is being packed.")
}

func TestUnknownPageLeadsBack(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	for _, portal := range []string{p.customer(), p.backoffice()} {
		page := b.Open(portal + "/no/such/page")
		checkShows(t, page, 404, "There is no such page")
		if page.Link("To the start") != portal+"/" {
			t.Errorf("no way back in: %s", page.Text)
		}
	}
}
