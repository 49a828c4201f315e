package tokensource_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// body records that it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func TestTransportSendsTheTokenToItsHostsOnly(t *testing.T) {
	elsewhere := &http.Response{Request: &http.Request{URL: &url.URL{Scheme: "https", Host: "login.example"}}}
	for name, row := range map[string]struct {
		url   string
		hosts []string
		edit  func(*http.Request)
		want  string // in the error; empty: the request is sent
	}{
		"good":              {"https://orders.example/v1", []string{"orders.example"}, nil, ""},
		"case":              {"https://Orders.Example/v1", []string{"ORDERS.example"}, nil, ""},
		"default port":      {"https://orders.example:443/v1", []string{"orders.example"}, nil, ""},
		"port":              {"https://orders.example:8443/v1", []string{"hr.example", "orders.example:8443"}, nil, ""},
		"redirect at home":  {"https://orders.example/v2", []string{"orders.example"}, func(r *http.Request) { r.Response = &http.Response{Request: &http.Request{URL: r.URL}} }, ""},
		"no headers":        {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Header = nil }, ""},
		"no header Host":    {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Host = "" }, ""},
		"led from nowhere":  {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Response = &http.Response{} }, ""},
		"another port":      {"https://orders.example:8443/v1", []string{"orders.example"}, nil, "must not be sent"},
		"another host":      {"https://evil.example/v1", []string{"orders.example"}, nil, "must not be sent"},
		"host as a suffix":  {"https://evil-orders.example/v1", []string{"orders.example"}, nil, "must not be sent"},
		"another letter":    {"https://Hİ.example/v1", []string{"hi.example"}, nil, "must not be sent"},
		"plaintext":         {"http://orders.example/v1", []string{"orders.example"}, nil, "https"},
		"no host named":     {"https://orders.example/v1", nil, nil, "no host"},
		"empty host named":  {"https:///v1", []string{""}, nil, "must not be sent"},
		"Host header":       {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Host = "evil.example" }, "Host"},
		"redirected here":   {"https://orders.example/v1", []string{"orders.example", "login.example"}, func(r *http.Request) { r.Response = elsewhere }, "redirect"},
		"has Authorization": {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Header.Set("Authorization", "Basic x") }, "already"},
		"empty one":         {"https://orders.example/v1", []string{"orders.example"}, func(r *http.Request) { r.Header.Set("Authorization", "") }, "already"},
	} {
		w, sent := &wire{}, ""
		base := roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Get("Authorization")
			return reply(200, "")(r)
		})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, row.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := &body{Reader: strings.NewReader("x")}
		r.Body = b
		if row.edit != nil {
			row.edit(r)
		}
		before := r.Header.Clone()
		_, err = tokensource.NewTransport(newSource(t, w), orders, base, row.hosts...).RoundTrip(r)
		switch {
		case row.want == "" && (err != nil || sent != "Bearer opaque-order-status"):
			t.Errorf("%s: sent %q, %v", name, sent, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || sent != "" || w.count() != 0 || !b.closed):
			t.Errorf("%s: sent %q, %v, %d token requests, body closed: %v; want %q before all that", name, sent, err, w.count(), b.closed, row.want)
		}
		if len(r.Header) != len(before) {
			t.Errorf("%s: the caller's request was changed", name)
		}
	}
}

func TestTransportWithoutTokenSendsNothing(t *testing.T) {
	w := &wire{token: always(reply(503, ""))}
	base := roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("sent without a token")
		return nil, io.EOF
	})
	for name, tokens := range map[string]tokensource.Source{"outage": newSource(t, w), "nil": nil} {
		client := &http.Client{Transport: tokensource.NewTransport(tokens, orders, base, "orders.example"), Timeout: time.Minute}
		if _, err := client.Get("https://orders.example"); err == nil || tokens != nil && !errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRedirectDoesNotTakeTheTokenElsewhere(t *testing.T) {
	var seen []string
	base := roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.Host)
		return reply(307, "", "Location", "https://evil.example/")(r)
	})
	client := &http.Client{Transport: tokensource.NewTransport(newSource(t, &wire{}), orders, base, "orders.example", "evil.example")}
	if _, err := client.Get("https://orders.example"); err == nil || len(seen) != 1 {
		t.Errorf("got %v after %q", err, seen)
	}
}

func TestDefaultTransportIsUsed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tokens := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		cancel() // so that no connection is opened
		return tokensource.NewToken("t", time.Time{}), nil
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://orders.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokensource.NewTransport(tokens, orders, nil, "orders.example").RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}
