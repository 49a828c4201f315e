package interceptor_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

var (
	tokenInvalid = verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}
	unavailable  = verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}
	ttl          = 5 * time.Second // how long an answer about an opaque token counts
)

// introspected has the issuer be asked about its tokens, and lets a client with
// opaque tokens call the human resources.
func introspected(t *testing.T) func(*access.Matrix) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("backoffice-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, Introspection: access.Introspection{ClientID: "backoffice-portal", Secret: access.SecretRef{File: secret}}}
		m.Clients["opaque"] = access.Client{}
		s := m.Services["human-resource"]
		s.Allow = []access.Allow{{Clients: []string{"opaque"}, Methods: []string{"*"}, NoScopes: true}}
		m.Services["human-resource"] = s
	}
}

// introspectingServer is a reviewServer whose callers have opaque tokens.
type introspectingServer struct {
	*reviewServer
	token  string
	stream reviewer
}

func newIntrospectingServer(t *testing.T, change func(*access.Matrix), opts ...interceptor.ServerOption) *introspectingServer {
	t.Helper()
	return newIntrospectingServerWith(t, change, func(map[string]any) {}, opts...)
}

// newIntrospectingServerWith is newIntrospectingServer with changed answers about its
// tokens.
func newIntrospectingServerWith(t *testing.T, change func(*access.Matrix), answer func(map[string]any), opts ...interceptor.ServerOption) *introspectingServer {
	t.Helper()
	ask := introspected(t)
	o := newReviewServer(t, echo, company(t, ask, change), append([]interceptor.ServerOption{interceptor.VerifierOptions(verifier.IntrospectionTTL(ttl))}, opts...)...)
	o.issuer.Register(testutil.Client{ID: "opaque", Secret: "x", Opaque: true, Audiences: []string{"human-resource"}})
	o.issuer.Fault(testutil.Introspection, o.issuer.Alter(testutil.Introspection, answer))
	b := &introspectingServer{reviewServer: o, token: o.issuer.User("opaque", "alice", "human-resource")}
	b.stream = b.openFor(t, timed(t), b.token)
	confirm(t, b.stream)
	return b
}

// timed returns a context that outlasts every token, so that a stream which does not
// end fails its test.
func timed(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	t.Cleanup(cancel)
	return ctx
}

func sameMatrix(*access.Matrix) {}

// lasts reads a stream to its end, and checks that it ends with want and within these
// times from now.
func lasts(t *testing.T, stream reviewer, want verdict, least, most time.Duration) {
	t.Helper()
	began := time.Now()
	if got := verdictOf(drain(stream)); got != want {
		t.Errorf("ended with %v, want %v", got, want)
	}
	if took := time.Since(began); took < least || took > most {
		t.Errorf("ended after %v, want %v to %v", took, least, most)
	}
}

// TestStreamUnderARevokedOpaqueToken shows that the issuer is asked again about
// the token of a running stream when its answer ends, and that the stream ends as
// a call is refused.
func TestStreamUnderARevokedOpaqueToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newIntrospectingServer(t, sameMatrix)
		time.Sleep(time.Minute)
		confirm(t, b.stream)
		b.issuer.Revoke(b.token)
		lasts(t, b.stream, tokenInvalid, 0, ttl+2*time.Second)
		if got := verdictOf(drain(b.openFor(t, timed(t), b.token))); got != tokenInvalid {
			t.Errorf("a call: %v, want %v", got, tokenInvalid)
		}
	})
}

// TestStreamsOfOneTokenAskOnce shows that the issuer is asked about a token once
// in the time that its answer counts, however many streams run under it.
func TestStreamsOfOneTokenAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newIntrospectingServer(t, sameMatrix)
		for range 50 {
			confirm(t, b.openFor(t, timed(t), b.token))
		}
		before := b.issuer.Requests(testutil.Introspection)
		time.Sleep(time.Minute)
		if n := b.issuer.Requests(testutil.Introspection) - before; n < 8 || n > 13 {
			t.Errorf("%d questions in a minute, want one in %v", n, ttl)
		}
	})
}

