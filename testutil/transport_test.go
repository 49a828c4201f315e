package testutil_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestTransportSelectsTheIssuer(t *testing.T) {
	one := testutil.NewIssuer("https://idp.example.com/realms/one")
	two := testutil.NewIssuer("https://idp.example.com/realms/two")
	three := testutil.NewIssuer("http://127.0.0.1:9")
	client := &http.Client{Transport: one.Transport(two, three)}
	for _, i := range []*testutil.Issuer{one, two, three} {
		res, err := client.Get(i.URL() + "/jwks")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := i.Requests(testutil.JWKS); got != 1 {
			t.Errorf("%s: %d requests, want 1", i.URL(), got)
		}
	}
	for _, url := range []string{
		"https://evil.example", "http://idp.example.com/realms/one/jwks", "https://idp.example.com:443/realms/one/jwks",
		"https://IDP.example.com/realms/one/jwks",
	} {
		_, err := client.Post(url, "text/plain", strings.NewReader("x"))
		dns, ok := errors.AsType[*net.DNSError](err)
		if !ok || !dns.IsNotFound || !strings.Contains(err.Error(), "testutil: no such host") {
			t.Errorf("GET %s: %v, want testutil: no such host", url, err)
		}
	}
}

func TestTransportClosesTheBody(t *testing.T) {
	body := &closer{Reader: strings.NewReader("x")}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://evil.example", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := corp().Transport().RoundTrip(r); err == nil || !body.closed {
		t.Errorf("error %v, body closed = %t; want an error, true", err, body.closed)
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

// TestTransportCarriesRequestAndResponse checks what a handler and its client receive.
func TestTransportCarriesRequestAndResponse(t *testing.T) {
	issuer := corp()
	issuer.Fault(testutil.Token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Length", "7")
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Host+" "+r.RequestURI+" "+string(b))
	}))
	r := request(t, http.MethodPost, issuerURL+"/token?a=b", "body")
	res, err := issuer.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if got, want := string(body), "idp.example.com /realms/corp/token?a=b body"; got != want || err != nil {
		t.Errorf("body = %q, %v; want %q", got, err, want)
	}
	if res.StatusCode != http.StatusCreated || res.Status != "201 Created" || res.ContentLength != 7 || res.Request != r {
		t.Errorf("response = %+v", res)
	}
}

func TestContextEndsARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := corp()
		issuer.Fault(testutil.JWKS, testutil.RespondNever())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, issuerURL+"/jwks", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = issuer.Transport().RoundTrip(r)
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != time.Minute {
			t.Errorf("got %v after %v, want deadline exceeded after a minute", err, took)
		}
	})
}

// TestContextEndsABody ends the context between two bytes of the body.
func TestContextEndsABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := corp()
		issuer.Fault(testutil.JWKS, testutil.RespondSlowly("abc", time.Minute))
		client := &http.Client{Transport: issuer.Transport(), Timeout: 90 * time.Second}
		res, err := client.Get(issuerURL + "/jwks")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if string(body) != "ab" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("body = %q, %v; want \"ab\", deadline exceeded", body, err)
		}
	})
}

// TestHandlersContextEnds shows that the context of a handler ends with the handler, and
// at once if its client closes an unread body.
func TestHandlersContextEnds(t *testing.T) {
	tests := []struct {
		name    string
		handler http.Handler
		end     func(io.ReadCloser) error
	}{
		{"read", testutil.RespondBody("text/plain", "abc"), func(b io.ReadCloser) error {
			_, err := io.ReadAll(b)
			return err
		}},
		{"closed", testutil.RespondSlowly("abc", time.Hour), io.ReadCloser.Close},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := corp()
				var ctx context.Context
				issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx = r.Context()
					tt.handler.ServeHTTP(w, r)
				}))
				res, err := issuer.Transport().RoundTrip(request(t, http.MethodGet, issuerURL+"/jwks", ""))
				if err != nil {
					t.Fatal(err)
				}
				if err := tt.end(res.Body); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if !errors.Is(ctx.Err(), context.Canceled) {
					t.Errorf("the handler's context: %v, want canceled", ctx.Err())
				}
			})
		})
	}
}
