package httproute_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

func TestPatternsThatAreRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                                  "no method",
		"/v1/orders":                        "no method",
		"GET":                               "no method",
		"GET orders.example.com":            "no path",
		"get /v1/orders":                    "capital letters",
		"G:T /v1":                           "capital letters",
		"* /v1":                             "capital letters",
		"CONNECT /v1":                       "cannot be guarded",
		"TRACE /v1":                         "cannot be guarded",
		"GET Orders.example.com/v1":         "not a host in lower case",
		"GET orders.example.com:80/v1":      "without a port",
		"GET orders.example.com./v1":        "not a host",
		"GET {host}/v1":                     "not a host",
		"GET /v1//orders":                   "in no path",
		"GET /v1/../hr":                     "in no path",
		"GET /v1/./hr":                      "in no path",
		"GET /v1/a%2fb":                     "in no path",
		"GET /v1/a;b":                       "in no path",
		"GET /v1/%zz":                       "invalid escape",
		"GET /v1/{id":                       "a whole segment",
		"GET /v1/id}":                       "a whole segment",
		"GET /v1/x{id}":                     "a whole segment",
		"GET /v1/{id}x":                     "a whole segment",
		"GET /v1/{a}{b}":                    "a whole segment",
		"GET /v1/{}":                        "with a name",
		"GET /v1/{...}":                     "with a name",
		"GET /v1/{a-b}":                     "with a name",
		"GET /v1/{1}":                       "with a name",
		"GET /v1/{a...}/b":                  "before the end",
		"GET /v1/{$}/b":                     "before the end",
		"GET /v1/{$...}":                    "with a name",
		"GET /v1/{id}/{id}":                 "occurs twice",
		"GET /v1/{name=shelves/*}":          "a whole segment",
		"GET /" + strings.Repeat("a", 3000): "want at most 2048",
	} {
		if _, err := httproute.ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParsePattern(%.64q) = %v, want an error that says %q", pattern, err, want)
		}
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for template, want := range map[string]string{
		"":                              "begins with a slash",
		"v1/orders":                     "begins with a slash",
		"/v1//orders":                   "in no path",
		"/v1/orders/":                   "in no path",
		"/v1/{name":                     "not closed",
		"/v1/name}":                     "slash or a colon",
		"/v1/{}":                        "not the name of a field",
		"/v1/{a-b}":                     "not the name of a field",
		"/v1/{a..b}":                    "not the name of a field",
		"/v1/{a}/{a}":                   "occurs twice",
		"/v1/{a={b}}":                   "not a segment",
		"/v1/{a=}":                      "in no path",
		"/v1/{a=x//y}":                  "in no path",
		"/v1/{a=**}/b":                  "before the end",
		"/v1/{a=x/**/y}":                "before the end",
		"/v1/**/**":                     "before the end",
		"/v1/{a}x":                      "slash or a colon",
		"/v1/x{a}":                      "slash or a colon",
		"/v1/a*":                        "not a segment",
		"/v1/***":                       "not a segment",
		"/v1/{a=x*}":                    "not a segment",
		"/v1/{a}:":                      "not a verb",
		"/v1/{a}:b:c":                   "not a verb",
		"/v1/{a}:b/c":                   "not a verb",
		"/v1/{a}:%2f":                   "not a verb",
		"/v1/{a}:%61":                   "not a verb",
		"/v1/{a}:b c":                   "not a verb",
		"/v1/{a}:\u00e4":                "not a verb",
		"/v1/..":                        "in no path",
		"/v1/a%2fb":                     "in no path",
		"/v1/a\x00b":                    "in no path",
		"/v1/\xff":                      "in no path",
		"/" + strings.Repeat("a", 3000): "want at most 2048",
	} {
		if _, err := httproute.ParseTemplate("GET", template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTemplate(%.64q) = %v, want an error that says %q", template, err, want)
		}
	}
	for _, method := range []string{"", "*", "get", "CONNECT", "X Y"} {
		if _, err := httproute.ParseTemplate(method, "/v1"); err == nil {
			t.Errorf("ParseTemplate accepts the method %q", method)
		}
	}
}

// FuzzTemplate shows that what a template is made of matches it, and nothing that has
// another number of slashes does, unless it ends with **.
func FuzzTemplate(f *testing.F) {
	for _, template := range []string{"/", "/v1/{name=shelves/*}:archive", "/v1/{a.b}/c", "/v1/{name=files/**}", "/**:x", "/v1/*/b:c", "/v1/a:b/c"} {
		f.Add(template, "/v1/shelves/5:archive")
	}
	f.Add("/%70:%71", "/p")
	f.Fuzz(func(t *testing.T, template, path string) {
		route, err := httproute.ParseTemplate("GET", template)
		if err != nil {
			return
		}
		if !route.Same(route) || !route.Overlaps(route) {
			t.Fatalf("%q does not match its own requests", template)
		}
		table := httproute.NewTable([]httproute.Entry{{Route: route, Operation: "a"}})
		filled := template
		for open := strings.IndexByte(filled, '{'); open >= 0; open = strings.IndexByte(filled, '{') {
			end := strings.IndexByte(filled, '}')
			_, value, ok := strings.Cut(filled[open+1:end], "=")
			if !ok {
				value = "*"
			}
			filled = filled[:open] + value + filled[end+1:]
		}
		example := canonical(strings.ReplaceAll(strings.ReplaceAll(filled, "**", "x/y"), "*", "x"))
		if httproute.CheckPath(example) == nil {
			if got, err := table.Match("GET", "", example); got != "a" {
				t.Errorf("%q does not match %q: %v", template, example, err)
			}
		}
		got, _ := table.Match("GET", "", path)
		if got == "a" && !strings.Contains(filled, "**") && strings.Count(path, "/") != strings.Count(filled, "/") {
			t.Errorf("%q matches %q", template, path)
		}
	})
}

// canonical returns a path with the escapes that each of its segments needs, and no others.
func canonical(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if text, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(text)
		}
	}
	return strings.Join(segments, "/")
}
