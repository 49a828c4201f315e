package transports_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/internal/presented"
	"github.com/grpcaud/grpcaud/testutil"
)

var update = flag.Bool("update", false, "rewrite the table in the documentation")

// verdicts are the expected results of the company's matrix, written by hand. A client
// that may not call a service presents the token that it has for the other one.
const verdicts = `
method             customer-portal     backoffice-portal  order-status        night-worker
GetOrderStatus     admitted            admitted           AUDIENCE_MISMATCH   AUDIENCE_MISMATCH
ListOrders         admitted            admitted           AUDIENCE_MISMATCH   AUDIENCE_MISMATCH
WatchOrderStatus   admitted            admitted           AUDIENCE_MISMATCH   AUDIENCE_MISMATCH
UpdateOrderStatus  CLIENT_NOT_ALLOWED  admitted           AUDIENCE_MISMATCH   AUDIENCE_MISMATCH
GetEmployee        AUDIENCE_MISMATCH   admitted           admitted            admitted
ListEmployees      AUDIENCE_MISMATCH   admitted           CLIENT_NOT_ALLOWED  CLIENT_NOT_ALLOWED
ReviewEmployees    AUDIENCE_MISMATCH   admitted           CLIENT_NOT_ALLOWED  CLIENT_NOT_ALLOWED
`

// audiences are the services for which clients have tokens; the back-office portal has
// one for each.
var audiences = map[string]string{"customer-portal": "order-status", "order-status": "human-resource", "night-worker": "human-resource"}

// TestMatrixIsDecidedAlike shows that each cell of the company's matrix has the same result
// over each transport.
func TestMatrixIsDecidedAlike(t *testing.T) {
	c := newCompany(t)
	lines := strings.Split(strings.TrimSpace(verdicts), "\n")
	clients := strings.Fields(lines[0])[1:]
	for _, over := range c.transports(t) {
		for i, m := range methods {
			row := strings.Fields(lines[1+i])
			if row[0] != m.short() {
				t.Fatalf("the table has %s, want %s", row[0], m.short())
			}
			for j, client := range clients {
				aud := audiences[client]
				if aud == "" {
					aud = m.service()
				}
				claims := testutil.Claims{"aud": aud, "azp": client, "sub": client}
				if client == "backoffice-portal" {
					claims["scope"] = "orders.read orders.write"
				}
				if got := over.within(t, m, "Bearer "+c.issuer.Token(claims)); got != row[1+j] {
					t.Errorf("%s, %s as %s: got %s, want %s", over.name, m.short(), client, got, row[1+j])
				}
			}
		}
	}
}

// within asks, for at most a minute.
func (over transport) within(t *testing.T, m method, authorization ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return over.ask(ctx, m, authorization)
}

// TestTokensAreDecidedAlike shows that whatever a call has as its authorization is decided
// over each transport as over gRPC. Where another reason is told, the documentation lists
// it.
func TestTokensAreDecidedAlike(t *testing.T) {
	c := newCompany(t)
	all := c.transports(t)
	unary, stream := methods[0], methods[2]
	table := "| the call has | gRPC | another reason |\n|---|---|---|\n"
	for _, row := range c.issuer.Rows() {
		want, others := all[0].within(t, unary, row.Authorization...), map[string][]string{}
		for _, over := range all {
			got, streams := over.within(t, unary, row.Authorization...), over.within(t, stream, row.Authorization...)
			if (got == admitted) != row.Good || streams != got || !known(got) {
				t.Errorf("%s, %s: got %s, and %s for a stream, want admitted: %t", row.Name, over.name, got, streams, row.Good)
			}
			if got != want {
				others[got] = append(others[got], over.name)
			}
		}
		for _, reason := range slices.Sorted(maps.Keys(others)) {
			table += fmt.Sprintf("| %s | `%s` | `%s`: %s |\n", row.Name, want, reason, strings.Join(others[reason], "; "))
		}
	}
	if err := presented.CheckTable("../../docs/transports.md", "<!-- reasons:", table, *update); err != nil {
		t.Error(err)
	}
}

// known reports whether a verdict is one.
func known(verdict string) bool {
	return verdict == admitted || verdict == notSent || audience.Reason(verdict).Phrase() != ""
}

// TestRevokedTokenIsRefusedAlike shows that a token which is revoked is refused over each
// transport from then on.
func TestRevokedTokenIsRefusedAlike(t *testing.T) {
	c := newCompany(t)
	token := "Bearer " + c.issuer.Token(testutil.Claims{"jti": "t-1"})
	all := c.transports(t)
	for _, want := range []string{admitted, string(audience.ReasonTokenRevoked)} {
		for _, over := range all {
			for _, m := range []method{methods[0], methods[2]} {
				if got := over.within(t, m, token); got != want {
					t.Errorf("%s, %s: got %s, want %s", over.name, m.short(), got, want)
				}
			}
		}
		if err := c.revoked.Revoke(revocation.Entry{Issuer: c.issuer.URL(), ID: "t-1", Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnknownIsRefusedAlike shows that nobody is admitted while the issuer's keys are not
// known.
func TestUnknownIsRefusedAlike(t *testing.T) {
	c := newCompany(t)
	c.issuer.Down()
	token := "Bearer " + c.issuer.Token(nil)
	for _, over := range c.transports(t) {
		for _, m := range []method{methods[0], methods[2]} {
			if got := over.within(t, m, token); got != string(audience.ReasonIssuerUnavailable) {
				t.Errorf("%s, %s: got %s, want %s", over.name, m.short(), got, audience.ReasonIssuerUnavailable)
			}
		}
	}
}
