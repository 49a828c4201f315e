package interceptor_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// turnstile is a server that has seen all tokens that will come.
type turnstile struct {
	issuer *testutil.Issuer
	server *interceptor.Server
	judge  grpc.UnaryServerInterceptor // of server
	values []string                    // of authorization, with a token each
	tokens [][]byte
}

func newTurnstile(b *testing.B, alg string, tokens int, opts ...interceptor.ServerOption) *turnstile {
	b.Helper()
	s := &turnstile{issuer: newIssuer()}
	s.issuer.Rotate(alg)
	server, err := interceptor.NewServer(company(b), interceptor.Services("order-status"), append(opts,
		interceptor.Transport(s.issuer.Transport()), interceptor.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Close() })
	s.server, s.judge = server, unaryOf(server)
	for n := range tokens {
		token := s.issuer.Mint(good(testutil.Claims{"jti": fmt.Sprintf("%08d", n)}))
		s.values, s.tokens = append(s.values, "Bearer "+token), append(s.tokens, []byte(token))
	}
	for first := s.lane(b); first.passed < tokens; {
		first.pass(b, s.judge)
	}
	return s
}

// upstream has go-oidc verify each token, and looks at nothing else.
func (s *turnstile) upstream(alg string) grpc.UnaryServerInterceptor {
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: s.issuer.Transport()})
	keys := oidc.NewRemoteKeySet(ctx, corp+"/jwks")
	verifier := oidc.NewVerifier(corp, keys, &oidc.Config{ClientID: "order-status", SupportedSigningAlgs: []string{alg}})
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		token := strings.TrimPrefix(metadata.ValueFromIncomingContext(ctx, "authorization")[0], "Bearer ")
		if _, err := verifier.Verify(ctx, token); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// lane is one row of callers at a turnstile. Their calls and the SHA-256 of their
// tokens, which is the measure of an admission, take turns: machines change
// their pace.
type lane struct {
	*turnstile
	ctx    context.Context
	value  []string // of its authorization
	first  int
	passed int
	began  time.Time
	hashes int
	hashed time.Duration
}

// turn is how many calls, and then hashes, there are at a time.
const turn = 256

func (s *turnstile) lane(b *testing.B) *lane {
	l := &lane{turnstile: s, value: make([]string, 1), first: rand.IntN(len(s.tokens)), began: time.Now()}
	l.ctx = metadata.NewIncomingContext(arrived(b.Context()), metadata.MD{"authorization": l.value})
	return l
}

func (l *lane) pass(b *testing.B, judge grpc.UnaryServerInterceptor) {
	if l.passed%turn == 0 {
		l.hash()
	}
	l.call(b, judge)
}

func (l *lane) call(b *testing.B, judge grpc.UnaryServerInterceptor) {
	l.value[0] = l.values[(l.first+l.passed)%len(l.values)]
	l.passed++
	if _, err := judge(l.ctx, nil, getting, unhandled); err != nil {
		b.Error(err)
	}
}

var (
	getting   = &grpc.UnaryServerInfo{FullMethod: getOrder}
	unhandled = func(context.Context, any) (any, error) { return nil, nil }
)

// hash digests other tokens than those that are about to pass.
func (l *lane) hash() {
	began := time.Now()
	for range turn {
		sha256.Sum256(l.tokens[(l.first+len(l.tokens)/2+l.hashes)%len(l.tokens)])
		l.hashes++
	}
	l.hashed += time.Since(began)
}

// report tells how long a call took, and how many times as long as the hash of
// its token.
func report(b *testing.B, lanes ...*lane) {
	var took, hashed, passed, hashes float64
	for _, l := range lanes {
		took += float64(time.Since(l.began) - l.hashed)
		hashed += float64(l.hashed)
		passed += float64(l.passed)
		hashes += float64(l.hashes)
	}
	b.ReportMetric(took/passed, "ns/op")
	b.ReportMetric(took/passed/hashed*hashes, "x-sha256")
}
