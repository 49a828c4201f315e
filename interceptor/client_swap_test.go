package interceptor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TestSwapChangesThePolicyOfConnections shows that connections follow the policy in
// force, that tokens stay cached if they are still good for it, and that a policy is
// refused if a connection would lead nowhere.
func TestSwapChangesThePolicyOfConnections(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	secrets := withSecrets(t)
	client := newClient(t, issuer, company(t, secrets), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	call := func(tokens int) {
		t.Helper()
		if err := shapes["unary"](t.Context(), conn); err != nil {
			t.Error(err)
		}
		if n := issuer.Requests(testutil.Token); n != tokens {
			t.Errorf("%d token requests so far, want %d", n, tokens)
		}
	}
	call(1)
	if err := client.Swap(company(t, secrets, func(m *access.Matrix) { m.Clients["batch"] = access.Client{} })); err != nil {
		t.Fatal(err)
	}
	call(1)

	if err := client.Swap(company(t, secrets, authoritiesOf("elsewhere.test"))); err != nil {
		t.Fatal(err)
	}
	if err := shapes["unary"](t.Context(), conn); err == nil || !strings.Contains(err.Error(), `may be sent to ["elsewhere.test"] only`) {
		t.Errorf("the new policy's authorities are not heeded: %v", err)
	}

	for want, policy := range map[string]*access.Policy{
		"no policy": nil,
		`no client "customer-portal"`: company(t, func(m *access.Matrix) {
			delete(m.Clients, "customer-portal")
			m.Services["order-status"].Allow[0].Clients[0] = "order-status"
		}),
		`does not let "customer-port`:  company(t, secrets, func(m *access.Matrix) { m.Services["order-status"].Allow[0].Clients = []string{"order-status"} }),
		"does not say how it authenti": company(t),
	} {
		if err := client.Swap(policy); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Swap = %v, want %q", err, want)
		}
	}

	for range 3 {
		if err := client.Swap(company(t, withSecrets(t))); err != nil {
			t.Fatal(err)
		}
	}
	call(2)
}

// TestSwapDoesNotEndAWait shows that a call which waits for a token gets it although
// the policy changes meanwhile.
func TestSwapDoesNotEndAWait(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	asked, answer := make(chan struct{}), make(chan struct{})
	issuer.Fault(testutil.Discovery, holding(asked, answer, issuer))
	done := make(chan error, 1)
	go func() { done <- shapes["unary"](t.Context(), conn) }()
	<-asked
	if err := client.Swap(company(t, withSecrets(t))); err != nil {
		t.Error(err)
	}
	close(answer)
	if err := <-done; err != nil {
		t.Errorf("the call that waited: %v", err)
	}
}

// TestSwapClosesOldCaches shows that the caches of a policy are closed at the second
// swap after it, and with the client.
func TestSwapClosesOldCaches(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *interceptor.Client) error{
		"a second swap": func(t *testing.T, c *interceptor.Client) error { return c.Swap(company(t, withSecrets(t))) },
		"the end":       func(_ *testing.T, c *interceptor.Client) error { return c.Close() },
	} {
		issuer, served := newIssuer(), &orders{}
		client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
		conn := connect(t, issuer, served, client.DialOptions("order-status")...)
		asked, answer := make(chan struct{}), make(chan struct{})
		issuer.Fault(testutil.Discovery, holding(asked, answer, issuer))
		done := make(chan error, 1)
		go func() { done <- shapes["unary"](t.Context(), conn) }()
		<-asked
		if err := client.Swap(company(t, withSecrets(t))); err != nil {
			t.Error(err)
		}
		if err := end(t, client); err != nil {
			t.Error(err)
		}
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), tokensource.ErrClosed.Error()) {
				t.Errorf("%s: %v, want %v", name, err, tokensource.ErrClosed)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: the call waits on", name)
		}
		close(answer)
	}
}
