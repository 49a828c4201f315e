package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestUIShowsWhoMayCallWhat shows the matrix, and what stands behind its cells.
func TestUIShowsWhoMayCallWhat(t *testing.T) {
	page := show(t, company).get(t, "/")
	page.want(
		t, http.StatusOK,
		`customer-portal at human-resource: </span><span aria-hidden="true">— </span><span class="extent">none</span>`,
		`customer-portal at order-status: </span><span aria-hidden="true">◐ </span><span class="extent">some methods</span>`,
		`backoffice-portal at human-resource: </span><span aria-hidden="true">● </span><span class="extent">all methods</span>`,
		"<code>services.order-status.allow[0]</code>", "<code>"+company+":25</code>", "scope orders.read",
		"Refused, CLIENT_NOT_ALLOWED: no entry names this client.", "add an entry to services.human-resource.allow ("+company+":44)", "- clients: [customer-portal]\n  methods: [METHOD]\n  scopes: [SCOPE]",
	)
	wellFormed(t, page.text)
	targets := regexp.MustCompile(`popovertarget="([^"]+)"`).FindAllStringSubmatch(page.text, -1)
	if len(targets) == 0 {
		t.Fatal("no cell opens anything")
	}
	for _, target := range targets {
		if got := strings.Count(page.text, ` id="`+target[1]+`"`); got != 1 {
			t.Errorf("a cell opens %q, and %d elements have that id, want 1", target[1], got)
		}
	}
}

// TestUIShowsReach shows what each client can reach, and one client.
func TestUIShowsReach(t *testing.T) {
	b := show(t, company)
	page := b.get(t, "/reach")
	page.want(t, http.StatusOK, `data-user="lost"`, "LOST at order-status", "human-resource/GetEmployee", company+":25", `<a href="reach/customer-portal">`)
	wellFormed(t, page.text)
	page = b.get(t, "/reach/order-status")
	page.want(t, http.StatusOK, "human-resource/GetEmployee", `<a href="../reach/order-status" aria-current="true">`)
	page.lacks(t, "LOST at")
	b.get(t, "/reach/nobody").want(t, http.StatusNotFound, "no client")
}

// TestUIShowsWhyACellIsRefused shows each reason, with what would admit.
func TestUIShowsWhyACellIsRefused(t *testing.T) {
	matrix := file(t, "access.yaml", strings.NewReplacer(
		"services:", "services:\n  empty: {grpc: [e.E]}\n  z: {grpc: [z.Z], allow: [{clients: ['no', '0x1'], methods: [M], scopes: none}]}",
		"b: {}}", "b: {}, 'no': {}, '0x1': {}}\nexternal: {parcels: {clients: [a], scopes: [track]}}",
	).Replace(withoutReview))
	page := show(t, matrix).get(t, "/")
	page.want(
		t, http.StatusOK,
		"Nobody may call ReviewEmployees: see closed ("+matrix+":11).", "To open a method, remove it there",
		"Every method that these entries do not name is refused.",
		"Refused, NO_RULE: the service has no entry under allow, so nobody may call it.",
		"Refused: no entry names both this client and this method.",
		"external.parcels does not name this client, so it requests no token for this API.",
		`- clients: [&#34;no&#34;]`, `- clients: [&#34;0x1&#34;]`,
	)
}

// TestUILoadsNothingFromElsewhere shows that the headers forbid it, and that the pages do not
// try.
func TestUILoadsNothingFromElsewhere(t *testing.T) {
	b := show(t, company, "--against", "testdata/changed.yaml", "--decisions", file(t, "decisions.jsonl", decided("another", "order-status", "GetOrderStatus", "admitted", "")))
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/reach": "text/html; charset=utf-8", "/reach/order-status": "text/html; charset=utf-8", "/review": "text/html; charset=utf-8", "/review/order-status": "text/html; charset=utf-8", "/token": "text/html; charset=utf-8", "/changes": "text/html; charset=utf-8", "/nothing": "text/html; charset=utf-8",
		"/style.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml",
	} {
		folder := b.folder
		if strings.Contains(path, ".") {
			b.folder = ""
		}
		a := b.get(t, path)
		b.folder = folder
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Content-Type": kind,
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
		for _, attribute := range []string{" style=", " onclick=", "<style", "javascript:"} {
			a.lacks(t, attribute)
		}
		for _, found := range regexp.MustCompile(` (?:src|href|action|url)[=(]"?([^"\s>)]+)`).FindAllStringSubmatch(a.text, -1) {
			if regexp.MustCompile(`:|^//`).MatchString(found[1]) {
				t.Errorf("%s: refers to %q", path, found[1])
			}
		}
	}
}

