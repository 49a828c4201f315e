package httpguard_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// BenchmarkLoopback is how long a request over a loopback connection takes with a guard
// and without: the two take turns, since machines change their pace. It reports the
// medians and the tenth percentiles, on which other work of the machine has less influence,
// and their ratios. The handler does the same with a caller and without.
func BenchmarkLoopback(b *testing.B) {
	for _, protocol := range protocols {
		b.Run(protocol, func(b *testing.B) {
			issuer := testutil.NewIssuer(corp)
			admit, err := interceptor.NewServer(company(b), interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
			if err != nil {
				b.Fatal(err)
			}
			defer admit.Close()
			guard, err := httpguard.New(admit, every(greet))
			if err != nil {
				b.Fatal(err)
			}
			bare := http.NewServeMux()
			bare.HandleFunc("GET /v1/orders/{id}", greet)
			token := "Bearer " + issuer.Mint(good(nil))
			guarded, unguarded := loopback(b, protocol, guard, token), loopback(b, protocol, bare, token)
			var with, without []time.Duration
			for b.Loop() {
				with, without = append(with, guarded()), append(without, unguarded())
			}
			slices.Sort(with)
			slices.Sort(without)
			for _, percent := range []int{10, 50} {
				guarded, bare := float64(with[len(with)*percent/100]), float64(without[len(without)*percent/100])
				b.ReportMetric(guarded, fmt.Sprintf("p%d-guarded-ns", percent))
				b.ReportMetric(bare, fmt.Sprintf("p%d-bare-ns", percent))
				b.ReportMetric(guarded/bare, fmt.Sprintf("p%d-guarded/bare", percent))
			}
		})
	}
}

func greet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "order "+r.PathValue("id"))
}

// loopback serves a handler over TLS on a loopback address, and returns a function that
// makes a request and returns how long it took.
func loopback(b *testing.B, protocol string, handler http.Handler, token string) func() time.Duration {
	srv := httptest.NewUnstartedServer(handler)
	srv.EnableHTTP2 = protocol == "HTTP/2.0"
	srv.TLS = &tls.Config{}
	srv.StartTLS()
	b.Cleanup(srv.Close)
	client := srv.Client()
	return func() time.Duration {
		r, err := http.NewRequestWithContext(b.Context(), "GET", srv.URL+getting, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		began := time.Now()
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		took := time.Since(began)
		if resp.StatusCode != http.StatusOK {
			b.Fatal(resp.Status)
		}
		return took
	}
}

// BenchmarkGuard is what the guard adds to a handler, without a connection.
func BenchmarkGuard(b *testing.B) {
	ran := 0
	w := newWorld(b, setup{handle: func(http.ResponseWriter, *http.Request) { ran++ }})
	ctx, cancel := context.WithCancel(b.Context()) // as a server's is
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", getting, nil)
	r.TLS = &tls.ConnectionState{}
	r.Header.Set("Authorization", "Bearer "+w.issuer.Mint(good(nil)))
	b.ReportAllocs()
	for b.Loop() {
		w.handler.ServeHTTP(nothing{}, r)
	}
	if ran == 0 {
		b.Error("every request was refused")
	}
}

// nothing is a response that nobody reads.
type nothing struct{}

func (nothing) Header() http.Header         { return http.Header{} }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) WriteHeader(int)             {}
