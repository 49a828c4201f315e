package learn_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
)

// parsed returns the matrix of a file.
func parsed(t *testing.T, text string) access.Matrix {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Matrix()
}

// TestMatrixThatIsNotWhatWasSeenIsNotWritten shows that entries which admit more, or less,
// than a user's calls of one method are found, before they are written.
func TestMatrixThatIsNotWhatWasSeenIsNotWritten(t *testing.T) {
	const head = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nclients: {portal: {}, other: {}, namesake: {id: portal2}}\nservices:\n  order-status:\n    grpc: [acme.orders.v1.OrderStatus]\n    allow:\n      - "
	const good = "{clients: [portal], methods: [Get], scopes: [b, a], callers: users}"
	for entry, want := range map[string]string{
		good: "",
		"{clients: [portal], methods: [Get], scopes: [a], callers: users}":                    "was not learnt so",
		"{clients: [portal], methods: [Get], scopes: [a, b]}":                                 "was not learnt so",
		`{clients: [portal], methods: ["*"], scopes: [a, b], callers: users}`:                 "was not learnt so",
		"{clients: [portal], methods: [Get], scopes: none, callers: users}":                   "was not learnt so",
		"{clients: [other], methods: [Get], scopes: [a, b], callers: users}":                  "was not learnt so",
		"{clients: [namesake], methods: [Get], scopes: [a, b], callers: users}":               "was not learnt so",
		"{clients: [portal], methods: [Get], scopes: [a, b], callers: services}":              "was not learnt so",
		"{clients: [portal], methods: [GetOther], scopes: [a, b], callers: users}":            "was not learnt so",
		"{clients: [portal, other], methods: [Get], scopes: [a, b], callers: users}":          "was not learnt so",
		"{clients: any, methods: [Get], scopes: [a, b], callers: users, roles: [boss]}":       "more than was learnt",
		"{clients: [portal], methods: [Get], scopes: [a, b], callers: users, optional: true}": "more than was learnt",
		"{clients: [portal], methods: [Get], any_scopes: [a, b], callers: users}":             "more than was learnt",
		good + "\n      - {clients: [portal], methods: [Get], scopes: none}":                  "was not learnt so",
	} {
		err := learn.Prove(parsed(t, head+entry+"\n"), "portal", "Get", access.UsersOnly, "a", "b")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", entry, err, want)
		}
	}
	m := parsed(t, head+good+"\n")
	m.Services["order-status"] = access.Service{}
	if err := learn.Prove(m, "portal", "Get", access.UsersOnly, "a", "b"); err == nil || !strings.Contains(err.Error(), "no entry lets") {
		t.Errorf("without entries: %v, want an error", err)
	}
}

// TestBaseThatChangesIsNotWritten shows that a change of anything that is not learnt is found.
func TestBaseThatChangesIsNotWritten(t *testing.T) {
	const base = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nclients: {portal: {}}\nservices: {orders: {grpc: [a.Orders], closed: [Get]}}\npublic: [grpc.health.v1.Health]\n"
	if err := learn.Differs(parsed(t, base), parsed(t, "\n\n"+base)); err != nil {
		t.Errorf("further down in the file: %v", err)
	}
	for want, change := range map[string][2]string{
		`issuer "corp"`:     {"example.com}", "example.org}"},
		`client "portal"`:   {"portal: {}", "portal: {id: other}"},
		`client "other"`:    {"portal: {}", "portal: {}, other: {}"},
		`service "orders"`:  {"closed: [Get]", "audience: x"},
		`service "orders2"`: {"services: {", "services: {orders2: {grpc: [a.B]}, "},
		"something beside":  {"v1.Health]", "v1.Health, a.B]"},
	} {
		err := learn.Differs(parsed(t, base), parsed(t, strings.Replace(base, change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", change[1], err, want)
		}
	}
}

// TestBaseThatIsWrittenOtherwiseIsNotWritten shows that a base of which a value would not be
// written as it was, here a space that does not break, makes an error and no file.
func TestBaseThatIsWrittenOtherwiseIsNotWritten(t *testing.T) {
	const base = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nclients: {clerk: {}}\nservices:\n" +
		"  order-status: {grpc: [acme.orders.v1.OrderStatus]}\n" +
		"  vault: {grpc: [a.Vault], allow: [{clients: [clerk], methods: [Open], scopes: none, claims: {department: [SALES]}}]}\n"
	if matrix, _, err := matrixOf(t, strings.Replace(base, "SALES", "sales", 1), descriptor.Set{}, observed(func(*decision.Record) {})); err != nil {
		t.Errorf("%v\n%s", err, matrix)
	}
	matrix, _, err := matrixOf(t, strings.Replace(base, "SALES", "sales\u00a0east", 1), descriptor.Set{}, observed(func(*decision.Record) {}))
	if err == nil || !strings.Contains(err.Error(), `service "vault" is not as it was`) || matrix != "" {
		t.Errorf("got %v\n%s", err, matrix)
	}
}
