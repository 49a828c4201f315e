package tokensource_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/tokensource"
)

// BenchmarkToken measures a cached token: for one audience and for many, and
// exchanged; beside a token source of x/oauth2 for one audience. Run it with -cpu
// 1,2.
func BenchmarkToken(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{1, 100, 1000} {
		s, requests := warm(b, n, tokensource.Token{})
		benchmark(b, fmt.Sprint("audiences=", n), n, func(i int) error {
			_, err := s.Token(ctx, requests[i])
			return err
		})
	}
	exchanging, requests := warm(b, 1, tokensource.NewToken(strings.Repeat("s", 1000), time.Time{}))
	benchmark(b, "exchanged", 1, func(i int) error {
		_, err := exchanging.Token(ctx, requests[i])
		return err
	})
	usual := oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)}, nil)
	benchmark(b, "oauth2.ReuseTokenSource", 1, func(int) error {
		_, err := usual.Token()
		return err
	})
}

// benchmark requests n tokens in turn, on each processor.
func benchmark(b *testing.B, name string, n int, token func(i int) error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if i == n {
					i = 0
				}
				if err := token(i); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// warm returns a cache with a token for each of n audiences.
func warm(b *testing.B, n int, subject tokensource.Token) (*tokensource.Cache, []tokensource.Request) {
	b.Helper()
	s := newSource(b, &wire{})
	requests := make([]tokensource.Request, n)
	for i := range requests {
		requests[i] = tokensource.Request{Audience: fmt.Sprintf("service-%d", i), Subject: subject, SubjectIssuer: issuer}
		if _, err := s.Token(context.Background(), requests[i]); err != nil {
			b.Fatal(err)
		}
	}
	return s, requests
}
