package interceptor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/admission"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// transportRequest is a request to the orders, and what is decided about it.
type transportRequest struct {
	name        string
	matrix      []func(*access.Matrix)
	plaintext   interceptor.Plaintext // that the server allows
	insecure    bool                  // the connection is not private
	certificate bool                  // the client proves to hold one
	revocations revocation.Checker
	issuerDown  bool
	credentials func(*requestTokens) []string
	outcome     admission.Outcome // empty for Refused
	cause       audience.Cause    // empty for none
	client      string            // of the caller; empty for none
}

// requestTokens makes the credentials of a request.
type requestTokens struct {
	issuer, stranger *testutil.Issuer
	certificate      tls.Certificate // the client's
}

// tokenWith returns credentials with one token, of good claims with changes.
func tokenWith(changes testutil.Claims, opts ...testutil.MintOption) func(*requestTokens) []string {
	return func(r *requestTokens) []string { return []string{"Bearer " + r.issuer.Mint(good(changes), opts...)} }
}

func values(values ...string) func(*requestTokens) []string {
	return func(*requestTokens) []string { return values }
}

func boundToken(r *requestTokens) []string {
	return tokenWith(testutil.Claims{"cnf": testutil.Claims{"x5t#S256": thumbprint(r.certificate)}})(r)
}

func methodWithoutRule(m *access.Matrix) { public(m, "acme.orders.v1.Other") }

func withoutEntries(m *access.Matrix) {
	s := m.Services["order-status"]
	s.Allow = nil
	m.Services["order-status"] = s
}

func entryForAnother(m *access.Matrix) {
	m.Services["order-status"].Allow[0].Methods = []string{"UpdateOrderStatus"}
	m.Services["order-status"].Allow[1].Methods = []string{"UpdateOrderStatus"}
}

// observing is a rollout for one client.
func observing(client string) func(*access.Matrix) {
	return func(m *access.Matrix) {
		rollingOut(access.Observe)(m)
		m.Services["order-status"].Rollout[0].Clients = []string{client}
	}
}

func observingMethods(m *access.Matrix) {
	rollingOut(access.Observe)(m)
	m.Services["order-status"].Rollout[0].Methods = []string{"GetOrderStatus", "WatchOrderStatus"}
}

var observedWithoutEntries = []func(*access.Matrix){withoutEntries, rollingOut(access.Observe)}

func everyMethodPublic(m *access.Matrix) { public(m, "acme.orders.v1.OrderStatus") }

func mustBeBound(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, RequireBound: true} }

var (
	everyTokenRevoked = revocations(func(context.Context) error { return &audience.Refusal{Cause: audience.CauseRevoked} })
	noTokenRevoked    = revocations(func(context.Context) error { return nil })
	revocationUnknown = revocations(func(context.Context) error { return errors.New("no route to host") })
)

