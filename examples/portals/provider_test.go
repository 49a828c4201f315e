package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/internal/idp"
)

// matrix is the access matrix that the portals and backoffice share.
const matrix = "../backoffice/access.yaml"

// secretsOf puts the secrets of the clients where the matrix says that they are.
func secretsOf(t *testing.T, secret func(client string) string) {
	t.Helper()
	for _, client := range []string{company.CustomerPortal, company.BackofficePortal, company.OrderStatus, company.NightWorker} {
		t.Setenv(strings.ToUpper(strings.ReplaceAll(client, "-", "_"))+"_SECRET", secret(client))
	}
}

// site is a provider that runs, and the portals on it.
type site struct {
	*portals
	// These fill in the pages of the provider itself.
	signIn  func(b *webtest.Browser, login webtest.Page, user string) webtest.Page
	consent func(b *webtest.Browser, page webtest.Page) webtest.Page // without a password
	signOut func(b *webtest.Browser, page webtest.Page) webtest.Page
}

// TestProvider runs the portals on real authorization servers.
func TestProvider(t *testing.T) {
	t.Run("keycloak", func(t *testing.T) { everything(t, onKeycloak(t)) })
	t.Run("oidc-provider", func(t *testing.T) { everything(t, onOIDCProvider(t)) })
}

// everything is a day of a customer and an employee.
func everything(t *testing.T, s site) {
	customer := webtest.NewBrowser(t)
	page := s.signIn(customer, customer.Open(s.customer()+"/signin"), "ada")
	checkShows(t, page, http.StatusOK, "Writing desk, walnut", "Packed")
	checkShows(t, customer.Open(s.customer()+"/orders/o-1"), http.StatusOK, "Writing desk, walnut")
	checkShows(t, customer.Open(s.customer()+"/orders/o-4"), http.StatusNotFound, "not yours")
	checkShows(t, customer.Open(s.customer()+"/personnel"), http.StatusOK, "AUDIENCE_MISMATCH")
	checkShows(t, s.consent(customer, customer.Open(s.backoffice()+"/signin")), http.StatusForbidden)

	employee := webtest.NewBrowser(t)
	s.signIn(employee, employee.Open(s.customer()+"/signin"), "alice")
	page = s.consent(employee, employee.Open(s.backoffice()+"/signin"))
	checkShows(t, page, http.StatusOK, "Bookshelf, oak", "Writing desk, walnut")
	checkShows(t, employee.Open(s.backoffice()+"/employees"), http.StatusOK, "Bob Builder")
	live := customer.Events(s.customer() + "/orders/o-1/events")
	wantEvent(t, live, "order", "Packed")
	page = employee.Submit(employee.Open(s.backoffice()+"/orders/o-1"), "/orders/o-1", url.Values{"status": {"STATUS_SHIPPED"}})
	checkShows(t, page, http.StatusOK, "Shipped")
	wantEvent(t, live, "order", "Shipped")

	s.checkTrail(t, employee)
	s.checkLogout(t, employee)
	checkShows(t, customer.Open(s.customer()+"/"), http.StatusOK, "Shipped") // another session goes on
}

// checkTrail opens the audit trail until it has what the worker does later.
func (s site) checkTrail(t *testing.T, employee *webtest.Browser) {
	t.Helper()
	page := employee.Open(s.backoffice() + "/trail")
	for late := time.Now().Add(20 * time.Second); !strings.Contains(page.Shown(), company.NightWorker) && time.Now().Before(late); {
		page = employee.Open(s.backoffice() + "/trail")
	}
	checkShows(t, page, http.StatusOK, "Carol Clerk alice "+company.BackofficePortal+" later "+company.NightWorker)
}

