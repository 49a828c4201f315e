package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

func TestPageHasWhatEveryReaderNeeds(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	page(newSite(t)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	for _, want := range []string{
		`<html lang="en">`, `<title>Home · Test portal</title>`, `<meta name="viewport"`, `<a class="skip" href="#content">`, `<main id="content"`,
		`<nav aria-label="Main">`, `<a href="/" aria-current="page">Start</a>`, `<a href="/other">Other</a>`,
		`<form class="user" method="post" action="/signout">`, `<input type="hidden" name="form" value="token">`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q in:\n%s", want, w.Body)
		}
	}
}

func TestMistakeInATemplateIsNoHalfPage(t *testing.T) {
	t.Parallel()
	s := &web.Site{Name: "Test portal"}
	if err := s.ReadPages(fstest.MapFS{"templates/home.html": {Data: []byte(`{{define "content"}}<h1>Half{{.Content.Missing}}{{end}}`)}}); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Show(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "home.html", web.Page{Content: struct{}{}})
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "Half") {
		t.Errorf("got %d %q, want an error and nothing of the page", w.Code, w.Body)
	}
	if err := new(web.Site).ReadPages(fstest.MapFS{"templates/x.html": {Data: []byte(`{{`)}}); err == nil {
		t.Error("a template that is none was read")
	}
}

func TestProblemSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	newSite(t).ShowProblem(w, httptest.NewRequest(http.MethodGet, "/", nil), web.Page{Follow: "/session"}, web.Problem{
		Status: http.StatusServiceUnavailable, Title: "<b>No answer</b>", Text: "Wait & try again.", Retry: true, Next: web.Link{Text: "Again", To: "javascript:alert(1)"},
	})
	body := w.Body.String()
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(body, "Wait &amp; try again.") {
		t.Errorf("got %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), body)
	}
	for _, forbidden := range []string{"<b>No", "javascript:", "data-follow"} {
		if strings.Contains(body, forbidden) {
			t.Errorf("%q in: %s", forbidden, body)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ada": "ada", "Zoë 李": "Zoë 李", "": "", "a\nb": "a\ufffdb", "a\u202eb": "a\ufffdb", "a\u200bb": "a\ufffdb", "a\xffb": "a\ufffdb",
		strings.Repeat("é", 81): strings.Repeat("é", 80) + "…", strings.Repeat("é", 80): strings.Repeat("é", 80),
	} {
		if got := web.Plain(text); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestAssetsAreThoseOfThePages(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/assets/style.css": 200, "/assets/follow.js": 200, "/assets/icon.svg": 200,
		"/assets/": 404, "/assets": 404, "/assets/../server.go": 404, "/assets/other": 404,
	} {
		w := httptest.NewRecorder()
		web.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
}
