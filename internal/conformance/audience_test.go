package conformance_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/tokensource"
)

// severalAudiences presents one token with two audiences to both services.
func severalAudiences(row string) func(*testing.T, *company) {
	return func(t *testing.T, c *company) {
		token, err := c.ask(t.Context(), t, c.several[row])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []method{getOrderStatus, getEmployee} {
			if got := m.call(t, c.serve(t, m.service), bearing(token.Reveal())); got != "admitted" {
				t.Errorf("%s: got %s, want admitted", m.full, got)
			}
		}
		payload := part(t, token.Reveal(), 1)
		if _, got := payload["azp"]; got != (row == withAZP) {
			t.Errorf("got claims %v, want azp: %t", payload, row == withAZP)
		}
	}
}

// refusedAudience requests an audience that the client may not have, and one in a way
// that the provider ignores.
func refusedAudience(t *testing.T, c *company) {
	for _, w := range []wrong{c.denied, c.misled} {
		_, err := c.ask(t.Context(), t, w.request)
		if !errors.Is(err, w.target) || !strings.Contains(err.Error(), w.hint) {
			t.Errorf("%s asks for %s: got %v, want %v with %q", w.client, w.Audience, err, w.target, w.hint)
		}
		refused, is := errors.AsType[*tokensource.TokenError](err)
		mismatch, isMismatch := errors.AsType[*tokensource.MismatchError](err)
		if is && refused.Hint == "" || isMismatch && mismatch.Hint == "" || !is && !isMismatch {
			t.Errorf("%s asks for %s: got %#v, want a typed error with a hint", w.client, w.Audience, err)
		}
	}
}
