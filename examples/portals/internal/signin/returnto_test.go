package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzReturnTo shows that what is accepted is a page of the portal, as a browser reads it, and
// goes into a header and back unchanged.
func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "/orders/o-1?x=y", "//evil.example.com", "/\\evil", "/%2f/evil", "/a/../b", "/%0d%0a", "/orders?next=//evil", "/;@evil"} {
		f.Add(seed)
	}
	origin, err := url.Parse("http://customer.localhost:9201/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		to, err := returnTo([]string{text})
		if err != nil {
			return
		}
		// Browsers take a backslash for a slash, and drop tabs and line breaks.
		read := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(to)
		u, err := origin.Parse(read)
		if err != nil || u.Host != origin.Host || u.Scheme != origin.Scheme || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(read, "//") {
			t.Errorf("returnTo(%q) = %q, which leads to %v, %v", text, to, u, err)
		}
		if again, err := returnTo([]string{to}); err != nil || again != to {
			t.Errorf("returnTo(%q) = %q, %v, want it unchanged", to, again, err)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodGet, "/callback", nil), to, http.StatusSeeOther)
		if got := w.Header().Get("Location"); got != to {
			t.Errorf("Location = %q, want %q", got, to)
		}
	})
}

// FuzzPendingCookie shows that nobody can write the cookie of a sign-in.
func FuzzPendingCookie(f *testing.F) {
	s, err := newSeal()
	if err != nil {
		f.Fatal(err)
	}
	other, err := newSeal()
	if err != nil {
		f.Fatal(err)
	}
	value, err := other.close(pendingCookie, newPending("/"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "x", value, "e30", strings.Repeat("A", 100)} {
		f.Add(seed, "state")
	}
	f.Fuzz(func(t *testing.T, value, state string) {
		r := httptest.NewRequest(http.MethodGet, "/callback", nil)
		r.Header.Set("Cookie", pendingCookie+"="+value)
		if p, err := takePending(httptest.NewRecorder(), r, s, state); err == nil {
			t.Errorf("cookie %q was taken for %+v", value, p)
		}
	})
}
