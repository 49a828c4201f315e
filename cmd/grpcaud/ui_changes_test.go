package main_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// upload sends a file in the form that compares.
func (b *browser) upload(t *testing.T, field, name, text string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.send(t, b.request(t, http.MethodPost, "/changes", body.String(), func(r *http.Request) {
		r.Header.Set("Content-Type", form.FormDataContentType())
	}))
}

// TestUIShowsWhatAChangeChanges shows each kind of change, as the command diff finds it.
func TestUIShowsWhatAChangeChanges(t *testing.T) {
	const head = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nclients: {a: {}, b: {}, c: {}, d: {}, e: {}}\nservices:\n  s:\n    grpc: [s.S]\n    allow:\n"
	before := file(t, "old.yaml", head+`      - {clients: [a], methods: [M], scopes: [x, y]}
      - {clients: [b], methods: [M], scopes: [x]}
      - {clients: [c], methods: [M], scopes: [x]}
      - {clients: [d], methods: [M], scopes: [x]}
`)
	after := file(t, "new.yaml", strings.Replace(head, "url: https://idp.example.com", "url: https://idp.example.com, leeway: 10s", 1)+`      - {clients: [a], methods: [M], scopes: [x]}
      - {clients: [b], methods: [M], scopes: [x, y]}
      - {clients: [c], methods: [M], scopes: [z]}
      - {clients: [e], methods: [M], scopes: [x]}
`)
	want := []string{
		"6 changes", "Becomes allowed", "Becomes refused", "Needs less", "Needs more", "Needs something else", "Also changes",
		"<code>services.s</code>", "<code>issuers.corp.leeway</code>", "scopes x and y",
	}
	inOrder := regexp.MustCompile(`(?s)data-change="gains".*<b>e</b>.*data-change="weaker".*<b>a</b>.*data-change="other".*<b>c</b>.*data-change="loses".*<b>d</b>.*data-change="stronger".*<b>b</b>.*data-change="changed"`)
	check := func(a answer) {
		t.Helper()
		a.want(t, http.StatusOK, want...)
		if !inOrder.MatchString(a.text) {
			t.Errorf("the changes are not those of the clients, by kind:\n%s", a.text)
		}
		wellFormed(t, a.text)
	}
	check(show(t, after, "--against", before).get(t, "/changes"))

	text, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	b := show(t, after)
	b.get(t, "/changes").lacks(t, "data-change")
	a := b.upload(t, "file", "old.yaml", string(text))
	a.want(t, http.StatusOK, "From <code>old.yaml</code> to <code>"+after+"</code>")
	check(a)
	b.get(t, "/changes").lacks(t, "data-change")
	text, err = os.ReadFile(after)
	if err != nil {
		t.Fatal(err)
	}
	b.upload(t, "file", "new.yaml", string(text)).want(t, http.StatusOK, "No difference")
}

// TestUIRefusesWhatIsNoMatrix shows the page for a file that cannot be compared.
func TestUIRefusesWhatIsNoMatrix(t *testing.T) {
	b := show(t, company)
	for _, row := range []struct {
		name, text string
		status     int
		texts      []string
	}{
		{"broken.yaml", "version: 1\nservice: {}\n", 422, []string{"broken.yaml is no access matrix", `broken.yaml:2:1: unknown key &#34;service&#34;, did you mean &#34;services&#34;?`}},
		{"empty.yaml", "", 422, []string{"empty.yaml:1: empty"}},
		{"image.png", "\x89PNG\x00\x01", 422, []string{"image.png:1"}},
		{"includes.yaml", "version: 1\nincludes: ['*.yaml']\n", 422, []string{"compare it with <code>--against</code>"}},
		{"a\u202e<b>.yaml", "a", 422, []string{`\u202e&lt;b&gt;.yaml`}},
		{"large.yaml", strings.Repeat("# no end\n", 1<<20), 413, []string{"The file is too large", "8 MiB"}},
	} {
		a := b.upload(t, "file", row.name, row.text)
		a.want(t, row.status, row.texts...)
		a.lacks(t, "\x1b", "\u202e", "<b>.yaml")
	}
	b.upload(t, "other", "a.yaml", "a").want(t, http.StatusBadRequest, "No file came")
	b.upload(t, "file", "", "a").want(t, http.StatusBadRequest, "No file came")
	b.send(t, b.request(t, http.MethodPost, "/changes", "file=a")).want(t, http.StatusBadRequest, "No file came")
	b.send(t, b.request(t, http.MethodPost, "/changes", "--x\r\n", func(r *http.Request) {
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	})).want(t, http.StatusBadRequest, "No file came")
}

// TestUIFollowsTheFile shows that the page hears of a change, shows the error of a version that
// does not load, and keeps the last good one.
func TestUIFollowsTheFile(t *testing.T) {
	t.Parallel()
	good := strings.Replace(withoutReview, "    closed: [ReviewEmployees]\n", "", 1)
	path, old := file(t, "access.yaml", withoutReview), file(t, "old.yaml", withoutReview)
	b := show(t, path, "--against", old)
	changes := b.changes(t)
	if got := <-changes; got != "0" {
		t.Fatalf("the first event = %q, want 0", got)
	}
	replace := func(path, text, count string) {
		t.Helper()
		write(t, path+".new", text)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		if got := <-changes; got != count {
			t.Fatalf("event = %q, want %q", got, count)
		}
	}
	b.get(t, "/").want(t, http.StatusOK, "nobody may call ReviewEmployees", `data-version="0"`)

	replace(path, "version: 1\nservice: {}\n\"\\e[31m<b>\": 1\n", "1")
	for _, page := range []string{"/", "/token", "/changes"} {
		a := b.get(t, page)
		a.want(t, http.StatusOK, "The file has changed, and does not load.", path+`:2:1: unknown key &#34;service&#34;`, `data-version="1"`)
		a.lacks(t, "\x1b", "<b>&#34;")
	}
	b.get(t, "/").want(t, http.StatusOK, "nobody may call ReviewEmployees")
	b.log.wait(t, "grpcaud: "+path+" is not shown, and the last good one stays:\ngrpcaud: "+path+":2:1: ")

	replace(path, good, "2")
	a := b.get(t, "/")
	a.lacks(t, "nobody may call ReviewEmployees", "does not load")
	b.get(t, "/changes").want(t, http.StatusOK, `data-change="gains"`, "ReviewEmployees")
	b.log.wait(t, path+" has changed, and is shown")

	replace(old, good, "3")
	b.get(t, "/changes").want(t, http.StatusOK, "No difference", filepath.Base(old))
}