// TestUINamesAreText shows that no name of the matrix becomes markup, or controls the terminal.
func TestUINamesAreText(t *testing.T) {
	path := file(t, "\x1b[31maccess\u202e.yaml", hostile)
	log := file(t, "\x1b[31mdecisions\u202e.jsonl", strings.NewReplacer("customer-portal", `<script>alert(1)</script>`, "GetOrderStatus", `<img/src=x>`, "acme.orders.v1", `<script>alert(2)</script>\u001b`).Replace(
		decided("another", "order-status", "GetOrderStatus", "admitted", "")+decided("another", "order-status", "GetOrderStatus", "would_refuse", "")+"{\x1b<script>alert(1)\n"))
	b := show(t, path, "--against", path, "--decisions", log)
	b.get(t, "/review").want(t, http.StatusOK, "2 records from", "&lt;script&gt;alert(1)&lt;/script&gt;", "Records may be missing")
	for _, page := range []string{"/", "/reach", "/review", "/token", "/changes"} {
		a := b.get(t, page)
		a.lacks(t, "<script>alert", "<img/src", "\x1b", "\u202e")
		wellFormed(t, a.text)
	}
	b.get(t, "/").want(t, http.StatusOK, "&lt;script&gt;alert(2)&lt;/script&gt;", `\x1b[31mred\u202e`)
	if got := b.out.String() + b.log.String(); strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("control characters reach the terminal: %q", got)
	}
}

// TestUIWrongUse shows the errors of a command that cannot serve.
func TestUIWrongUse(t *testing.T) {
	broken := file(t, "broken.yaml", "version: 1\nservice: {}\n")
	for _, row := range []struct {
		want string
		args []string
	}{
		{"want the access matrix: grpcaud ui access.yaml", nil},
		{"name a file, not standard input", []string{"-"}},
		{"name a file, not standard input", []string{company, "--against", "-"}},
		{broken + `:2:1: unknown key "service"`, []string{broken}},
		{broken + `:2:1: unknown key "service"`, []string{company, "--against", broken}},
		{"--addr 0.0.0.0:0: the page is for this machine alone", []string{company, "--addr", "0.0.0.0:0"}},
		{"--addr [::]:0: the page is for this machine alone", []string{company, "--addr", "[::]:0"}},
		{"--addr :0: the page is for this machine alone", []string{company, "--addr", ":0"}},
		{"--addr example.com:80: the page is for this machine alone", []string{company, "--addr", "example.com:80"}},
		{"--addr 127.0.0.1: ", []string{company, "--addr", "127.0.0.1"}},
		{"such as 127.0.0.1:8080", []string{company, "--addr", "127.0.0.1"}},
		{"any free port", []string{company, "--addr", "127.0.0.1:99999"}},
		{"missing.json", []string{company, "--jwks", "missing.json"}},
		{"missing.pem", []string{company, "--issuer-ca", "missing.pem"}},
		{"offline issuer-ca", []string{company, "--offline", "--issuer-ca", "missing.pem"}},
		{"missing.binpb", []string{company, "--descriptors", "missing.binpb"}},
	} {
		run(t, "", append([]string{"ui"}, row.args...)...).want(t, 2, row.want)
	}
}

// TestUIEndsWhenInterrupted shows that a page that is open does not keep the command.
func TestUIEndsWhenInterrupted(t *testing.T) {
	b := show(t, company)
	<-b.changes(t)
	if code := b.stop(); code != 0 {
		t.Errorf("exit status = %d when interrupted, want 0\n%s", code, b.log)
	}
}

// TestUIOpensTheBrowserOfTheSystem shows that --open does so with the first address, and that a
// failure is told, and ends nothing.
func TestUIOpensTheBrowserOfTheSystem(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program has another name")
	}
	folder := t.TempDir()
	opened := filepath.Join(folder, "opened")
	write(t, filepath.Join(folder, "xdg-open"), "#!/bin/sh\necho \"$1\" >"+opened+"\nexit 3\n")
	if err := os.Chmod(filepath.Join(folder, "xdg-open"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	b := started(t, []string{"ui", company, "--open"})
	b.log.wait(t, "no browser was opened: exit status 3; open the address yourself")
	text, err := os.ReadFile(opened)
	if err != nil || strings.TrimSpace(string(text)) != b.next {
		t.Errorf("opened %q, %v, want %q", text, err, b.next)
	}
	b.open(t)
}

// TestUIOfALargeMatrix shows that a matrix of many services has a page for each, and that a token
// is judged at all of them.
func TestUIOfALargeMatrix(t *testing.T) {
	path := file(t, "access.yaml", strings.Replace(large(300, 60), "services:\n", "services:\n  'a/<b>?': {grpc: [a.A], allow: [{clients: [client-1], methods: [M], scopes: [x]}]}\n", 1))
	b := show(t, path, "--offline")
	a := b.get(t, "/")
	a.want(t, http.StatusOK, "This matrix is too large for one page", `<a href="service/service-299">service-299</a>`, `<a href="service/a%2F%3Cb%3E%3F">a/&lt;b&gt;?</a>`)
	if len(a.text) > 100<<10 {
		t.Errorf("the page has %d bytes", len(a.text))
	}
	a = b.get(t, "/service/service-299")
	a.want(t, http.StatusOK, "popovertarget=", "services.service-299.allow[0]", `<a href="../token">`, `data-events="../events"`)
	a.lacks(t, "service-298")
	wellFormed(t, a.text)
	b.get(t, "/service/a%2F%3Cb%3E%3F").want(t, http.StatusOK, "services.a/&lt;b&gt;?.allow[0]")
	b.get(t, "/service/service-300").want(t, http.StatusNotFound, "There is no such service")
	b.paste(t, "a.b.c").want(t, http.StatusOK, "Refused by every service", "service-299")

	r := run(t, "", "matrix", path, "-o", "html")
	r.want(t, 0, "<span class=\"yes\">scope ")
	if strings.Contains(r.stdout, "popovertarget=") {
		t.Error("each of many cells opens something")
	}
}
