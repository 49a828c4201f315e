package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDecisionAllocatesLittle shows how much memory the decision about a known
// token may take: the evidence, and one more allocation.
func TestDecisionAllocatesLittle(t *testing.T) {
	issuer := testutil.NewIssuer(corp)
	c := newController(t, issuer)
	r := Request{Method: getOrder, Peer: private, Credentials: []string{"Bearer " + mint(issuer, nil)}}
	if n := testing.AllocsPerRun(100, func() {
		if d := c.Decide(t.Context(), &r); d.Outcome != Admitted {
			t.Error(d.Err)
		}
	}); n > 2 {
		t.Errorf("%v allocations, want 2 at most", n)
	}
}

// TestUnknownConnectionCarriesNoToken shows that a request of which the transport
// says nothing is refused, even where a mesh encrypts.
func TestUnknownConnectionCarriesNoToken(t *testing.T) {
	issuer := testutil.NewIssuer(corp)
	credentials := []string{"Bearer " + mint(issuer, nil)}
	for name, row := range map[string]struct {
		allowed    Plaintext
		connection Connection
		admitted   bool
	}{
		"unknown":                     {Plaintext{}, UnknownConnection, false},
		"unknown, in a mesh":          {Plaintext{Any: true, Loopback: true}, UnknownConnection, false},
		"a kind there is not":         {Plaintext{Any: true}, 42, false},
		"plaintext":                   {Plaintext{}, PlaintextConnection, false},
		"plaintext, loopback allowed": {Plaintext{Loopback: true}, PlaintextConnection, false},
		"plaintext, in a mesh":        {Plaintext{Any: true}, PlaintextConnection, true},
		"loopback":                    {Plaintext{}, LoopbackConnection, false},
		"loopback, allowed":           {Plaintext{Loopback: true}, LoopbackConnection, true},
		"loopback, in a mesh":         {Plaintext{Any: true}, LoopbackConnection, true},
		"private":                     {Plaintext{}, PrivateConnection, true},
	} {
		c := newController(t, issuer, func(c *Config) { c.Plaintext = row.allowed })
		d := c.Decide(t.Context(), &Request{Method: getOrder, Credentials: credentials, Peer: Peer{Connection: row.connection}})
		if admitted := d.Outcome == Admitted; admitted != row.admitted || !admitted && d.Refusal().Cause != audience.CauseTransportInsecure {
			t.Errorf("%s: %s with %v, want admitted: %t", name, d.Outcome, d.Err, row.admitted)
		}
	}
}

// TestEvidenceCannotBePrinted shows that no way of printing the evidence, or the
// context of a handler, shows the token.
func TestEvidenceCannotBePrinted(t *testing.T) {
	issuer := testutil.NewIssuer(corp)
	token := mint(issuer, nil)
	d := newController(t, issuer).Decide(t.Context(), &Request{Method: getOrder, Peer: private, Credentials: []string{"Bearer " + token}})
	if d.Evidence == nil || d.Evidence.Reveal() != token {
		t.Fatalf("%v, want the evidence of an admitted request", d.Err)
	}
	ctx := NewContext(t.Context(), d.Evidence)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{d, &d, d.Evidence, ctx, struct{ e *Evidence }{d.Evidence}, struct{ c context.Context }{ctx}, []any{d.Evidence}} {
			text := fmt.Sprintf(verb, v)
			for _, shown := range []string{token, fmt.Sprintf("%x", token)} {
				if strings.Contains(text, shown) {
					t.Errorf("%s of a %T shows the token", verb, v)
				}
			}
		}
	}
}
