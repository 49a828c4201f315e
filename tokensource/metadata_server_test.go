package tokensource_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

const identity = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}"

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newMetadata(t *testing.T, f roundTrip) *tokensource.Cache {
	t.Helper()
	header := http.Header{"Metadata-Flavor": {"Google"}}
	s, err := tokensource.NewMetadataServer(identity, header, tokensource.Transport(f), silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	header.Set("Metadata-Flavor", "changed")
	return s
}

func TestMetadataServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		s := newMetadata(t, func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("Metadata-Flavor"); got != "Google" || r.Method != http.MethodGet {
				t.Errorf("got %s with flavor %q", r.Method, got)
			}
			if got, want := r.URL.RawQuery, "audience=https%3A%2F%2Forders.example%2F%3Fa%26b"; got != want {
				t.Errorf("got query %s, want %s", got, want)
			}
			return reply(200, projected(r.URL.Query().Get("audience"), fmt.Sprint(n.Add(1)), time.Hour)+"\n", "Content-Type", "text/html")(r)
		})
		r := tokensource.Request{Audience: "https://orders.example/?a&b", Scope: "not looked at"}
		for begin := time.Now(); time.Since(begin) < 10*time.Hour; time.Sleep(time.Second) {
			asked := time.Now()
			token, err := s.Token(t.Context(), r)
			if left := time.Until(token.Expiry()); err != nil || left < 30*time.Second || time.Since(asked) != 0 {
				t.Fatalf("after %v: %v left, %v", time.Since(begin), left, err)
			}
		}
		if got := n.Load(); got < 10 || got > 13 {
			t.Errorf("got %d requests in ten lives, want about 12", got)
		}
	})
}

// TestMetadataServerWithACache shows what happens if the server returns the same token
// again: it is asked more often towards the end, and the token is not used in its last
// 30 s.
func TestMetadataServerWithACache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		token, begin := projected("order-status", "1", time.Hour), time.Now()
		s := newMetadata(t, func(r *http.Request) (*http.Response, error) {
			n.Add(1)
			return reply(200, token)(r)
		})
		for ; time.Since(begin) < time.Hour-30*time.Second; time.Sleep(time.Second / 10) {
			must(t, s, orders)
		}
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("30 s before the end: got %v, want ErrUnavailable", err)
		}
		if got := n.Load(); got > 20 {
			t.Errorf("got %d requests, want at most 20", got)
		}
	})
}

func TestAnswersOfAMetadataServer(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"opaque":           {200, "opaque", nil},
		"another audience": {200, jwt(`{"aud":"human-resource"}`), tokensource.ErrMismatch},
		"JSON":             {200, `{"access_token":"t"}`, tokensource.ErrUnavailable},
		"HTML":             {200, "<html>", tokensource.ErrUnavailable},
		"empty":            {200, "", tokensource.ErrUnavailable},
		"2 MiB":            {200, strings.Repeat("a", 2<<20), tokensource.ErrUnavailable},
		"204":              {204, "opaque", tokensource.ErrRefused},
		"403":              {403, "opaque", tokensource.ErrRefused},
		"404":              {404, "", tokensource.ErrRefused},
		"302":              {302, "", tokensource.ErrUnavailable},
		"429":              {429, "", tokensource.ErrUnavailable},
		"503":              {503, "", tokensource.ErrUnavailable},
	} {
		s := newMetadata(t, reply(row.status, row.body, "Location", "http://elsewhere.example"))
		if token, err := s.Token(t.Context(), orders); !errors.Is(err, row.want) || token.IsZero() != (row.want != nil) {
			t.Errorf("%s: got %q, %v, want %v", name, token.Reveal(), err, row.want)
		}
	}
	refused := newMetadata(t, reply(403, ""))
	var refusal *tokensource.TokenError
	if _, err := refused.Token(t.Context(), orders); !errors.As(err, &refusal) || refusal.Status != 403 {
		t.Errorf("403: got %v, want its status", err)
	}
	broken := errors.New("connection reset")
	short := newMetadata(t, func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader("half-a-token"), iotest.ErrReader(broken))
		return &http.Response{StatusCode: 200, Body: io.NopCloser(body), Request: r}, nil
	})
	if _, err := short.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) || !errors.Is(err, broken) {
		t.Errorf("half an answer: got %v, want ErrUnavailable and its cause", err)
	}
	s := newMetadata(t, func(*http.Request) (*http.Response, error) { return nil, broken })
	if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) || !errors.Is(err, broken) {
		t.Errorf("no answer: got %v, want ErrUnavailable and its cause", err)
	}
	r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject", time.Time{}), SubjectIssuer: issuer}
	if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) {
		t.Errorf("subject: got %v, want ErrRefused", err)
	}
}

