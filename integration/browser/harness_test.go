package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBrowserSeesFaults holds the helpers of this package to find what they are for.
func TestBrowserSeesFaults(t *testing.T) {
	pages := http.NewServeMux()
	pages.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="en"><title>One</title><main><h1>One</h1>
<form action="/two"><label for="n">Name</label><input id="n" name="n"><button>Send</button></form></main>`))
	})
	pages.HandleFunc("/two", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>Two</title><div style="width:2000px">Hello ` + r.FormValue("n") + `</div><input>
<script>console.error("one"); setTimeout(() => { document.body.append("later"); throw new Error("two") }, 50)</script>`))
	})
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	p := Open(t).Page(t, 360)
	p.Go(server.URL)
	p.TabTo("Name")
	p.Accessible()
	p.Fits()
	p.Fill("Name", "Ada")
	p.Click("Send")
	p.Wait("Hello Ada")
	p.Wait("later")
	if wide, found := p.overflow(), p.violations(); wide < 1000 || len(found) == 0 {
		t.Errorf("the second page is %d pixels too wide, want more; and breaks %d rules, want more", wide, len(found))
	}
	if faults := strings.Join(p.Faults(), "\n"); !strings.Contains(faults, "one") || !strings.Contains(faults, "two") {
		t.Errorf("the console shows %q, want both errors", faults)
	}
	if !strings.Contains(p.URL(), "/two?n=Ada") {
		t.Errorf("the page is at %s", p.URL())
	}
}
