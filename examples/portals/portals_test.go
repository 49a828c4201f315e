package main

import (
	"testing"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
)

func TestCustomerSeesTheirOwnOrders(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	page := enter(t, b, p.customer(), "ada")
	checkShows(t, page, 200, "Signed in as ada", "Writing desk, walnut", "Packed")
	checkShows(t, b.Open(p.customer()+"/orders/o-1"), 200, "Writing desk, walnut", "It is being packed.")
	checkShows(t, b.Open(p.customer()+"/orders/o-4"), 404, "It does not exist, or it is not yours.")
	checkShows(t, b.Open(p.customer()+"/personnel"), 200, "AUDIENCE_MISMATCH")
}

func TestEmployeeNeedsNoSecondPassword(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := webtest.NewBrowser(t)
	enter(t, b, p.customer(), "alice")
	page := b.Open(p.backoffice() + "/signin")
	checkShows(t, page, 200, "Signed in as alice", "Bookshelf, oak")
	checkShows(t, b.Open(p.backoffice()+"/orders/o-4"), 200, "Clerk")
	checkShows(t, b.Open(p.backoffice()+"/employees"), 200, "Bob Builder")
	checkShows(t, b.Open(p.backoffice()+"/trail"), 200, "Audit trail")
}