var transportRequests = []transportRequest{
	{name: "a good token", credentials: tokenWith(nil), outcome: admission.Admitted, client: "customer-portal"},
	{name: "not revoked", revocations: noTokenRevoked, credentials: tokenWith(nil), outcome: admission.Admitted, client: "customer-portal"},
	{name: "a scheme in lower case", credentials: func(r *requestTokens) []string { return []string{"bearer  " + r.issuer.Mint(good(nil))} }, outcome: admission.Admitted, client: "customer-portal"},
	{name: "the service itself without aud", credentials: tokenWith(testutil.Claims{"aud": nil, "client_id": "order-status", "sub": "order-status"}), outcome: admission.Admitted, client: "order-status"},
	{name: "a bound token with its certificate", certificate: true, credentials: boundToken, outcome: admission.Admitted, client: "customer-portal"},
	{name: "a mesh encrypts", plaintext: interceptor.Mesh("istio"), insecure: true, credentials: tokenWith(nil), outcome: admission.Admitted, client: "customer-portal"},

	{name: "public, no token", matrix: []func(*access.Matrix){everyMethodPublic}, outcome: admission.Admitted},
	{name: "public, a forged token", matrix: []func(*access.Matrix){everyMethodPublic}, credentials: values("Bearer x"), outcome: admission.Admitted},
	{name: "optional, no token", matrix: []func(*access.Matrix){optional}, outcome: admission.Admitted},
	{name: "optional, a good token", matrix: []func(*access.Matrix){optional}, credentials: tokenWith(nil), outcome: admission.Admitted, client: "customer-portal"},
	{name: "optional, another audience", matrix: []func(*access.Matrix){optional}, credentials: tokenWith(testutil.Claims{"aud": "x"}), cause: audience.CauseAudienceMismatch},

	{name: "no rule", matrix: []func(*access.Matrix){methodWithoutRule}, credentials: tokenWith(nil), cause: audience.CauseNoRule},
	{name: "plaintext", insecure: true, credentials: tokenWith(nil), cause: audience.CauseTransportInsecure},
	{name: "plaintext from elsewhere, where loopback is allowed", plaintext: interceptor.Loopback, insecure: true, credentials: tokenWith(nil), cause: audience.CauseTransportInsecure},
	{name: "no token", cause: audience.CauseCredentialsMissing},
	{name: "another scheme", credentials: values("Basic YTpi"), cause: audience.CauseSchemeUnsupported},
	{name: "two tokens", credentials: func(r *requestTokens) []string { return append(tokenWith(nil)(r), tokenWith(nil)(r)...) }, cause: audience.CauseCredentialsRepeated},
	{name: "two tokens in one value", credentials: values("Bearer a.b.c, Bearer a.b.c"), cause: audience.CauseCredentialsMalformed},
	{name: "not a JWT", credentials: values("Bearer b7c9d2"), cause: audience.CauseTokenMalformed},
	{name: "alg none", credentials: tokenWith(nil, testutil.Header("alg", "none")), cause: audience.CauseAlgorithmNotAllowed},
	{name: "another type", credentials: tokenWith(nil, testutil.Header("typ", "logout+jwt")), cause: audience.CauseTypeNotAllowed},
	{name: "another issuer", credentials: func(r *requestTokens) []string { return []string{"Bearer " + r.stranger.Mint(good(nil))} }, cause: audience.CauseIssuerUnknown},
	{name: "another issuer's key", credentials: tokenWith(nil, testutil.SignedBy(testutil.NewKey("ES256"))), cause: audience.CauseKeyUnknown},
	{name: "keys unavailable", issuerDown: true, credentials: tokenWith(nil), cause: audience.CauseKeysUnavailable},
	{name: "claims malformed", credentials: tokenWith(testutil.Claims{"exp": "soon"}), cause: audience.CauseClaimsMalformed},
	{name: "two clients", credentials: tokenWith(testutil.Claims{"azp": "backoffice-portal"}), cause: audience.CauseClientAmbiguous},
	{name: "another audience", credentials: tokenWith(testutil.Claims{"aud": "human-resource"}), cause: audience.CauseAudienceMismatch},
	{name: "no audience", credentials: tokenWith(testutil.Claims{"aud": nil}), cause: audience.CauseAudienceMissing},
	{name: "expired", credentials: tokenWith(testutil.Claims{"exp": 1}), cause: audience.CauseExpired},
	{name: "another client", credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), cause: audience.CauseClientNotAllowed},
	{name: "no scope", credentials: tokenWith(testutil.Claims{"scope": nil}), cause: audience.CauseScopeMissing},
	{name: "a bound token without its certificate", credentials: boundToken, cause: audience.CauseBindingMismatch},
	{name: "bound to another certificate", certificate: true, credentials: tokenWith(testutil.Claims{"cnf": testutil.Claims{"x5t#S256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}), cause: audience.CauseBindingMismatch},
	{name: "not bound where it must be", matrix: []func(*access.Matrix){mustBeBound}, certificate: true, credentials: tokenWith(nil), cause: audience.CauseBindingMissing},
	{name: "bound to a key", credentials: tokenWith(testutil.Claims{"cnf": testutil.Claims{"jkt": "x"}}), cause: audience.CauseBindingUnsupported},
	{name: "revoked", revocations: everyTokenRevoked, credentials: tokenWith(nil), cause: audience.CauseRevoked},
	{name: "whether it is revoked is unknown", revocations: revocationUnknown, credentials: tokenWith(nil), cause: audience.CauseRevocationUnavailable},

	{name: "warn, a good token", matrix: []func(*access.Matrix){rollingOut(access.Warn)}, credentials: tokenWith(nil), outcome: admission.Admitted, client: "customer-portal"},
	{name: "warn, no token", matrix: []func(*access.Matrix){rollingOut(access.Warn)}, outcome: admission.WouldRefuse, cause: audience.CauseCredentialsMissing},
	{name: "observe, another audience", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, credentials: tokenWith(testutil.Claims{"aud": "x"}), outcome: admission.WouldRefuse, cause: audience.CauseAudienceMismatch},
	{name: "observe, a bound token without its certificate", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, credentials: boundToken, outcome: admission.WouldRefuse, cause: audience.CauseBindingMismatch},
	{name: "observe, another client, revoked", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, revocations: everyTokenRevoked, credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), outcome: admission.WouldRefuse, cause: audience.CauseRevoked},
	{name: "observe, no scope, revoked", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, revocations: everyTokenRevoked, credentials: tokenWith(testutil.Claims{"scope": nil}), outcome: admission.WouldRefuse, cause: audience.CauseRevoked},
	{name: "observe, another client, not known whether revoked", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, revocations: revocationUnknown, credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), outcome: admission.WouldRefuse, cause: audience.CauseRevocationUnavailable},
	{name: "observe, another client, not revoked", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, revocations: noTokenRevoked, credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), outcome: admission.WouldRefuse, cause: audience.CauseClientNotAllowed},
	{name: "observe, another audience, revoked", matrix: []func(*access.Matrix){rollingOut(access.Observe)}, revocations: everyTokenRevoked, credentials: tokenWith(testutil.Claims{"aud": "x"}), outcome: admission.WouldRefuse, cause: audience.CauseAudienceMismatch},
	{name: "another client, revoked", revocations: everyTokenRevoked, credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), cause: audience.CauseClientNotAllowed},
	{name: "no entries, a good token", matrix: []func(*access.Matrix){withoutEntries}, credentials: tokenWith(nil), cause: audience.CauseNoRule},
	{name: "no entries, no token", matrix: []func(*access.Matrix){withoutEntries}, cause: audience.CauseNoRule},
	{name: "observe, no entries, a good token", matrix: observedWithoutEntries, credentials: tokenWith(nil), outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe, no entries, any client", matrix: observedWithoutEntries, credentials: tokenWith(testutil.Claims{"client_id": "newsletter"}), outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe, no entries, no token", matrix: observedWithoutEntries, outcome: admission.WouldRefuse, cause: audience.CauseCredentialsMissing},
	{name: "observe, no entries, another issuer's key", matrix: observedWithoutEntries, credentials: tokenWith(nil, testutil.SignedBy(testutil.NewKey("ES256"))), outcome: admission.WouldRefuse, cause: audience.CauseKeyUnknown},
	{name: "observe, no entries, another audience", matrix: observedWithoutEntries, credentials: tokenWith(testutil.Claims{"aud": "x"}), outcome: admission.WouldRefuse, cause: audience.CauseAudienceMismatch},
	{name: "observe, no entries, expired", matrix: observedWithoutEntries, credentials: tokenWith(testutil.Claims{"exp": 1}), outcome: admission.WouldRefuse, cause: audience.CauseExpired},
	{name: "observe, no entries, a bound token without its certificate", matrix: observedWithoutEntries, credentials: boundToken, outcome: admission.WouldRefuse, cause: audience.CauseBindingMismatch},
	{name: "observe, no entries, a bound token with its certificate", matrix: observedWithoutEntries, certificate: true, credentials: boundToken, outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe, no entries, revoked", matrix: observedWithoutEntries, revocations: everyTokenRevoked, credentials: tokenWith(nil), outcome: admission.WouldRefuse, cause: audience.CauseRevoked},
	{name: "warn, no entries, a good token", matrix: []func(*access.Matrix){withoutEntries, rollingOut(access.Warn)}, credentials: tokenWith(nil), outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe a client, no entries, that client", matrix: []func(*access.Matrix){withoutEntries, observing("customer-portal")}, credentials: tokenWith(nil), outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe a client, no entries, another client", matrix: []func(*access.Matrix){withoutEntries, observing("customer-portal")}, credentials: tokenWith(testutil.Claims{"client_id": "backoffice-portal"}), cause: audience.CauseNoRule},
	{name: "observe a client, no entries, no token", matrix: []func(*access.Matrix){withoutEntries, observing("customer-portal")}, cause: audience.CauseNoRule},
	{name: "observe, another method has an entry", matrix: []func(*access.Matrix){entryForAnother, rollingOut(access.Observe)}, credentials: tokenWith(nil), cause: audience.CauseNoRule},
	{name: "observe the method, another has an entry", matrix: []func(*access.Matrix){entryForAnother, observingMethods}, credentials: tokenWith(nil), outcome: admission.WouldRefuse, cause: audience.CauseNoRule},
	{name: "observe, no rule", matrix: []func(*access.Matrix){rollingOut(access.Observe), methodWithoutRule}, credentials: tokenWith(nil), cause: audience.CauseNoRule},
}

