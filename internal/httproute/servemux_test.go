package httproute_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

// smallPatterns returns patterns with up to three segments of a few kinds.
func smallPatterns() (all []string) {
	prefixes := []string{"", "/a", "/{x}", "/a/a", "/a/{y}", "/{x}/a", "/{x}/{y}"}
	for _, method := range []string{"GET ", "HEAD "} {
		for _, host := range []string{"", "h"} {
			for _, prefix := range prefixes {
				for _, end := range []string{"/a", "/{z}", "/{r...}", "/", "/{$}"} {
					all = append(all, method+host+prefix+end)
				}
			}
		}
	}
	return all
}

// TestTableAgreesWithServeMux tries each pair of small patterns: they conflict here if they
// do at ServeMux, and else each request calls the same operation.
func TestTableAgreesWithServeMux(t *testing.T) {
	all := smallPatterns()
	paths := []string{"/", "/a", "/b", "/a/", "/a/a", "/b/a", "/a/b", "/b/b/", "/a/a/a", "/a/b/a", "/b/a/b", "/a/a/a/a", "/b/b/b/"}
	for i, first := range all {
		for _, second := range all[:i] {
			entries := patterns(t, "0: "+first, "1: "+second)
			mux, conflicts := muxOf(entries), httproute.Conflicts(entries)
			if (mux == nil) != (len(conflicts) > 0) {
				t.Fatalf("conflicts of %q and %q: got %v, ServeMux refuses them: %v", first, second, conflicts, mux == nil)
			}
			if mux == nil {
				continue
			}
			table := httproute.NewTable(entries)
			for _, path := range paths {
				sameOperation(t, table, mux, "GET", "h", path)
				sameOperation(t, table, mux, "HEAD", "other", path)
			}
		}
	}
}

func sameOperation(t *testing.T, table *httproute.Table, mux *http.ServeMux, method, host, path string) {
	t.Helper()
	want, _ := table.Match(method, host, path)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, &http.Request{Method: method, Host: host, URL: &url.URL{Path: path}})
	redirected := w.Code >= 300 && w.Code < 400 // to the path with a slash at the end: no handler was called
	if got := w.Header().Get("Operation"); got != want && !redirected {
		t.Errorf("%s %s%s calls %q at ServeMux, and %q here", method, host, path, got, want)
	}
}

// muxOf returns a ServeMux with the patterns, whose handlers answer with the operation; nil
// if ServeMux refuses one.
func muxOf(entries []httproute.Entry) (mux *http.ServeMux) {
	defer func() {
		if recover() != nil {
			mux = nil
		}
	}()
	mux = http.NewServeMux()
	for _, e := range entries {
		mux.HandleFunc(e.Route.String(), func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Operation", e.Operation) })
	}
	return mux
}

// FuzzServeMux compares the table with ServeMux: they accept the same patterns, they find
// the same conflicts, and ServeMux calls the operation that the table finds, or none.
func FuzzServeMux(f *testing.F) {
	f.Add("GET /v1/orders/{id}", "GET /v1/orders/latest", "GET", "example.com", "/v1/orders/l%61test")
	f.Add("GET /{x...}", "HEAD /a/", "HEAD", "a", "/a/b/c")
	f.Add("GET /a/{x}/c/{r...}", "GET /a/b/{r...}", "GET", "a", "/a/b/c/")
	f.Add("GET a.b/{x}", "GET /{$}", "GET", "a.b:80", "/")
	f.Add("GET /a%20b/{x}", "GET /a%2Fb", "GET", "", "/a%20b/%20")
	f.Add("POST /{a}/{b}", "POST /{a}/", "POST", "A.b", "/x/y")
	f.Add("GET /{a}/{a}", "GET /x{y}", "GET", "", "/x")
	f.Fuzz(func(t *testing.T, first, second, method, host, path string) {
		var entries []httproute.Entry
		for i, text := range []string{first, second} {
			route, err := httproute.ParsePattern(text)
			if err != nil {
				continue
			}
			e := httproute.Entry{Route: route, Operation: fmt.Sprint(i)}
			if muxOf([]httproute.Entry{e}) == nil {
				t.Fatalf("ServeMux refuses %q, and the table accepts it", text)
			}
			entries = append(entries, e)
		}
		mux := muxOf(entries)
		if conflicts := httproute.Conflicts(entries); (mux == nil) != (len(conflicts) > 0) {
			t.Fatalf("conflicts of %q and %q: got %v, ServeMux refuses them: %v", first, second, conflicts, mux == nil)
		}
		if mux == nil {
			return
		}
		want, err := httproute.NewTable(entries).Match(method, host, path)
		if errors.Is(err, httproute.ErrAmbiguous) {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Method, r.Host = method, host
		if r.URL, err = r.URL.Parse("http://x" + path); err != nil || r.URL.EscapedPath() != path {
			return
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		redirected := w.Code >= 300 && w.Code < 400 // to the path with a slash at the end: no handler was called
		if got := w.Header().Get("Operation"); got != want && !redirected {
			t.Errorf("%q, %q: %s %s%s calls %q at ServeMux, and %q here", first, second, method, host, path, got, want)
		}
	})
}
