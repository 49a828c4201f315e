package interceptor_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// exchangeRow is an answer of the issuer to the exchange of a user's token.
type exchangeRow struct {
	preset string
	answer http.Handler
	revoke bool // the user's token
	login  bool
	code   codes.Code // 0 for INTERNAL, or UNAUTHENTICATED if login
}

// exchangeRefused returns the refusal of an exchange (RFC 6749, section 5.2).
func exchangeRefused(code, description string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, description)
	})
}

var exchangeRows = map[string]exchangeRow{
	"revoked":                         {revoke: true, login: true},
	"invalid_grant":                   {answer: exchangeRefused("invalid_grant", ""), login: true},
	"login_required":                  {answer: exchangeRefused("login_required", ""), login: true},
	"interaction_required":            {answer: exchangeRefused("interaction_required", ""), login: true},
	"invalid_client":                  {answer: exchangeRefused("invalid_client", "")},
	"unauthorized_client":             {answer: exchangeRefused("unauthorized_client", "")},
	"unsupported_grant_type":          {answer: exchangeRefused("unsupported_grant_type", "")},
	"invalid_request":                 {answer: exchangeRefused("invalid_request", "")},
	"invalid_target":                  {answer: exchangeRefused("invalid_target", "")},
	"invalid_scope":                   {answer: exchangeRefused("invalid_scope", "")},
	"access_denied":                   {answer: exchangeRefused("access_denied", "")},
	"an unknown code":                 {answer: exchangeRefused("no_such_luck", "")},
	"Keycloak, ended":                 {preset: "keycloak", answer: exchangeRefused("invalid_request", "Invalid token"), login: true},
	"Keycloak, session ended":         {preset: "keycloak", answer: exchangeRefused("invalid_request", "User session not found"), login: true},
	"Keycloak, not for the client":    {preset: "keycloak", answer: exchangeRefused("access_denied", "Client is not within the token audience")},
	"Keycloak, exchange off":          {preset: "keycloak", answer: exchangeRefused("invalid_request", "Standard token exchange is not enabled for the requested client")},
	"Entra ID, ended":                 {preset: "entra", answer: exchangeRefused("invalid_grant", "AADSTS500133: Assertion is not within its valid time range."), login: true},
	"Entra ID, unknown invalid_grant": {preset: "entra", answer: exchangeRefused("invalid_grant", "AADSTS50173: fresh auth token is needed"), login: true},
	"Entra ID, a second factor":       {preset: "entra", answer: exchangeRefused("interaction_required", "AADSTS50076: multi-factor authentication"), login: true},
	"Entra ID, consent":               {preset: "entra", answer: exchangeRefused("invalid_grant", "AADSTS65001: nobody has consented")},
	"Entra ID, for another":           {preset: "entra", answer: exchangeRefused("invalid_grant", "AADSTS500131: Assertion audience does not match")},
	"an outage":                       {answer: testutil.RespondStatus(503), code: codes.Unavailable},
	"too many":                        {answer: testutil.RespondStatus(429), code: codes.Unavailable},
	"a page":                          {answer: testutil.RespondBody("text/html", "<html>"), code: codes.Unavailable},
	"another token": {answer: testutil.RespondBody("application/json",
		`{"access_token":"eyJhbGciOiJub25lIn0.eyJhdWQiOiJlbHNld2hlcmUifQ.eA","token_type":"Bearer","expires_in":60,"issued_token_type":"urn:ietf:params:oauth:token-type:jwt"}`)},
}

// TestFailedExchangeAsksForALoginOnlyIfThatHelps shows that a front end is told to have its
// user log in if the user's token or session has ended, and of a mistake in the set-up or
// an outage otherwise, by the code too.
func TestFailedExchangeAsksForALoginOnlyIfThatHelps(t *testing.T) {
	for name, row := range exchangeRows {
		t.Run(name, func(t *testing.T) {
			p := newFrontEnd(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Preset: row.preset} })
			want := row.code
			switch {
			case row.login:
				want = codes.Unauthenticated
			case want == 0:
				want = codes.Internal
			}
			token := p.loginWith("alice", tokenOf(row.preset), testutil.Header("typ", typeOf(row.preset)))
			if row.answer != nil {
				p.issuer.Fault(testutil.Token, row.answer)
			}
			if row.revoke {
				p.issuer.Revoke(token.AccessToken)
			}
			ctx := p.forUser(t.Context(), t, oauth2.StaticTokenSource(token))
			for shape, call := range shapes {
				err := call(ctx, p.conns["OnBehalfOf"])
				if got := (verdict{want, reasonOfCode(want)}); verdictOf(err) != got {
					t.Errorf("%s: %v, want %v", shape, err, got)
				}
				for _, err := range []error{err, fmt.Errorf("orders: %w", err), status.Convert(err).Err()} {
					if got := p.client.LoginRequired(err); got != row.login {
						t.Errorf("%s: LoginRequired(%v) = %v, want %v", shape, err, got, row.login)
					}
				}
				secretless(t, name, fmt.Sprint(err), token.AccessToken, "customer-secret")
			}
			if p.issuer.Requests(testutil.Token) == 0 || len(p.served.callers) != 0 {
				t.Errorf("%d token requests, %d calls", p.issuer.Requests(testutil.Token), len(p.served.callers))
			}
		})
	}
}

