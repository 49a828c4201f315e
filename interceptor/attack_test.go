package interceptor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// attack is something that an attacker may try, and the expected result.
type attack struct {
	name  string                  // the case and its variant
	setup func(*testbed)          // what is special about the world; nil if nothing is
	send  func(*testbed) []string // the authorization values
	want  ruling
	asks  int // requests to the issuer that it causes when the keys are in memory
}

// ruling is the result of a call for the peer and for the operator. The zero value is
// the result of a call that is let through.
type ruling struct {
	verdict
	cause audience.Cause
}

func unauthenticated(reason audience.Reason, cause audience.Cause) ruling {
	return ruling{verdict{codes.Unauthenticated, reason}, cause}
}

func denied(reason audience.Reason, cause audience.Cause) ruling {
	return ruling{verdict{codes.PermissionDenied, reason}, cause}
}

// The rulings, each with the code and the reason that the peer is told, whatever
// the product's own table of them says.
var (
	admitted = ruling{}

	credentialsMissing   = unauthenticated("CREDENTIALS_MISSING", audience.CauseCredentialsMissing)
	schemeUnsupported    = unauthenticated("CREDENTIALS_MISSING", audience.CauseSchemeUnsupported)
	credentialsRepeated  = unauthenticated("CREDENTIALS_MALFORMED", audience.CauseCredentialsRepeated)
	credentialsMalformed = unauthenticated("CREDENTIALS_MALFORMED", audience.CauseCredentialsMalformed)
	tokenTooLarge        = unauthenticated("CREDENTIALS_MALFORMED", audience.CauseTokenTooLarge)

	tokenMalformed      = unauthenticated("TOKEN_INVALID", audience.CauseTokenMalformed)
	algorithmNotAllowed = unauthenticated("TOKEN_INVALID", audience.CauseAlgorithmNotAllowed)
	typeNotAllowed      = unauthenticated("TOKEN_INVALID", audience.CauseTypeNotAllowed)
	issuerUnknown       = unauthenticated("TOKEN_INVALID", audience.CauseIssuerUnknown)
	issuerNotAccepted   = unauthenticated("TOKEN_INVALID", audience.CauseIssuerNotAccepted)
	keyUnknown          = unauthenticated("TOKEN_INVALID", audience.CauseKeyUnknown)
	signatureInvalid    = unauthenticated("TOKEN_INVALID", audience.CauseSignatureInvalid)
	claimsMalformed     = unauthenticated("TOKEN_INVALID", audience.CauseClaimsMalformed)
	claimMissing        = unauthenticated("TOKEN_INVALID", audience.CauseClaimMissing)
	clientAmbiguous     = unauthenticated("TOKEN_INVALID", audience.CauseClientAmbiguous)
	notYetValid         = unauthenticated("TOKEN_INVALID", audience.CauseNotYetValid)
	lifetimeTooLong     = unauthenticated("TOKEN_INVALID", audience.CauseLifetimeTooLong)
	bindingUnsupported  = unauthenticated("TOKEN_INVALID", audience.CauseBindingUnsupported)
	bindingMissing      = unauthenticated("TOKEN_INVALID", audience.CauseBindingMissing)
	bindingMismatch     = unauthenticated("TOKEN_INVALID", audience.CauseBindingMismatch)

	tokenExpired     = unauthenticated("TOKEN_EXPIRED", audience.CauseExpired)
	stepUp           = unauthenticated("STEP_UP_REQUIRED", audience.CauseStepUp)
	audienceMissing  = unauthenticated("AUDIENCE_MISMATCH", audience.CauseAudienceMissing)
	audienceMismatch = unauthenticated("AUDIENCE_MISMATCH", audience.CauseAudienceMismatch)
	audienceNotSole  = unauthenticated("AUDIENCE_MISMATCH", audience.CauseAudienceNotSole)

	clientMissing    = denied("CLIENT_NOT_ALLOWED", audience.CauseClientMissing)
	clientNotAllowed = denied("CLIENT_NOT_ALLOWED", audience.CauseClientNotAllowed)
	callerKind       = denied("CLIENT_NOT_ALLOWED", audience.CauseCallerKind)
	scopeMissing     = denied("SCOPE_INSUFFICIENT", audience.CauseScopeMissing)
	claimNotAllowed  = denied("CLAIM_NOT_ALLOWED", audience.CauseClaimNotAllowed)
	noRule           = denied("NO_POLICY", audience.CauseNoRule)

	keysUnavailable = ruling{verdict{codes.Unavailable, "ISSUER_UNAVAILABLE"}, audience.CauseKeysUnavailable}
)

