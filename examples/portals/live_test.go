package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestOrderIsLive shows that an open page of the customer hears of a change that an employee
// makes in the other portal.
func TestOrderIsLive(t *testing.T) {
	t.Parallel()
	p := start(t)
	ada, bob := webtest.NewBrowser(t), webtest.NewBrowser(t)
	enter(t, ada, p.customer(), "ada")
	page := ada.Open(p.customer() + "/orders/o-1")
	events := ada.Events(p.customer() + page.Attribute("body", "data-follow"))
	if e := ada.Next(events); e.Name != "order" || !strings.Contains(e.Data, `"status":"Packed"`) {
		t.Fatalf("first event: got %+v, want the order as it is", e)
	}
	enter(t, bob, p.backoffice(), "bob")
	bob.Submit(bob.Open(p.backoffice()+"/orders/o-1"), "/orders/o-1", url.Values{"status": {"STATUS_SHIPPED"}})
	if e := ada.Next(events); e.Name != "order" || !strings.Contains(e.Data, `"status":"Shipped"`) || !strings.Contains(e.Data, `"STATUS_PACKED":"past"`) {
		t.Errorf("after the change: got %+v, want the order shipped", e)
	}
}

func TestOrderOfAnotherIsNotFollowed(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "ada")
	events := b.Events(p.customer() + "/orders/o-4/events")
	if e := b.Next(events); e.Name != "end" || !strings.Contains(e.Data, "There is no such order") {
		t.Errorf("got %+v, want an end that says so", e)
	}
	if e, open := <-events; open {
		t.Errorf("got %+v after the end", e)
	}
}

func TestEventsNeedASession(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	for _, at := range []string{p.customer() + "/orders/o-1/events", p.customer() + "/session", p.backoffice() + "/orders/o-1/events"} {
		events := b.Events(at)
		if e := b.Next(events); e.Name != "end" || !strings.Contains(e.Data, "Your session has ended") {
			t.Errorf("%s: got %+v, want the end", at, e)
		}
		if e, open := <-events; open {
			t.Errorf("%s: got %+v after the end", at, e)
		}
	}
}

// TestSignOutEndsBothPortals shows that signing out at one portal ends the pages that are open
// at both, within a second, and refuses the user's tokens at the services.
func TestSignOutEndsBothPortals(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "alice")
	b.Open(p.backoffice() + "/signin")
	office := b.Open(p.backoffice() + "/orders/o-1")
	pages := map[string]<-chan webtest.Event{}
	for _, at := range []string{
		p.customer() + "/session", p.backoffice() + "/session",
		p.backoffice() + office.Attribute("body", "data-follow"),
	} {
		pages[at] = b.Events(at)
	}
	b.Next(pages[p.backoffice()+"/orders/o-1/events"]) // the order, as it is

	other := webtest.NewBrowser(t) // the same user elsewhere
	enter(t, other, p.customer(), "alice")
	elsewhere := other.Events(p.customer() + "/session")

	began := time.Now()
	page := b.Submit(b.Open(p.customer()), "/signout", nil)
	checkShows(t, page, http.StatusOK, "You are signed out")
	for at, events := range pages {
		if e := b.Next(events); e.Name != "end" || !strings.Contains(e.Data, "signed out") {
			t.Errorf("%s: got %+v, want the end", at, e)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the open pages ended after %v, want at most 1s", took)
	}
	for _, portal := range []string{p.customer(), p.backoffice()} {
		if page := b.Open(portal + "/orders/o-1"); page.Status != http.StatusUnauthorized {
			t.Errorf("%s afterwards: got %d %q, want nobody signed in", portal, page.Status, page.Heading())
		}
	}
	checkShows(t, other.Open(p.customer()), http.StatusOK, "Signed in as alice")
	select {
	case e := <-elsewhere:
		t.Errorf("the session in the other browser: got %+v, want it to go on", e)
	default:
	}
}

// TestStolenTokenEndsWithTheLogin shows that the services themselves refuse the token of a login
// that has ended: a copy of it is worth nothing.
func TestStolenTokenEndsWithTheLogin(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "ada")
	session := p.all[0].signin.Session(withCookies(b, p.customer()))
	token, err := session.Tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	stream := watch(t, p, token.AccessToken, "o-1")
	if _, err := stream.Recv(); err != nil {
		t.Fatalf("before the end of the login: %v", err)
	}
	began := time.Now()
	if err := p.company.Issuer.EndSessions(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	checkRevoked(t, err)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stream ended after %v", took)
	}
	_, err = watch(t, p, token.AccessToken, "o-1").Recv()
	checkRevoked(t, err)
}

// TestSessionOutlivesItsToken shows that the portals refresh their users' tokens: the tokens of
// this issuer end after some seconds, and the pages go on.
func TestSessionOutlivesItsToken(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "ada")
	session := p.all[0].signin.Session(withCookies(b, p.customer()))
	first, err := session.Tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	first.Expiry = time.Now() // of the copy that x/oauth2 keeps
	before := p.company.Issuer.Requests(testutil.Token)
	second, err := session.Tokens.Token()
	if err != nil || second.AccessToken == first.AccessToken || p.company.Issuer.Requests(testutil.Token) == before {
		t.Errorf("after the end of the first token: got the same, or %v", err)
	}
	checkShows(t, b.Open(p.customer()+"/orders/o-1"), http.StatusOK, "It is being packed.")
}
