package learn_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
)

// TestMatrixThatIsNotWhatWasSeenIsNotWritten shows that entries which admit more, or less,
// than a user's calls of one method are found, before they are written.
func TestMatrixThatIsNotWhatWasSeenIsNotWritten(t *testing.T) {
	const head = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nclients: {portal: {}, other: {}}\nservices:\n  order-status:\n    grpc: [acme.orders.v1.OrderStatus]\n    allow:\n      - "
	for entry, want := range map[string]string{
		"{clients: [portal], methods: [Get], scopes: [a, b], callers: users}":           "",
		"{clients: [portal], methods: [Get], scopes: [a], callers: users}":              "which was not seen",
		"{clients: [portal], methods: [Get], scopes: [a, b]}":                           "which was not seen",
		`{clients: [portal], methods: ["*"], scopes: [a, b], callers: users}`:           "which was not seen",
		"{clients: [portal], methods: [Get], scopes: none, callers: users}":             "which was not seen",
		"{clients: [other], methods: [Get], scopes: [a, b], callers: users}":            "which was seen",
		"{clients: [portal], methods: [Get], scopes: [a, b], callers: services}":        "which was seen",
		"{clients: [portal], methods: [GetOther], scopes: [a, b], callers: users}":      "no rule",
		"{clients: any, methods: [Get], scopes: [a, b], callers: users, roles: [boss]}": "",
	} {
		policy, err := policyfile.Parse("access.yaml", []byte(head+entry+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		err = learn.Try(policy, "portal", "Get", access.UsersOnly, "a", "b")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", entry, err, want)
		}
	}
}