// decided is a decision as it can be compared, wherever it was made.
type decided struct {
	Outcome   admission.Outcome
	Cause     audience.Cause
	Reason    string
	Challenge string // of a refused request
	Caller    string // the client and the user of the handler's caller
}

// TestEveryTransportDecidesAlike shows that the decision about a request is the same
// where package admission is asked directly and where the request is a gRPC call,
// unary or streaming.
func TestEveryTransportDecidesAlike(t *testing.T) {
	ca := testutil.NewCA()
	tokens := &requestTokens{issuer: newIssuer(), stranger: testutil.NewIssuer("https://login.partner.example"), certificate: ca.Certificate("client")}
	service := ca.Certificate(testutil.ServerName)
	for _, r := range transportRequests {
		if r.outcome == "" {
			r.outcome = admission.Refused
		}
		if r.credentials == nil {
			r.credentials = values()
		}
		tokens.issuer.Up()
		credentials := r.credentials(tokens)
		if r.issuerDown {
			tokens.issuer.Down()
		}
		policy := company(t, r.matrix...)
		for shape, method := range map[string]string{
			"unary": ordersv1.OrderStatus_GetOrderStatus_FullMethodName, "stream": ordersv1.OrderStatus_WatchOrderStatus_FullMethodName,
		} {
			t.Run(r.name+"/"+shape, func(t *testing.T) {
				direct := r.decideDirectly(t, policy, tokens, method, shape == "stream", credentials)
				if direct.Outcome != r.outcome || direct.Cause != r.cause || direct.Reason != wantedReason(r.cause) {
					t.Errorf("decided %+v, want %s for %q", direct, r.outcome, string(r.cause))
				}
				if got := direct.Caller; (got != "") != (r.client != "") || r.client != "" && got != r.client+" alice" && got != r.client+" " {
					t.Errorf("caller %q, want client %q", got, r.client)
				}
				over := r.decideOverGRPC(t, policy, tokens, service, ca, shape, credentials)
				if diff := cmp.Diff(direct, over); diff != "" {
					t.Errorf("the decision over gRPC is another (-direct +gRPC):\n%s", diff)
				}
			})
		}
	}
}

