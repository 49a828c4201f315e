package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

// refusing answers a request for a token with an error of OAuth.
func refusing(code string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"` + code + `","error_description":"eyJ secret of the provider"}`))
	})
}

// TestFailedExchangeSaysWhoCanMendIt shows that the page for a token that could not be exchanged
// tells apart the user, who signs in again, the operator, and an outage; and that a portal leads
// nobody to the sign-in page by itself.
func TestFailedExchangeSaysWhoCanMendIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		fault   http.Handler
		status  int
		heading string
		in      bool // the user is still signed in
	}{
		{"the login has ended", refusing("invalid_grant"), http.StatusUnauthorized, "Your sign-in has ended", false},
		{"wrong secret", refusing("invalid_client"), http.StatusInternalServerError, "The portal is set up wrongly", true},
		{"no exchange", refusing("unauthorized_client"), http.StatusInternalServerError, "The portal is set up wrongly", true},
		{"unknown audience", refusing("invalid_target"), http.StatusInternalServerError, "The portal is set up wrongly", true},
		{"scope", refusing("invalid_scope"), http.StatusInternalServerError, "The portal is set up wrongly", true},
		{"outage", testutil.RespondStatus(http.StatusServiceUnavailable), http.StatusServiceUnavailable, "A service does not answer", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			b := webtest.NewBrowser(t)
			enter(t, b, p.backoffice(), "bob")
			p.company.Issuer.Fault(testutil.Token, row.fault)
			b.Stay()
			page := b.Open(p.backoffice() + "/employees")
			if page.Status != row.status || page.Heading() != row.heading {
				t.Errorf("got %d %q, want %d %q", page.Status, page.Heading(), row.status, row.heading)
			}
			if strings.Contains(page.Text, "eyJ") {
				t.Errorf("the text of the provider is on the page: %s", page.Text)
			}
			signInAgain := page.Link("Sign in")
			if want := p.backoffice() + "/signin?return_to=%2Femployees"; !row.in && signInAgain != want || row.in && signInAgain != "" {
				t.Errorf("link to sign in: got %q, signed in: %t", signInAgain, row.in)
			}
			p.company.Issuer.Fault(testutil.Token, nil)
			after := b.Open(p.backoffice())
			if in := strings.Contains(after.Shown(), "Signed in as bob"); in != row.in {
				t.Errorf("signed in afterwards: %t, want %t", in, row.in)
			}
		})
	}
}

// TestPortalRecoversFromAnOutage shows that a portal starts while nobody can sign in, says so,
// and recovers by itself.
func TestPortalRecoversFromAnOutage(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.company.Issuer.Stop()
	b := webtest.NewBrowser(t)
	checkShows(t, b.Open(p.customer()), http.StatusOK, "Where is my order?")
	page := b.Open(p.customer() + "/signin?return_to=/orders/o-1")
	checkShows(t, page, http.StatusServiceUnavailable, "The sign-in page does not answer", "Wait a few seconds")
	if err := p.company.Issuer.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	again := b.Open(page.Link("Try again"))
	for deadline := time.Now().Add(10 * time.Second); again.Status != http.StatusOK && time.Now().Before(deadline); <-tick.C {
		again = b.Open(page.Link("Try again")) // the portal remembers the outage for a second
	}
	checkShows(t, again, http.StatusOK, "Sign in")
}
