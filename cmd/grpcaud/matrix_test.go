package main_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
)

var formats = []string{"table", "markdown", "mermaid", "dot", "html", "json"}

func TestMatrixGolden(t *testing.T) {
	for _, file := range []struct{ name, path string }{{"company", company}, {"rich", "testdata/rich.yaml"}} {
		for _, format := range formats {
			r := run(t, "", "matrix", file.path, "-o", format)
			r.want(t, 0)
			golden(t, "matrix-"+file.name+"-"+format, r.stdout)
		}
	}
}

func TestMatrixOfSomeServicesAndClients(t *testing.T) {
	r := run(t, "", "matrix", company, "--client", "customer-portal")
	r.want(t, 0, "order-status", "customer-portal  GetOrderStatus, ListOrders, WatchOrderStatus")
	for _, other := range []string{"backoffice-portal", "human-resource"} {
		if strings.Contains(r.stdout, other) {
			t.Errorf("matrix of the customer portal tells of %q:\n%s", other, r.stdout)
		}
	}
	r = run(t, "", "matrix", company, "--service", "human-resource")
	r.want(t, 0, "GetEmployee")
	if strings.Contains(r.stdout, "customer-portal") {
		t.Errorf("matrix of one service tells of another:\n%s", r.stdout)
	}
	run(t, "", "matrix", company, "--service", "human-resources").want(t, 2, `no service "human-resources" in the file, did you mean "human-resource"?`)
	run(t, "", "matrix", company, "--client", "portal").want(t, 2, `no client "portal" in the file`)
}

func TestMatrixStaysReadable(t *testing.T) {
	run(t, "", "matrix", company, "-o", "html").want(t, 0, "Overview</h2>")
	r := run(t, "", "matrix", file(t, "access.yaml", large(60, 60)), "-o", "html")
	r.want(t, 0, `<section id="service-service-59" `)
	if strings.Contains(r.stdout, "Overview</h2>") {
		t.Error("an overview of 3600 marks")
	}
	crowd := file(t, "access.yaml", `version: 1
issuers: {corp: {url: https://idp.example.com}}
services: {a: {grpc: [b.C], allow: [{clients: [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9], methods: [M], scopes: none}]}}
clients: {c0: {}, c1: {}, c2: {}, c3: {}, c4: {}, c5: {}, c6: {}, c7: {}, c8: {}, c9: {}}
`)
	run(t, "", "matrix", crowd).want(t, 0, "c7 and 2 others  M")
}

// hostile is a matrix of names with characters that mean something in the formats.
const hostile = `version: 1
issuers: {"<i>&": {url: https://idp.example.com}}
services:
  "a\"]--><script>alert(1)</script>":
    audience: "a|b\n]` + "`" + `**\e[31mred\u202E"
    grpc: [a.B]
    allow:
      - clients: ["<script>alert(2)</script>", 'quote"back\slash', "pipe|tick` + "`" + `#59;"]
        methods: [M]
        scopes: none
        roles: ["\"><img/src=x>|\n|"]
clients:
  "<script>alert(2)</script>": {}
  'quote"back\slash': {}
  "pipe|tick` + "`" + `#59;": {}
`

func TestMatrixEscapes(t *testing.T) {
	path := file(t, "hostile.yaml", hostile)
	out := map[string]string{}
	for _, format := range formats {
		r := run(t, "", "matrix", path, "-o", format)
		r.want(t, 0)
		if i := strings.IndexFunc(r.stdout, func(c rune) bool { return c == '\x1b' || c == '\u202e' }); i >= 0 {
			t.Errorf("%s: a control character at byte %d", format, i)
		}
		out[format] = r.stdout
	}
	if strings.Contains(out["html"], "<script") || strings.Contains(out["html"], "<img") {
		t.Errorf("html: a name became an element:\n%s", out["html"])
	}
	wellFormed(t, out["html"])
	if !json.Valid([]byte(out["json"])) {
		t.Errorf("json: not valid:\n%s", out["json"])
	}
	for line := range strings.Lines(out["mermaid"]) {
		if quotes := strings.Count(line, `"`); quotes%2 != 0 || strings.ContainsAny(strings.ReplaceAll(line, "-->|", ""), "<>`\\") {
			t.Errorf("mermaid: a label gets out of its quotes: %s", line)
		}
	}
	label := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	for line := range strings.Lines(out["dot"]) {
		if rest := label.ReplaceAllString(line, ""); strings.ContainsAny(rest, "\"<\\`|") {
			t.Errorf("dot: a label gets out of its quotes: %s", line)
		}
	}
	for line := range strings.Lines(out["markdown"]) {
		if strings.Contains(line, "<") || strings.HasPrefix(line, "|") && len(regexp.MustCompile(`[^\\]\|`).FindAllString(line, -1)) != 2 {
			t.Errorf("markdown: a name became markup: %s", line)
		}
	}
}

// wellFormed checks that each element of an HTML page that is opened is closed.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(page))
	decoder.Strict = false
	decoder.AutoClose = xml.HTMLAutoClose
	decoder.Entity = xml.HTMLEntity
	for {
		if _, err := decoder.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("html: %v", err)
		}
	}
}
