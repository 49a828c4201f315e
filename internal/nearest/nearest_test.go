package nearest_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/internal/nearest"
)

func TestHint(t *testing.T) {
	known := []string{"scopes", "clients", "methods", "order-status"}
	for name, want := range map[string]string{
		"scope":        `, did you mean "scopes"?`,
		"Clients":      `, did you mean "clients"?`,
		"metohds":      `, did you mean "methods"?`,
		"order_status": `, did you mean "order-status"?`,
		"sco":          "",
		"":             "",
		"x":            "",
	} {
		if got := nearest.Hint(name, known); got != want {
			t.Errorf("Hint(%q) = %q, want %q", name, got, want)
		}
	}
	if got := nearest.Hint("a", nil); got != "" {
		t.Errorf("Hint without names = %q", got)
	}
}
