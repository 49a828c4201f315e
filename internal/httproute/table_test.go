package httproute_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

// patterns returns the entries of patterns, each of the operation that it names before a
// colon.
func patterns(tb testing.TB, texts ...string) []httproute.Entry {
	tb.Helper()
	entries := make([]httproute.Entry, len(texts))
	for i, text := range texts {
		name, pattern, _ := strings.Cut(text, ": ")
		route, err := httproute.ParsePattern(pattern)
		if err != nil {
			tb.Fatalf("ParsePattern(%q): %v", pattern, err)
		}
		entries[i] = httproute.Entry{Route: route, Operation: name}
	}
	return entries
}

// templates returns the entries of templates of one group, in their order.
func templates(tb testing.TB, texts ...string) []httproute.Entry {
	tb.Helper()
	entries := make([]httproute.Entry, len(texts))
	for i, text := range texts {
		name, binding, _ := strings.Cut(text, ": ")
		method, template, _ := strings.Cut(binding, " ")
		route, err := httproute.ParseTemplate(method, template)
		if err != nil {
			tb.Fatalf("ParseTemplate(%q): %v", binding, err)
		}
		entries[i] = httproute.Entry{Route: route, Operation: name, Group: "acme.v1.Library", Index: i}
	}
	return entries
}

func TestMatch(t *testing.T) {
	table := httproute.NewTable(append(patterns(t,
		"root: GET /{$}", "order: GET /v1/orders/{id}", "latest: GET /v1/orders/latest", "list: GET /v1/orders", "files: GET /v1/files/{path...}",
		"put: PUT /v1/files/", "head: HEAD /v1/orders/latest", "admin: GET admin.example.com/v1/orders/{id}", "umlaut: GET /v1/bücher",
	), templates(t,
		"shelves: GET /v2/{parent=shelves/*}/books", "book: GET /v2/{name=shelves/*/books/*}", "archive: GET /v2/{name=shelves/*/books/*}:archive",
		"deep: GET /v3/{name=files/**}", "pack: POST /v3/{name=files/**}:pack", "colon: GET /v4/a:b",
	)...))
	for request, want := range map[string]string{
		"GET /": "root", "GET /v1/orders/5": "order", "GET /v1/orders/latest": "latest", "HEAD /v1/orders/latest": "head", "HEAD /v1/orders/5": "order",
		"GET /v1/orders": "list", "GET /v1/orders/": "", "GET /v1/orders/5/": "", "GET /v1/orders/5/x": "", "POST /v1/orders/5": "", "get /v1/orders/5": "",
		"GET /v1/files/": "files", "GET /v1/files": "", "GET /v1/files/a/b/": "files", "PUT /v1/files/a": "put", "GET /v1/b%C3%BCcher": "umlaut",
		"GET /v1/orders/a%20b": "order", "OPTIONS /v1/orders/5": "", "GET /V1/orders/5": "", "GET admin.example.com/v1/orders/5": "admin",
		"GET admin.example.com:8443/v1/orders/latest": "admin", "GET other.example.com/v1/orders/5": "order", "GET [::1]:443/v1/orders/5": "order",
		"GET /v2/shelves/1/books": "shelves", "GET /v2/shelves/1/books/2": "book", "GET /v2/shelves/1/books/2:archive": "archive", "GET /v2/shelves//books": "?",
		"GET /v2/shelves/1/books/:archive": "book", "GET /v2/shelves/1/books/2:other": "book", "GET /v3/files": "deep", "GET /v3/files/": "", "GET /v3/files/a/b": "deep",
		"POST /v3/files:pack": "pack", "POST /v3/files/a/b:pack": "pack", "POST /v3/files/a/b": "", "GET /v4/a:b": "colon", "GET /v4/a%3Ab": "?",
		"GET /v2/shelves/1/books/2%3Aarchive": "?", "GET /v1/orders/l%61test": "?", "GET /v1/%6frders/5": "?", "GET /v1/orders/%61": "order",
		"GET Admin.example.com/v1/orders/5": "?", "GET admin.example.com./v1/orders/5": "?", "GET /v1/../v1/orders/5": "?", "": "?",
	} {
		method, rest, _ := strings.Cut(request, " ")
		host, _, _ := strings.Cut(rest, "/")
		got, err := table.Match(method, host, strings.TrimPrefix(rest, host))
		ambiguous, none := errors.Is(err, httproute.ErrAmbiguous), errors.Is(err, httproute.ErrNoRoute)
		if want == "?" && !ambiguous || want == "" && !none || want != "?" && (got != want || want != "" && err != nil) || err != nil && got != "" {
			t.Errorf("Match(%q) = %q, %v, want %q", request, got, err, want)
		}
	}
}

