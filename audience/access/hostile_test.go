package access_test

import (
	"strings"
	"testing"
)

// TestClaimsCannotForgeLogLines shows that what a token says cannot forge a line of a log,
// nor fill one.
func TestClaimsCannotForgeLogLines(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = strings.Repeat("\n", 1000)
	}
	c, err := read(t, "keycloak", token(members{"aud": many}))
	if err != nil {
		t.Fatal(err)
	}
	err = guard(t, "order-status").Rule(getStatus).Judge(c, at(now))
	if text := err.Error(); strings.Contains(text, "\n") || len(text) > 4<<10 || !strings.Contains(text, "and 92 more") {
		t.Errorf("Judge = %d bytes: %.200s, want it quoted and cut", len(text), text)
	}
}
