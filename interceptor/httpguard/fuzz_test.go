package httpguard_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor/httpguard"
)

// FuzzRequest shows of requests of any bytes that a handler runs for no operation but the
// one that ServeMux finds, of a path that is clean and has one reading.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET /v1/orders/7 HTTP/1.1\r\nHost: a\r\n", "GET /v1/./orders/%2e HTTP/1.1\r\nHost: a.\r\n", "POST //v1/orders/7/events HTTP/1.1\r\nHost: a\r\nX-HTTP-Method: PUT\r\n",
		"GET http://b/v1/orders/a%20b?x#y HTTP/1.1\r\nHost: a\r\n", "DELETE /v1/orders/%25 HTTP/1.0\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n",
	} {
		f.Add(seed)
	}
	reference, called, ran := http.NewServeMux(), "", ""
	handlers := httpguard.Handlers{}
	w := newWorld(f, setup{})
	for name, patterns := range map[string][]string{
		"GetOrderStatus": {"GET /v1/orders/{id}"}, "CancelOrder": {"DELETE /v1/orders/{id}"}, "Version": {"GET /version"},
		"WatchOrderStatus": {"GET /v1/orders/{id}/events", "POST /v1/orders/{id}/events"},
	} {
		handlers[name] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = name })
		for _, pattern := range patterns {
			reference.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { called = name })
		}
	}
	guard, err := httpguard.New(w.admit, handlers)
	if err != nil {
		f.Fatal(err)
	}
	token := "Bearer " + w.issuer.Mint(good(nil))
	f.Fuzz(func(t *testing.T, head string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "Authorization: " + token + "\r\n\r\n")))
		if err != nil {
			return
		}
		r.TLS, called, ran = &tls.ConnectionState{}, "", ""
		guard.ServeHTTP(httptest.NewRecorder(), r)
		reference.ServeHTTP(httptest.NewRecorder(), r)
		if ran == "" {
			return
		}
		if ran != called || strings.Contains(r.RequestURI, "//") || strings.Contains(r.RequestURI, "\\") || strings.Contains(r.URL.Path, "/../") || r.URL.Host != "" {
			t.Errorf("%q: %q ran, and ServeMux finds %q", head, ran, called)
		}
		_, _ = io.Copy(io.Discard, r.Body)
	})
}
