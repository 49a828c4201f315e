package main

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
)

// start runs the portals on free ports until the test ends.
func start(t *testing.T) *portals {
	t.Helper()
	return startAt(t, provider{})
}

// startAt runs the portals with a real authorization server.
func startAt(t *testing.T, at provider) *portals {
	t.Helper()
	const free = "127.0.0.1:0"
	p, err := open(config{customerAddr: free, backofficeAddr: free, loginAddr: free, night: time.Millisecond, provider: at}, slog.DiscardHandler)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve = %v", err)
		}
		if err := p.close(); err != nil {
			t.Errorf("close = %v", err)
		}
	})
	return p
}

func (p *portals) customer() string { return p.all[0].site.Origin }

func (p *portals) backoffice() string { return p.all[1].site.Origin }

// enter signs a user in at a portal, and returns the start page.
func enter(t *testing.T, b *webtest.Browser, portal, user string) webtest.Page {
	t.Helper()
	page := b.Submit(b.Open(portal+"/signin"), "", url.Values{"user": {user}, "password": {password}})
	if got := page.URL.Scheme + "://" + page.URL.Host; got != portal || page.Status != 200 {
		t.Fatalf("after the sign-in of %s: got %d at %s, want 200 at %s; page:\n%s", user, page.Status, page.URL, portal, page.Shown())
	}
	return page
}

func checkShows(t *testing.T, p webtest.Page, status int, texts ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: got status %d, want %d", p.URL, p.Status, status)
	}
	for _, text := range texts {
		if !strings.Contains(p.Shown(), text) {
			t.Errorf("%s: no %q in: %s", p.URL, text, p.Shown())
		}
	}
}