func wantedReason(c audience.Cause) string {
	if c == "" {
		return ""
	}
	return string(c.Reason())
}

// decideDirectly asks package admission.
func (r *transportRequest) decideDirectly(t *testing.T, policy *access.Policy, tokens *requestTokens, method string, stream bool, values []string) decided {
	t.Helper()
	plaintext := admission.Plaintext{Loopback: r.plaintext == interceptor.Loopback, Any: r.plaintext != interceptor.Plaintext{} && r.plaintext != interceptor.Loopback}
	controller, err := admission.New(policy, []string{"order-status"}, admission.Config{
		Log: slog.New(slog.DiscardHandler), Meter: noop.NewMeterProvider().Meter(""), Plaintext: plaintext,
		Revocations: r.revocations, Verifier: []verifier.Option{verifier.Transport(tokens.issuer.Transport())},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer controller.Close()
	peer := admission.Peer{Connection: admission.PrivateConnection}
	if r.insecure {
		peer.Connection = admission.PlaintextConnection
	}
	if r.certificate {
		peer.Certificate = func(context.Context) *x509.Certificate { return tokens.certificate.Leaf }
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	shape := admission.UnaryShape
	if stream {
		shape = admission.StreamingShape
	}
	d := controller.Decide(ctx, &admission.Request{Method: method, Shape: shape, Credentials: values, Peer: peer})
	got := decided{Outcome: d.Outcome}
	if refusal := d.Refusal(); refusal != nil {
		got.Cause, got.Reason = refusal.Cause, d.Answer().Word()
	}
	if c, ok := d.Answer().Challenge(); ok && d.Outcome == admission.Refused {
		got.Challenge = c.String()
	}
	if d.Evidence != nil && d.Evidence.Caller() != nil {
		got.Caller = d.Evidence.Caller().Client + " " + d.Evidence.Caller().User
	}
	return got
}

// decideOverGRPC makes a gRPC call of the request, and reads what its peer, its
// handler and the log are told.
func (r *transportRequest) decideOverGRPC(t *testing.T, policy *access.Policy, tokens *requestTokens, service tls.Certificate, ca *testutil.CA, shape string, values []string) decided {
	t.Helper()
	written := &log{}
	opts := []interceptor.ServerOption{jsonLogger(written), interceptor.AllowPlaintext(r.plaintext)}
	if r.revocations != nil {
		opts = append(opts, interceptor.Revocations(r.revocations))
	}
	server := serverOf(t, tokens.issuer, policy, opts...)
	client := &tls.Config{RootCAs: ca.Pool()}
	if r.certificate {
		client.Certificates = []tls.Certificate{tokens.certificate}
	}
	serve, dial := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{service}, ClientCAs: ca.Pool(), ClientAuth: tls.VerifyClientCertIfGiven}), credentials.NewTLS(client)
	if r.insecure {
		serve, dial = insecure.NewCredentials(), insecure.NewCredentials()
	}
	var got decided
	handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
		if caller, ok := audience.FromContext(ctx); ok {
			got.Caller = caller.Client + " " + caller.User
		}
		return nil
	}}
	conn := testutil.Serve(t, append(server.Options(), grpc.Creds(serve)), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) },
		grpc.WithTransportCredentials(dial))
	ctx, cancel := context.WithTimeout(bearing(t.Context(), values...), 10*time.Second)
	defer cancel()
	var trailer metadata.MD
	err := shapes[shape](ctx, conn, grpc.Trailer(&trailer))
	for _, line := range lines(t, written) {
		if outcome, ok := line["decision"].(string); ok {
			cause, _ := line["cause"].(string)
			reason, _ := line["reason"].(string)
			got.Outcome, got.Cause, got.Reason = admission.Outcome(outcome), audience.Cause(cause), reason
		}
	}
	if challenges := trailer.Get("grpcaud-challenge"); len(challenges) == 1 {
		got.Challenge = challenges[0]
	}
	if told := verdictOf(err); (err != nil) != (got.Outcome == admission.Refused) || err != nil && string(told.Reason) != got.Reason {
		t.Errorf("the peer is told %v, and the log %+v", err, got)
	}
	return got
}