// checkLogout signs an employee out of the back office, which ends the open pages of both portals.
func (s site) checkLogout(t *testing.T, employee *webtest.Browser) {
	t.Helper()
	following := employee.Events(s.customer() + "/session")
	office := employee.Events(s.backoffice() + "/session")
	out := s.signOut(employee, employee.Submit(employee.Open(s.backoffice()+"/"), "/signout", nil))
	if want := s.backoffice() + "/signed-out"; out.Status != http.StatusOK || !strings.HasPrefix(out.URL.String(), want) {
		t.Errorf("after the logout: got %d at %s, want 200 at %s\n%s", out.Status, out.URL, want, out.Shown())
	}
	wantEvent(t, office, "end", "")
	wantEvent(t, following, "end", "")
	checkShows(t, employee.Open(s.customer()+"/orders/o-1"), http.StatusUnauthorized)
}

// nothing is what the user does where a provider asks nothing.
func nothing(_ *webtest.Browser, page webtest.Page) webtest.Page { return page }

// wantEvent waits for the next event of this name, which must hold the text.
func wantEvent(t *testing.T, events <-chan webtest.Event, name, text string) {
	t.Helper()
	select {
	case e, open := <-events:
		if !open || e.Name != name || !strings.Contains(e.Data, text) {
			t.Errorf("got event %+v (open: %t), want %s with %q", e, open, name, text)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("no event %s with %q", name, text)
	}
}

// onKeycloak runs the portals on a realm that grpcaud exports for the matrix and for their
// addresses. The test adds what no export has: secrets and users.
func onKeycloak(t *testing.T) site {
	other := idp.Keycloak(t, []byte(`{"realm": "other", "enabled": true}`)) // tells where Keycloak is
	secretsOf(t, idp.Secret)
	p := startAt(t, provider{issuer: strings.TrimSuffix(other.Issuer, "other") + "corp"})
	var with map[string]any
	if err := json.Unmarshal(exported(t, p.exportFlags()...), &with); err != nil {
		t.Fatal(err)
	}
	for _, each := range with["clients"].([]any) {
		client := each.(map[string]any)
		client["secret"] = idp.Secret(client["clientId"].(string))
	}
	var people []any
	for _, name := range []string{"ada", "alice"} {
		people = append(people, map[string]any{
			"username": name, "enabled": true, "email": name + "@example.com", "firstName": name, "lastName": "Doe",
			"credentials": []any{map[string]any{"type": "password", "value": idp.Password(name)}},
		})
	}
	with["users"] = people
	text, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	idp.Keycloak(t, text)
	return site{
		portals: p,
		signIn: func(b *webtest.Browser, login webtest.Page, user string) webtest.Page {
			return b.Submit(login, "", url.Values{"username": {user}, "password": {idp.Password(user)}})
		},
		consent: nothing, signOut: nothing,
	}
}

// onOIDCProvider runs the portals on oidc-provider. It asks each user for consent, at each
// portal, and before a logout.
func onOIDCProvider(t *testing.T) site {
	server := idp.OIDCProvider(t)
	secretsOf(t, idp.Secret)
	p := startAt(t, provider{issuer: server.Issuer, preset: "oidc-provider", audience: "urn:acme:*"})
	for _, each := range p.all {
		known := frontEnd(each.site.Origin)
		err := server.Register(t.Context(), each.client, map[string]any{
			"redirect_uris": known.RedirectURIs, "post_logout_redirect_uris": known.PostLogoutRedirectURIs,
			"backchannel_logout_uri": each.logoutAddress(), "backchannel_logout_session_required": true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	consent := func(b *webtest.Browser, page webtest.Page) webtest.Page {
		if page.HasInput("password") {
			t.Fatalf("%s asks for a password:\n%s", page.URL, page.Shown())
		}
		return b.Submit(page, "", nil)
	}
	return site{
		portals: p,
		signIn: func(b *webtest.Browser, login webtest.Page, user string) webtest.Page {
			return consent(b, b.Submit(login, "", url.Values{"login": {user}, "password": {idp.Password(user)}}))
		},
		consent: consent,
		signOut: func(b *webtest.Browser, page webtest.Page) webtest.Page {
			return b.Submit(page, "", url.Values{"logout": {"yes"}})
		},
	}
}

// exported returns what grpcaud exports for the matrix.
func exported(t *testing.T, flags ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "../../cmd/grpcaud", "export", matrix}, flags...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out
}
