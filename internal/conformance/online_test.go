package conformance_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// TestOnline logs a user out at Keycloak, which says so of her tokens when it is asked:
// the methods with online refuse them, calls and streams alike, and the others go on until
// they expire.
func TestOnline(t *testing.T) {
	c := open(t, keycloak)
	plain := c.serve(t, "human-resource")
	m := c.policy.Matrix()
	corp := m.Issuers["corp"]
	corp.Introspection = access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "ORDER_STATUS_SECRET"}, OnlineOnly: true}
	m.Issuers["corp"] = corp
	for i := range m.Services["human-resource"].Allow {
		m.Services["human-resource"].Allow[i].Online = true
	}
	var err error
	if c.policy, err = access.New(m); err != nil {
		t.Fatal(err)
	}
	online := c.serve(t, "human-resource")
	both := url.Values{"scope": {"openid human-resource order-status"}} // Keycloak answers a client in aud
	mine, others := c.begin(t, "alice", both), c.begin(t, "alice", both)
	ending, going := c.review(t, online, mine.AccessToken), c.review(t, online, others.AccessToken)
	if got := getEmployee.call(t, online, bearing(mine.AccessToken)); got != "admitted" {
		t.Fatalf("%s, last cause %q, want admitted", got, c.journal.cause())
	}
	if err := mine.End(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	if got := getEmployee.call(t, online, bearing(mine.AccessToken)); got != string(audience.ReasonTokenWithdrawn) || c.journal.cause() != string(audience.CauseTokenWithdrawn) {
		t.Errorf("a call after the logout: %s, last cause %q, want TOKEN_WITHDRAWN", got, c.journal.cause())
	}
	t.Logf("a call is refused %v after the logout", time.Since(ended))
	if _, err := ending.Recv(); reasonOf(err) != audience.ReasonTokenWithdrawn || time.Since(ended) > 10*time.Second {
		t.Errorf("the stream: %v after %v, want TOKEN_WITHDRAWN", err, time.Since(ended))
	}
	t.Logf("the stream ends %v after the logout", time.Since(ended))
	if err := exchange(going); err != nil {
		t.Errorf("the stream of another login: %v", err)
	}
	if got := getEmployee.call(t, online, bearing(others.AccessToken)); got != "admitted" {
		t.Errorf("a call of another login: %s, want admitted", got)
	}
	if got := getEmployee.call(t, plain, bearing(mine.AccessToken)); got != "admitted" {
		t.Errorf("a method without online: %s, want admitted until the token expires", got)
	}
}
