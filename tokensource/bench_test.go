package tokensource_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
	"golang.org/x/oauth2"
)

func BenchmarkToken(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("audiences=%d", n), func(b *testing.B) {
			s, requests := warm(b, n, tokensource.Token{})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := s.Token(context.Background(), requests[i%n]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkTokenParallel(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("audiences=%d", n), func(b *testing.B) {
			s, requests := warm(b, n, tokensource.Token{})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := s.Token(context.Background(), requests[i%n]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkTokenExchange(b *testing.B) {
	subject := tokensource.NewToken(strings.Repeat("s", 1000), time.Time{})
	s, requests := warm(b, 1, subject)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Token(context.Background(), requests[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReuseTokenSource is what x/oauth2 costs for one audience.
func BenchmarkReuseTokenSource(b *testing.B) {
	s := oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)}, nil)
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Token(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Token(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// warm returns a source that holds a token for each of n audiences.
func warm(b *testing.B, n int, subject tokensource.Token) (*tokensource.Source, []tokensource.Request) {
	b.Helper()
	s := newSource(b, &wire{})
	requests := make([]tokensource.Request, n)
	for i := range requests {
		requests[i] = tokensource.Request{Audience: fmt.Sprintf("service-%d", i), Subject: subject}
		if _, err := s.Token(context.Background(), requests[i]); err != nil {
			b.Fatal(err)
		}
	}
	return s, requests
}
