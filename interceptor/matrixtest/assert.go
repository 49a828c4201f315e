package matrixtest

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// Assert tests that a server guarded by policy does what the matrix says. services are
// the services of the matrix that the server hosts, register adds their
// implementations, and opts are further options of the server; Assert adds the guard
// and the transport credentials. Handlers are not called: a call ends after the last
// interceptor.
//
// Each difference is one error of t that names its cell: which client called which
// method, and with which token. A method without a rule is an error too, and so is a
// policy that was made without the options of a service's .proto file.
//
// Assert makes the guard itself. [AssertInstalled] tests whether your program installs
// its own.
//
// Where an entry has Online, Assert plays an issuer that can be asked, and a token that
// the issuer has withdrawn must be refused. Assert does not test what else the matrix says
// about introspection, keys, certificates and the times of tokens. It ignores rollouts: all rules are tested as if they were
// enforced now. It takes a few hundred microseconds for each cell, and also runs in a
// [testing/synctest] bubble.
func Assert(t testing.TB, policy *access.Policy, services interceptor.ServiceNames, register func(*grpc.Server), opts ...grpc.ServerOption) {
	t.Helper()
	w, err := newWorld(policy)
	if err != nil {
		t.Fatalf("matrixtest: %v", err)
	}
	admit, err := interceptor.NewServer(w.policy, services, interceptor.Transport(w.transport), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatalf("matrixtest: %v", err)
	}
	t.Cleanup(func() { admit.Close() })
	opts = slices.Concat(admit.Options(), opts, w.arrivals.options())
	w.conn = testutil.Serve(t, opts, func(s *grpc.Server) {
		register(s)
		if err := admit.CheckCoverage(s); err != nil {
			t.Errorf("matrixtest: %v", err)
		}
		w.methods = methods(s, w.matrix, services, policy.AddedDemands())
	})
	for _, m := range w.methods {
		w.assert(t, m)
	}
}

// world is a guarded server, the issuers, and a connection to the server.
type world struct {
	policy    *access.Policy
	matrix    access.Matrix
	issuers   map[string]*testutil.Issuer
	transport http.RoundTripper
	conn      *grpc.ClientConn
	methods   []method
	arrivals  arrivals
	withdrawn sync.Map // has the tokens that the issuers call inactive
}

func newWorld(policy *access.Policy) (*world, error) {
	w := &world{matrix: policy.Matrix(), issuers: map[string]*testutil.Issuer{}}
	var others []*testutil.Issuer
	for n, name := range slices.Sorted(maps.Keys(w.matrix.Issuers)) {
		i, at := w.matrix.Issuers[name], fmt.Sprintf("https://issuer-%d.test", n)
		played := access.Issuer{URL: i.URL, Preset: i.Preset, Dialect: i.Dialect, JWKS: at + string(testutil.JWKS), TokenURL: at + string(testutil.Token)}
		w.issuers[name] = testutil.NewIssuer(i.URL, testutil.At(at))
		if i.Introspection != (access.Introspection{}) {
			played.Introspection = access.Introspection{URL: at + string(testutil.Introspection), InsecureNoAuthentication: true, OnlineOnly: true}
			w.issuers[name].Fault(testutil.Introspection, http.HandlerFunc(w.introspect))
		}
		w.matrix.Issuers[name] = played
		others = append(others, w.issuers[name])
	}
	for name, s := range w.matrix.Services {
		s.Rollout = nil
		w.matrix.Services[name] = s
	}
	w.transport = others[0].Transport(others[1:]...)
	var err error
	w.policy, err = access.New(w.matrix, policy.GivenOptions()...)
	return w, err
}

// introspect says of each token that it is active, unless it was withdrawn.
func (w *world) introspect(answer http.ResponseWriter, r *http.Request) {
	_, withdrawn := w.withdrawn.Load(r.PostFormValue("token"))
	answer.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(answer, `{"active": %t}`, !withdrawn)
}

// assert tests what the matrix says about one method.
func (w *world) assert(t testing.TB, m method) {
	t.Helper()
	switch {
	case m.public:
		w.call(t, m, "nobody", "no token", "").admitted()
		return
	case m.optional():
		w.call(t, m, "nobody", "no token", "").admitted()
	case len(m.allow) > 0:
		w.call(t, m, "nobody", "no token", "").refused(audience.ReasonCredentialsMissing)
	default:
		w.call(t, m, "nobody", "no token", "").refused(audience.ReasonNoPolicy)
	}
	for _, name := range slices.Sorted(maps.Keys(w.matrix.Clients)) {
		c := w.matrix.Clients[name]
		w.assertClient(t, m, name, token{client: name, id: c.ID, issuer: c.Issuer})
	}
	if s, ok := w.matrix.Services[m.service]; ok {
		issuer := s.Issuers[0]
		w.assertClient(t, m, "a stranger", token{id: stranger(w.matrix.Issuers[issuer]), issuer: issuer})
	}
}

// assertClient calls a method with the tokens of one client.
func (w *world) assertClient(t testing.TB, m method, who string, tok token) {
	t.Helper()
	tok.now, tok.dialect = time.Now(), dialectOf(w.matrix.Issuers[tok.issuer])
	if s, ok := w.matrix.Services[m.service]; ok {
		tok.audience = s.Audiences[0]
	}
	tokens := m.tokens(tok)
	for _, what := range slices.Sorted(maps.Keys(tokens)) {
		tok := tokens[what]
		c := w.call(t, m, who, what, w.mint(tok))
		if m.admits(tok) {
			c.admitted()
			elsewhere := tok
			elsewhere.audience = "https://elsewhere.example"
			w.call(t, m, who, what+", for another audience", w.mint(elsewhere)).refused(audience.ReasonAudienceMismatch)
			if m.asks(tok) {
				withdrawn := w.mint(tok)
				w.withdrawn.Store(withdrawn, true)
				w.call(t, m, who, what+", which the issuer has withdrawn", withdrawn).refused(audience.ReasonTokenWithdrawn)
			}
		} else {
			c.refused(w.reasons(m, tok)...)
		}
	}
}

// reasons returns the reasons for which the matrix may refuse a genuine token that is
// addressed to the service.
func (w *world) reasons(m method, tok token) []audience.Reason {
	if len(m.allow) == 0 {
		return []audience.Reason{audience.ReasonNoPolicy}
	}
	if s, ok := w.matrix.Services[m.service]; ok && !slices.Contains(s.Issuers, tok.issuer) {
		return []audience.Reason{audience.ReasonTokenInvalid}
	}
	return []audience.Reason{
		audience.ReasonNoPolicy, audience.ReasonClientNotAllowed, audience.ReasonScopeInsufficient,
		audience.ReasonRoleInsufficient, audience.ReasonClaimNotAllowed, audience.ReasonStepUpRequired,
	}
}

// mint returns tok as a signed token.
func (w *world) mint(tok token) string {
	var typ any
	if tok.dialect.typ != "" {
		typ = tok.dialect.typ
	}
	return w.issuers[tok.issuer].Mint(tok.dialect.claims(tok), testutil.Header("typ", typ))
}

// stranger returns the id of a client that no matrix names.
func stranger(i access.Issuer) string {
	switch i.Preset {
	case "spiffe":
		return "spiffe://stranger.example/matrixtest"
	case "kubernetes":
		return "system:serviceaccount:matrixtest:stranger"
	default:
		return i.Dialect.SubjectPrefix + "matrixtest-stranger"
	}
}