// run tries each attack, by a unary and by a streaming call, in a world and a
// time of its own.
func run(t *testing.T, attacks []attack) {
	t.Helper()
	for _, row := range attacks {
		for shape, call := range shapes {
			t.Run(row.name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { newTestbed(t, row.setup).stage(t, row, call) })
			})
		}
	}
}

// stage tries one attack between two good calls, which are let through whatever
// the stranger does.
func (a *testbed) stage(t *testing.T, row attack, call shape) {
	t.Helper()
	a.admits(t, "before", call)
	values, asked, logged, called := row.send(a), a.asked(), len(a.log.String()), a.orders.calls()
	var header, trailer metadata.MD
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := call(bearing(ctx, values...), a.conn, grpc.Header(&header), grpc.Trailer(&trailer))

	a.ruled(t, row.want, err, a.log.String()[logged:])
	synctest.Wait() // a fetch that the call caused may go on in the background
	if got := a.asked() - asked; got != row.asks {
		t.Errorf("the issuer was asked %d times, want %d", got, row.asks)
	}
	if got := a.wire.elsewhere(); len(got) > 0 {
		t.Errorf("requests to %q", got)
	}
	if got, want := a.orders.calls()-called == 1, row.want == admitted; got != want {
		t.Errorf("the handler was reached: %t, want %t", got, want)
	}
	tokenless(t, "log", a.log.String()[logged:], values...)
	peer := fmt.Sprint(err, status.Convert(err).Details(), header, trailer)
	tokenless(t, "answer", peer, values...)
	for _, wanted := range []string{"order-status", "idp.example.com", "portal"} {
		if strings.Contains(peer, wanted) {
			t.Errorf("the answer tells what is wanted, %q: %s", wanted, peer)
		}
	}
	a.admits(t, "after", call)
}

// ruled holds an answer and the log of a call to what is wanted.
func (a *testbed) ruled(t *testing.T, want ruling, err error, log string) {
	t.Helper()
	if diff := cmp.Diff(want.verdict, verdictOf(err)); diff != "" {
		t.Errorf("verdict (-want +got):\n%s%s", diff, log)
	}
	if got := status.Convert(err).Message(); want.Reason != "" && got != want.Reason.Phrase() {
		t.Errorf("message = %q, want %q", got, want.Reason.Phrase())
	}
	if want.cause != "" && !strings.Contains(log, "cause="+string(want.cause)+" ") {
		t.Errorf("log = %s, want cause %s", log, string(want.cause))
	}
}

// admits makes a good call, which no attack may keep from its handler.
func (a *testbed) admits(t *testing.T, when string, call shape) {
	t.Helper()
	if err := call(bearing(t.Context(), a.good(a)...), a.conn); err != nil {
		t.Errorf("a good call %s the attack: %v", when, err)
	}
}

// tokenless fails the test if a text holds a part of one of the values that is
// long enough to be of use.
func tokenless(t *testing.T, what, text string, values ...string) {
	t.Helper()
	const long, most = 16, 64 << 10
	for _, value := range values {
		for _, part := range strings.FieldsFunc(value[:min(len(value), most)], func(c rune) bool { return c == '.' || c == ' ' }) {
			for at := 0; at+long <= len(part); at += long / 2 {
				if strings.Contains(text, part[at:at+long]) {
					t.Fatalf("the %s holds %q of the token: %.4096s", what, part[at:at+long], text)
				}
			}
		}
	}
}