// TestStreamIsJudgedOnTheNewAnswer shows that a stream goes on under what the
// issuer says now of its token.
func TestStreamIsJudgedOnTheNewAnswer(t *testing.T) {
	for name, row := range map[string]struct {
		demand      func(*access.Matrix)
		answer      func(map[string]any)
		want        verdict
		least, most time.Duration
	}{
		"the same": {sameMatrix, func(map[string]any) {}, expired, 5 * time.Minute, 6 * time.Minute},
		"for another service": {
			sameMatrix, func(a map[string]any) { a["aud"] = "order-status" },
			verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch},
			0, ttl + 2*time.Second,
		},
		"without the role": {
			func(m *access.Matrix) {
				m.Services["human-resource"].Allow[0].Claims = map[string][]string{"department": {"hr"}}
			},
			func(a map[string]any) { a["department"] = "sales" },
			verdict{codes.PermissionDenied, audience.ReasonClaimNotAllowed},
			0, ttl + 2*time.Second,
		},
		"of another user":   {sameMatrix, func(a map[string]any) { a["sub"] = "bob" }, tokenInvalid, 0, ttl + 2*time.Second},
		"of another client": {sameMatrix, func(a map[string]any) { a["client_id"] = "backoffice-portal" }, tokenInvalid, 0, ttl + 2*time.Second},
		"longer":            {sameMatrix, func(a map[string]any) { a["exp"] = a["iat"].(float64) + 300 }, expired, 5 * time.Minute, 6 * time.Minute},
		"shorter":           {sameMatrix, func(a map[string]any) { a["exp"] = a["iat"].(float64) + 60 }, expired, time.Minute, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var later atomic.Bool
				b := newIntrospectingServerWith(t, row.demand, func(a map[string]any) {
					if a["active"] != true {
						return
					}
					a["department"] = "hr"
					if name == "longer" {
						a["exp"] = a["iat"].(float64) + 60
					}
					if later.Load() {
						row.answer(a)
					}
				})
				later.Store(true)
				lasts(t, b.stream, row.want, row.least, row.most)
			})
		})
	}
}

// TestStreamInAnOutageOfItsIssuer shows that an outage ends no stream within a
// minute of the last answer, and none at all if it is shorter.
func TestStreamInAnOutageOfItsIssuer(t *testing.T) {
	for name, down := range map[string]func(*testutil.Issuer){
		"is down": func(i *testutil.Issuer) { i.Down() },
		"hangs":   func(i *testutil.Issuer) { i.Fault(testutil.Introspection, testutil.RespondNever()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newIntrospectingServer(t, sameMatrix)
				time.Sleep(10 * time.Second)
				down(b.issuer)
				time.Sleep(20 * time.Second)
				confirm(t, b.stream)
				b.issuer.Up()
				b.issuer.Fault(testutil.Introspection, nil)
				time.Sleep(time.Minute)
				confirm(t, b.stream)
				down(b.issuer)
				lasts(t, b.stream, unavailable, time.Minute-ttl, 2*time.Minute)
			})
		})
	}
}

// TestOpaqueTokenInGrace shows that the grace of a stream counts for opaque
// tokens too, although their issuer calls them inactive then: it is not asked.
func TestOpaqueTokenInGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newIntrospectingServer(t, sameMatrix, interceptor.StreamGrace(time.Hour))
		time.Sleep(10 * time.Minute)
		before := b.issuer.Requests(testutil.Introspection)
		time.Sleep(10 * time.Minute)
		if n := b.issuer.Requests(testutil.Introspection) - before; n != 0 {
			t.Errorf("%d questions about a token that has ended", n)
		}
		lasts(t, b.stream, expired, 40*time.Minute, 2*time.Hour)
	})
}

// TestStreamOutlivesNoKey shows that a stream ends, as a call is refused, when the key
// of its token has left the issuer's set, and that other streams continue.
func TestStreamOutlivesNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stolen := o.openFor(t, timed(t), o.mint(23*time.Hour))
		confirm(t, stolen)
		o.issuer.Rotate("ES256")
		good := o.openFor(t, timed(t), o.mint(23*time.Hour))
		confirm(t, good)
		time.Sleep(time.Hour)
		confirm(t, stolen)
		o.issuer.Retire()
		lasts(t, stolen, tokenInvalid, 0, time.Hour)
		time.Sleep(time.Hour)
		confirm(t, good)
	})
}

// TestStreamBesideAStaleKeySet shows that one key set without the key, such as that of
// a stale node, ends no stream.
func TestStreamBesideAStaleKeySet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stream := o.openFor(t, timed(t), o.mint(23*time.Hour))
		confirm(t, stream)
		fetched := o.issuer.Requests(testutil.JWKS)
		o.issuer.SetJWKS(setOf(t, testutil.NewKey("ES256")))
		for o.issuer.Requests(testutil.JWKS) == fetched {
			time.Sleep(time.Second)
		}
		o.issuer.SetJWKS(nil)
		time.Sleep(3 * time.Hour)
		confirm(t, stream)
	})
}

// setOf returns a key set.
func setOf(t *testing.T, keys ...*testutil.Key) []byte {
	t.Helper()
	set := map[string][]any{}
	for _, k := range keys {
		set["keys"] = append(set["keys"], k.JWK())
	}
	document, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// TestStreamUnderNewAlgorithms shows that a stream ends when a new policy takes no
// tokens of its algorithm any more.
func TestStreamUnderNewAlgorithms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stream := o.openFor(t, timed(t), o.mint(time.Hour))
		confirm(t, stream)
		o.swap(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Algorithms: []string{"PS256"}}
		})
		lasts(t, stream, tokenInvalid, 0, 2*time.Second)
	})
}

