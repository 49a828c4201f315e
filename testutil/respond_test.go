package testutil_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestFaultRespondsInsteadOfTheIssuer(t *testing.T) {
	tests := []struct {
		name   string
		fault  http.Handler
		status int
		header string
		value  string
		body   string
	}{
		{"status", testutil.RespondStatus(429, "Retry-After", "5"), 429, "Retry-After", "5", ""},
		{"body", testutil.RespondBody("text/html", "<html>"), 200, "Content-Type", "text/html", "<html>"},
		{"redirect", testutil.RespondRedirect("https://evil.example"), 302, "Location", "https://evil.example", "<a href=\"https://evil.example\">Found</a>.\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := corp()
			issuer.Fault(testutil.Discovery, tt.fault)
			got := get(t, issuer, issuerURL+string(testutil.Discovery))
			if got.status != tt.status || got.header.Get(tt.header) != tt.value || got.body != tt.body {
				t.Errorf("answer = %+v", got)
			}
			if status := get(t, issuer, issuerURL+"/jwks").status; status != http.StatusOK {
				t.Errorf("another endpoint answers %d, want 200", status)
			}
			issuer.Fault(testutil.Discovery, nil)
			if status := get(t, issuer, issuerURL+string(testutil.Discovery)).status; status != http.StatusOK {
				t.Errorf("after the fault: %d, want 200", status)
			}
			if n := issuer.Requests(testutil.Discovery); n != 2 {
				t.Errorf("Requests(Discovery) = %d, want 2", n)
			}
		})
	}
}

func TestRespondStatusPanicsWithoutAValue(t *testing.T) {
	mustPanic(t, func() { testutil.RespondStatus(429, strings.Fields("Retry-After")...) })
}

func TestRespondSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := corp()
		issuer.Fault(testutil.JWKS, testutil.RespondSlowly("abc", time.Second))
		start := time.Now()
		got := get(t, issuer, issuerURL+"/jwks")
		if took := time.Since(start); got.body != "abc" || took != 3*time.Second {
			t.Errorf("body = %q in %v, want \"abc\" in 3 s", got.body, took)
		}
	})
}

// TestAbortedResponse has handlers that abort before and during a response.
func TestAbortedResponse(t *testing.T) {
	for text, want := range map[string]error{"": io.EOF, "half": io.ErrUnexpectedEOF} {
		issuer := corp()
		issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, b := range []byte(text) {
				w.Write([]byte{b})
			}
			panic(http.ErrAbortHandler)
		}))
		res, err := issuer.Transport().RoundTrip(request(t, http.MethodGet, issuerURL+"/jwks", ""))
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		if !errors.Is(err, want) {
			t.Errorf("after %q: got %v, want %v", text, err, want)
		}
	}
}