func TestConflicts(t *testing.T) {
	other := func(entries []httproute.Entry) []httproute.Entry {
		entries[0].Group = "acme.v1.Other"
		return entries
	}
	for name, test := range map[string]struct {
		entries []httproute.Entry
		want    string // empty for none
	}{
		"disjoint":                     {patterns(t, "a: GET /a", "b: GET /b", "c: POST /a", "d: GET /a/"), ""},
		"more specific":                {patterns(t, "a: GET /a/{id}", "b: GET /a/b", "c: GET /a/{rest...}", "d: HEAD /a/b"), ""},
		"same":                         {patterns(t, "a: GET /a/{id}", "b: GET /a/{name}"), "the same requests"},
		"same operation":               {patterns(t, "a: GET /a/{id}", "a: GET /{x}/b"), ""},
		"overlap":                      {patterns(t, "a: GET /a/{id}", "b: GET /{x}/b"), "neither is more specific"},
		"overlap by method":            {patterns(t, "a: HEAD /a/{id}", "b: GET /a/b"), "neither is more specific"},
		"overlap of rests":             {patterns(t, "a: GET /a/{x}/c/{rest...}", "b: GET /a/b/{rest...}"), "neither is more specific"},
		"hosts":                        {patterns(t, "a: GET a.example.com/{x}/b", "b: GET b.example.com/a/{x}", "c: GET /a/{id}"), ""},
		"same host":                    {patterns(t, "a: GET a.example.com/{x}/b", "b: GET a.example.com/a/{x}"), "neither is more specific"},
		"template declared later":      {templates(t, "a: GET /v1/{id}", "b: GET /v1/latest"), ""},
		"template declared before":     {templates(t, "a: GET /v1/latest", "b: GET /v1/{id}"), "declare that one later"},
		"verb declared before":         {templates(t, "a: GET /v1/{id}:cancel", "b: GET /v1/{id}"), "declare that one later"},
		"verbs":                        {templates(t, "a: GET /v1/{id}:cancel", "b: GET /v1/{id}:track", "c: GET /v1/{parent=x/*}/y"), ""},
		"deep before":                  {templates(t, "a: GET /v1/files/{id}", "b: GET /v1/{name=files/**}"), "declare that one later"},
		"deep, both ways":              {templates(t, "a: GET /v1/{x}", "b: GET /v1/{name=files/**}", "c: GET /v1/files/{id}"), ""},
		"templates of two services":    {other(templates(t, "a: GET /v1/{id}", "b: GET /v1/latest")), "do not agree"},
		"pattern before template":      {append(patterns(t, "a: GET /v1/latest"), templates(t, "b: GET /v1/{id}")...), ""},
		"template within a pattern":    {append(patterns(t, "a: GET /v1/{id}"), templates(t, "b: GET /v1/latest")...), "do not agree"},
		"template that is a pattern":   {append(patterns(t, "a: GET /v1/{id}"), templates(t, "b: GET /v1/{name}")...), "the same requests"},
		"literal end and trailing":     {patterns(t, "a: GET /a/{$}", "b: GET /a/", "c: GET /a"), ""},
		"wildcard is not an empty end": {patterns(t, "a: GET /a/{x}", "b: GET /a/{$}"), ""},
	} {
		var all []string
		for _, c := range httproute.Conflicts(test.entries) {
			all = append(all, fmt.Sprintf("%s and %s: %s", c.A.Operation, c.B.Operation, c.Text))
		}
		got := strings.Join(all, "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
