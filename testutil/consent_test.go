package testutil_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestConsent shows that a form of consent counts once, for the request and the session
// that it was shown for.
func TestConsent(t *testing.T) {
	issuer := withAlice()
	ask := loginRequest("prompt", "consent")
	b := newBrowser(t, issuer)
	page := b.submit(t, ask, "user", "alice")
	if page.status != http.StatusOK || !strings.Contains(page.body, "customer-portal asks for orders.read at order-status, in the name of alice") {
		t.Fatalf("page = %d %s", page.status, page.body)
	}
	ticket := page.ticket(t)
	stranger := newBrowser(t, issuer)
	stranger.tokens(t, issuer, "customer-portal", "s3cret")
	for name, got := range map[string]answer{
		"another session":  stranger.submit(t, ask, "ticket", ticket, "consent", "allow"),
		"another request":  b.submit(t, loginRequest("prompt", "consent", "scope", "openid"), "ticket", ticket, "consent", "allow"),
		"a made-up ticket": b.submit(t, ask, "ticket", "x", "consent", "allow"),
	} {
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", name, got.status)
		}
	}
	if got := b.submit(t, ask, "ticket", ticket, "consent", "allow").back(t); !got.Has("code") {
		t.Errorf("allowed: %v, want a code", got)
	}
	if got := b.submit(t, ask, "ticket", ticket, "consent", "allow"); got.status != http.StatusBadRequest {
		t.Errorf("a second time: %d, want 400", got.status)
	}
	ticket = b.open(t, ask).ticket(t)
	if got := b.submit(t, ask, "ticket", ticket, "consent", "refuse").back(t).Get("error"); got != "access_denied" {
		t.Errorf("refused: %s, want access_denied", got)
	}
}

// TestClientNeedsConsent shows that a client for which users are asked gets codes without
// a question once a user has allowed the same in this session.
func TestClientNeedsConsent(t *testing.T) {
	issuer := withAlice()
	issuer.Register(testutil.Client{ID: "app", Public: true, Consent: true, Audiences: []string{"order-status", "human-resource"}})
	b := newBrowser(t, issuer)
	b.tokens(t, issuer, "customer-portal", "s3cret")
	ask := loginRequest("client_id", "app", "scope", "openid")
	silent := loginRequest("client_id", "app", "scope", "openid", "prompt", "none")
	more := loginRequest("client_id", "app", "scope", "openid", "prompt", "none", "audience", "human-resource")
	if got := b.open(t, silent).back(t).Get("error"); got != "consent_required" {
		t.Errorf("before: %s, want consent_required", got)
	}
	b.submit(t, ask, "ticket", b.open(t, ask).ticket(t), "consent", "allow")
	if got := b.open(t, silent).back(t); !got.Has("code") {
		t.Errorf("after: %v, want a code", got)
	}
	if got := b.open(t, more).back(t).Get("error"); got != "consent_required" {
		t.Errorf("another audience: %s, want consent_required", got)
	}
}