// TestStreamOfAnInvalidTokenIsObservedAndThenEnded shows that a stream whose token is
// no longer valid continues while its rule is not enforced, is reported once, and ends
// when the rule is enforced.
func TestStreamOfAnInvalidTokenIsObservedAndThenEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := introspected(t)
		b := newIntrospectingServer(t, func(m *access.Matrix) { ask(m); observed(m) })
		b.issuer.Revoke(b.token)
		time.Sleep(4 * time.Minute)
		confirm(t, b.stream)
		if n := strings.Count(b.log.String(), "decision=would_refuse"); n != 1 {
			t.Errorf("told of %d times, want once: %s", n, b.log)
		}
		b.swap(t, ask)
		lasts(t, b.stream, tokenInvalid, 0, 0)
	})
}

// TestHangingIssuerDelaysNoOtherCheck shows that a revocation ends a stream in a second
// although an issuer does not answer.
func TestHangingIssuerDelaysNoOtherCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		b := newIntrospectingServer(t, sameMatrix, interceptor.Revocations(list))
		b.issuer.Fault(testutil.Introspection, testutil.RespondNever())
		time.Sleep(20 * time.Second)
		confirm(t, b.stream)
		revoke(t, list, revocation.Entry{Subject: "alice"})
		lasts(t, b.stream, revoked, 0, time.Second)
	})
}

// proxied finds the certificate that a proxy wrote into a header.
func proxied(key string) func(context.Context) *x509.Certificate {
	return func(ctx context.Context) *x509.Certificate {
		values := metadata.ValueFromIncomingContext(ctx, key)
		if len(values) != 1 {
			return nil
		}
		der, _ := base64.StdEncoding.DecodeString(values[0])
		cert, _ := x509.ParseCertificate(der)
		return cert
	}
}

// TestCertificateOfAProxy shows that calls and running streams are held to the
// certificate that a proxy tells of, though handlers do not see it.
func TestCertificateOfAProxy(t *testing.T) {
	const key = "x-forwarded-client-cert"
	client := testutil.NewCA().Certificate("client")
	written := base64.StdEncoding.EncodeToString(client.Leaf.Raw)
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan []string, 10)
		o := newReviewServer(t, func(stream reviews) error {
			seen <- metadata.ValueFromIncomingContext(stream.Context(), key)
			return echo(stream)
		}, company(t), interceptor.PeerCertificate(proxied(key)))
		token := o.issuer.Mint(testutil.Claims{
			"aud": "human-resource", "sub": "alice", "client_id": "backoffice-portal", "exp": time.Now().Add(time.Hour).Unix(),
			"cnf": testutil.Claims{"x5t#S256": thumbprint(client)},
		})
		ctx := metadata.AppendToOutgoingContext(timed(t), key, written)
		if _, err := employee(bearing(ctx, "Bearer "+token), o.conn); verdictOf(err).Reason != "" {
			t.Errorf("unary: %v", err)
		}
		if _, err := employee(bearing(timed(t), "Bearer "+token), o.conn); verdictOf(err) != tokenInvalid {
			t.Errorf("unary, without a certificate: %v", err)
		}
		stream := o.openFor(t, ctx, token)
		confirm(t, stream)
		if values := <-seen; values != nil {
			t.Errorf("the handler sees %q", values)
		}
		o.swap(t)
		time.Sleep(time.Minute)
		confirm(t, stream)
		if got := verdictOf(drain(o.openFor(t, timed(t), token))); got != tokenInvalid {
			t.Errorf("stream, without a certificate: %v, want %v", got, tokenInvalid)
		}
	})
}

// TestRevocationsSeeTheCall shows that the checker of revocations gets the metadata of
// the call, also for a running stream whose context an outer interceptor has ended.
func TestRevocationsSeeTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out atomic.Bool
		source := revocations(func(ctx context.Context) error {
			md, _ := metadata.FromIncomingContext(ctx)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case len(md.Get("x-tenant-id")) != 1:
				return errors.New("no tenant")
			case out.Load():
				return &audience.Refusal{Cause: audience.CauseRevoked}
			}
			return nil
		})
		issuer := newIssuer()
		server, err := interceptor.NewServer(company(t), interceptor.Services("human-resource"), interceptor.Transport(issuer.Transport()), interceptor.Revocations(source), jsonLogger(&log{}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		hurry := func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			wrapped := middleware.WrapServerStream(stream)
			ctx, cancel := context.WithTimeout(stream.Context(), time.Minute)
			defer cancel()
			wrapped.WrappedContext = ctx
			return handler(srv, wrapped)
		}
		o := &reviewServer{issuer: issuer, review: echo, server: server}
		o.conn = testutil.Serve(t, append([]grpc.ServerOption{grpc.ChainStreamInterceptor(hurry)}, server.Options()...), func(s *grpc.Server) {
			hrv1.RegisterHumanResourceServer(s, o)
		})
		stream := o.openFor(t, metadata.AppendToOutgoingContext(timed(t), "x-tenant-id", "acme"), o.mint(time.Hour))
		confirm(t, stream)
		time.Sleep(2 * time.Minute)
		confirm(t, stream)
		out.Store(true)
		lasts(t, stream, revoked, 0, time.Second)
	})
}