// tokenOf returns what an access token of a user has at an issuer of this kind.
func tokenOf(preset string) testutil.Claims {
	switch preset {
	case "keycloak":
		return testutil.Claims{"typ": "Bearer", "azp": "customer-portal", "sid": "s-1"}
	case "entra":
		return testutil.Claims{"ver": "2.0", "azp": "customer-portal", "client_id": nil, "scope": nil, "scp": "orders.read"}
	}
	return nil
}

// typeOf returns the typ of such a token.
func typeOf(preset string) string {
	if preset == "" {
		return "at+jwt"
	}
	return "JWT"
}

// reasonOfCode is the reason of a call that was not sent.
func reasonOfCode(code codes.Code) audience.Reason {
	if code == codes.Unavailable {
		return audience.ReasonIssuerUnavailable
	}
	return audience.ReasonTokenNotObtained
}

// TestRefusalAsksForALoginOnlyIfThatHelps shows which refusals by a service a front end
// answers with a login of its user.
func TestRefusalAsksForALoginOnlyIfThatHelps(t *testing.T) {
	for _, row := range []struct {
		reason audience.Reason
		login  bool
	}{
		{audience.ReasonTokenExpired, true},
		{audience.ReasonTokenRevoked, true},
		{audience.ReasonTokenWithdrawn, true},
		{audience.ReasonStepUpRequired, true},
		{audience.ReasonTokenInvalid, false},
		{audience.ReasonAudienceMismatch, false},
		{audience.ReasonCredentialsMissing, false},
		{audience.ReasonTransportInsecure, false},
		{audience.ReasonClientNotAllowed, false},
		{audience.ReasonScopeInsufficient, false},
		{audience.ReasonIssuerUnavailable, false},
		{"OF_A_NEWER_SERVER", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newFrontEnd(t)
			ctx := p.forUser(t.Context(), t, oauth2.StaticTokenSource(p.login("alice")))
			for way, dial := range map[string][]grpc.DialOption{
				"OnBehalfOf": p.client.DialOptionsOnBehalfOf("order-status"),
				"Forward":    p.client.DialOptionsForward("order-status"),
				"as itself":  p.client.DialOptions("order-status"),
			} {
				g := &gate{script: []audience.Reason{row.reason}, code: codeOfReason(row.reason)}
				conn := g.serve(t, dial...)
				for shape, call := range shapes {
					err := call(ctx, conn)
					want := row.login && way != "as itself" // no login of the user changes the client's own token
					if got := p.client.LoginRequired(err); got != want || !isRefused(err) {
						t.Errorf("%s, %s, %s: LoginRequired(%v) = %v, want %v", row.reason, way, shape, err, got, want)
					}
				}
			}
		})
	}
}

// TestPassedOnRefusalAsksForALoginOnlyIfThatHelps shows the same for a refusal which a
// server that hides none passes on: that of the service's own token is no reason for a
// login.
func TestPassedOnRefusalAsksForALoginOnlyIfThatHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		ctx := p.forUser(t.Context(), t, oauth2.StaticTokenSource(p.login("alice")))
		own := newClient(t, p.issuer, company(t, withSecrets(t)), "order-status")
		for reason, login := range map[audience.Reason]bool{audience.ReasonAudienceMismatch: false, audience.ReasonTokenInvalid: false, audience.ReasonTokenExpired: true} {
			for who, dial := range map[string][]grpc.DialOption{"for the user": p.client.DialOptionsForward("order-status"), "as itself": own.DialOptions("human-resource")} {
				refusing := &gate{script: []audience.Reason{reason}}
				further := refusing.serve(t, dial...)
				open := testutil.Serve(t, []grpc.ServerOption{grpc.UnknownServiceHandler(func(_ any, _ grpc.ServerStream) error {
					if who == "as itself" {
						_, err := employee(t.Context(), further)
						return err
					}
					return shapes["unary"](ctx, further)
				})}, func(*grpc.Server) {}, p.client.DialOptionsForward("order-status")...)
				for shape, call := range shapes {
					err := call(ctx, open)
					want := login && who == "for the user"
					if got := p.client.LoginRequired(err); got != want || status.Code(err) != codes.Unauthenticated {
						t.Errorf("%s, %s, %s: LoginRequired(%v) = %v, want %v", reason, who, shape, err, got, want)
					}
				}
			}
		}
	})
}

// TestOtherErrorsAskForNoLogin shows that no other error sends a user to log in, apart
// from an UNAUTHENTICATED that a service passes on.
func TestOtherErrorsAskForNoLogin(t *testing.T) {
	p := newFrontEnd(t)
	for _, err := range []error{nil, errors.New("x"), status.Error(codes.PermissionDenied, "x"), status.Error(codes.Internal, "x"), status.Error(codes.OK, "")} {
		if p.client.LoginRequired(err) {
			t.Errorf("LoginRequired(%v)", err)
		}
	}
	if passed := status.Error(codes.Unauthenticated, "a call to another service was not admitted"); !p.client.LoginRequired(passed) {
		t.Errorf("LoginRequired(%v) is false", passed)
	}
}