func TestAddressesOfMetadataServers(t *testing.T) {
	for url, good := range map[string]bool{
		identity: true,
		"http://169.254.169.254/metadata/identity?resource={audience}": true,
		"http://[fe80::1]/{audience}":                                  true,
		"http://127.0.0.1:40342/metadata":                              true,
		"http://localhost/metadata":                                    true,
		"https://metadata.example.com/{audience}":                      true,
		"http://metadata.example.com/":                                 false,
		"http://10.0.0.1/":                                             false,
		"http://metadata.google.internal.example.com/":                 false,
		"http://{audience}/":                                           false,
		"https://me:pw@metadata.example.com/":                          false,
		"me:pw@metadata.example.com":                                   false,
		"https://metadata.example.com/#{audience}":                     false,
		"ftp://127.0.0.1/":                                             false,
		"https://":                                                     false,
		":":                                                            false,
		"":                                                             false,
	} {
		s, err := tokensource.NewMetadataServer(url, nil)
		if (err == nil) != good {
			t.Errorf("NewMetadata(%q): got error %v, want one: %v", url, err, !good)
		}
		if err == nil {
			s.Close()
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("NewMetadata(%q): %v holds a password", url, err)
		}
	}
}

// FuzzMetadataServer shows that an accepted token can be sent as a bearer token, and
// expires.
func FuzzMetadataServer(f *testing.F) {
	f.Add(200, "opaque\n")
	f.Add(200, jwt(`{"aud":"order-status","iat":1e300,"exp":4102444800}`))
	f.Add(200, jwt(`{"aud":["order-status"],"iat":-1e300}`))
	f.Add(302, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		answer := reply(100+(status%500+500)%500, body)
		s, err := tokensource.NewMetadataServer(identity, nil, tokensource.Transport(roundTrip(answer)), silent)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		token, err := s.Token(t.Context(), orders)
		if err != nil {
			return
		}
		if life := time.Until(token.Expiry()); !bearer.MatchString(token.Reveal()) || life <= 0 || life > 24*time.Hour {
			t.Errorf("accepted %q for %v", token.Reveal(), life)
		}
	})
}

// TestMetadataServerIsAskedWithoutProxy shows it because a proxy would get the token of
// its own machine.
func TestMetadataServerIsAskedWithoutProxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "opaque") }))
	defer server.Close()
	proxied := errors.New("a proxy is asked for")
	proxy := func(*http.Request) (*url.URL, error) { return nil, proxied }
	shared := http.DefaultTransport.(*http.Transport)
	before := shared.Proxy
	defer func() { shared.Proxy = before }()
	shared.Proxy = proxy
	for name, row := range map[string]struct {
		opts []tokensource.Option
		want error
	}{
		"by default":            {nil, nil},
		"the caller's own says": {[]tokensource.Option{tokensource.Transport(&http.Transport{Proxy: proxy})}, proxied},
	} {
		s, err := tokensource.NewMetadataServer(server.URL, nil, append(row.opts, silent)...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
		s.Close()
	}
	if _, err := shared.Proxy(nil); err == nil {
		t.Error("the transport of all was changed")
	}
}

// TestRetryAfterOfAMetadataServer shows that it holds, whatever the server answers to a
// request that was sent before.
func TestRetryAfterOfAMetadataServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		s := newMetadata(t, func(r *http.Request) (*http.Response, error) {
			switch n.Add(1) {
			case 1:
				time.Sleep(time.Second)
				return reply(429, "", "Retry-After", "60")(r)
			case 2:
				time.Sleep(2 * time.Second)
			}
			return reply(503, "")(r)
		})
		if err := s.Warm(t.Context(), "a", "b"); !errors.Is(err, tokensource.ErrUnavailable) {
			t.Fatalf("got %v, want ErrUnavailable", err)
		}
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) || n.Load() != 2 {
			t.Errorf("got %v after %d requests, want no third one", err, n.Load())
		}
	})
}
