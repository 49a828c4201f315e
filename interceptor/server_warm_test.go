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
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/testutil"
)

// warmServer is a server that has seen all tokens that will come.
type warmServer struct {
	issuer *testutil.Issuer
	server *interceptor.Server
	unary  grpc.UnaryServerInterceptor // of server
	values []string                    // of authorization, with a token each
	tokens [][]byte
}

// A judge decides about the next call of a series.
type judge func(*callSeries) error

func newWarmServer(b *testing.B, alg string, tokens int, opts ...interceptor.ServerOption) *warmServer {
	b.Helper()
	s := &warmServer{issuer: newIssuer()}
	s.issuer.Rotate(alg)
	server, err := interceptor.NewServer(company(b), interceptor.Services("order-status"), append(opts,
		interceptor.Transport(s.issuer.Transport()), interceptor.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Close() })
	s.server, s.unary = server, unaryOf(server)
	for n := range tokens {
		token := s.issuer.Mint(good(testutil.Claims{"jti": fmt.Sprintf("%08d", n)}))
		s.values, s.tokens = append(s.values, "Bearer "+token), append(s.tokens, []byte(token))
	}
	for first := s.series(b); first.passed < tokens; {
		first.pass(b, s.intercept)
	}
	return s
}

// intercept has the server's interceptor decide.
func (s *warmServer) intercept(l *callSeries) error {
	_, err := s.unary(l.ctx, nil, getting, unhandled)
	return err
}

// decide asks for the decision alone, without what gRPC adds to it.
func (s *warmServer) decide(l *callSeries) error {
	return interceptor.Admission(s.server).Decide(l.ctx, l.request).Err
}

// upstream has go-oidc verify each token, and looks at nothing else.
func (s *warmServer) upstream(alg string) judge {
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: s.issuer.Transport()})
	keys := oidc.NewRemoteKeySet(ctx, corp+"/jwks")
	verifier := oidc.NewVerifier(corp, keys, &oidc.Config{ClientID: "order-status", SupportedSigningAlgs: []string{alg}})
	return func(l *callSeries) error {
		_, err := verifier.Verify(l.ctx, strings.TrimPrefix(l.value[0], "Bearer "))
		return err
	}
}

// callSeries are the calls of one client, one after another. The calls and the
// SHA-256 of their tokens, which is the measure of an admission, take turns:
// machines change their pace.
type callSeries struct {
	*warmServer
	ctx     context.Context
	value   []string // of its authorization
	request *admission.Request
	first   int
	passed  int
	began   time.Time
	hashes  int
	hashed  time.Duration
}

// turn is how many calls, and then hashes, there are at a time.
const turn = 256

func (s *warmServer) series(b *testing.B) *callSeries {
	l := &callSeries{warmServer: s, value: make([]string, 1), first: rand.IntN(len(s.tokens)), began: time.Now()}
	l.ctx = metadata.NewIncomingContext(arrived(b.Context()), metadata.MD{"authorization": l.value})
	l.request = interceptor.RequestOf(s.server, l.ctx, getOrder, false)
	l.request.Credentials = l.value
	return l
}

func (l *callSeries) pass(b *testing.B, by judge) {
	if l.passed%turn == 0 {
		l.hash()
	}
	l.call(b, by)
}

func (l *callSeries) call(b *testing.B, by judge) {
	l.value[0] = l.values[(l.first+l.passed)%len(l.values)]
	l.passed++
	if err := by(l); err != nil {
		b.Error(err)
	}
}

var (
	getting   = &grpc.UnaryServerInfo{FullMethod: getOrder}
	unhandled = func(context.Context, any) (any, error) { return nil, nil }
)

// hash digests other tokens than those that are about to pass.
func (l *callSeries) hash() {
	began := time.Now()
	for range turn {
		sha256.Sum256(l.tokens[(l.first+len(l.tokens)/2+l.hashes)%len(l.tokens)])
		l.hashes++
	}
	l.hashed += time.Since(began)
}

// report reports how long a call took, and how many times as long as the hash of
// its token.
func report(b *testing.B, all ...*callSeries) {
	var took, hashed, passed, hashes float64
	for _, l := range all {
		took += float64(time.Since(l.began) - l.hashed)
		hashed += float64(l.hashed)
		passed += float64(l.passed)
		hashes += float64(l.hashes)
	}
	b.ReportMetric(took/passed, "ns/op")
	b.ReportMetric(took/passed/hashed*hashes, "x-sha256")
}
