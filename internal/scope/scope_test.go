package scope_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/internal/scope"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"orders.read": true, "https://orders.example.com/read": true, "~!": true,
		"": false, "a b": false, "a\tb": false, `a"b`: false, `a\b`: false, "é": false, "a\x7f": false,
	} {
		if got := scope.Valid(s); got != want {
			t.Errorf("Valid(%q) = %t, want %t", s, got, want)
		}
	}
}
