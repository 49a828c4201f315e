package learn_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// TestEachCauseIsDecided shows that a new cause cannot be forgotten.
func TestEachCauseIsDecided(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../../../audience/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	causes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Cause") {
			return true
		}
		text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		causes++
		if _, decided := learn.Evident()[audience.Cause(text)]; !decided {
			t.Errorf("cause %s is not decided", text)
		}
		return true
	})
	if causes < 40 || causes != len(learn.Evident()) {
		t.Errorf("%d causes, and %d decided", causes, len(learn.Evident()))
	}
}

var at = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// observed is a record of a call that was let through, with a change.
func observed(change func(*decision.Record)) *decision.Record {
	r := &decision.Record{
		Time: at, Method: "/acme.orders.v1.OrderStatus/GetOrderStatus", Service: "order-status", Issuer: "https://idp.example.com", Preset: "rfc9068",
		Audience: []string{"order-status"}, Client: "portal", Caller: decision.User, Decision: decision.WouldRefuse, Mode: "observe", Cause: "METHOD_WITHOUT_RULE",
	}
	change(r)
	return r
}

// matrixOf returns what is learnt from records, and what is written to standard error.
func matrixOf(t *testing.T, base string, set descriptor.Set, records ...*decision.Record) (matrix, stderr string, err error) {
	t.Helper()
	c := learn.NewCollector()
	for _, r := range records {
		if err := c.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	from := learn.Base{Name: "base.yaml"}
	if base != "" {
		from.Text = []byte(base)
	}
	var out bytes.Buffer
	text, err := c.Matrix(recorded.Count{Records: uint64(len(records)), First: at, Last: at}, from, set, &out)
	return string(text), out.String(), err
}

// TestOnlyEvidentCallsAreLearnt tries each cause: only calls that were let through, and whose
// token was judged for everything else, make a cell.
func TestOnlyEvidentCallsAreLearnt(t *testing.T) {
	afterTheToken := []audience.Cause{
		audience.CauseNoRule, audience.CauseClientNotAllowed, audience.CauseCallerKind, audience.CauseScopeMissing,
		audience.CauseRoleMissing, audience.CauseClaimNotAllowed, audience.CauseStepUp,
	}
	for cause := range learn.Evident() {
		evident := slices.Contains(afterTheToken, cause)
		for _, outcome := range []decision.Outcome{decision.WouldRefuse, decision.Refused, decision.Ended} {
			matrix, _, err := matrixOf(t, "", descriptor.Set{}, observed(func(r *decision.Record) { r.Cause, r.Decision = string(cause), outcome }))
			if learnt, want := err == nil && strings.Contains(matrix, "portal"), evident && outcome == decision.WouldRefuse; learnt != want {
				t.Errorf("%s, %s: learnt %v, want %v (%v)", cause, outcome, learnt, want, err)
			}
		}
	}
	for name, change := range map[string]func(*decision.Record){
		"no service": func(r *decision.Record) { r.Service = "" },
		"no caller":  func(r *decision.Record) { r.Caller = decision.NoCaller },
		"no client":  func(r *decision.Record) { r.Client = "" },
	} {
		if matrix, _, err := matrixOf(t, "", descriptor.Set{}, observed(change)); err == nil {
			t.Errorf("%s: learnt %s", name, matrix)
		}
	}
}

const tenantBase = `version: 1
issuers:
  acme: {url: "https://idp.example.com/{tenant}", tenants: [t1, t2]}
services:
  order-status: {grpc: [acme.orders.v1.OrderStatus]}
`

const prefixBase = `version: 1
issuers:
  pool: {url: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc, preset: cognito}
services:
  order-status: {grpc: [acme.orders.v1.OrderStatus], insecure_no_audience: {scope_prefix: orders/}}
`

func pool(r *decision.Record) {
	r.Issuer, r.Preset, r.Audience = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", "cognito", nil
}

// TestWhatRecordsDoNotSayIsNotGuessed has calls of which no entry can be made, each beside
// one that is learnt.
func TestWhatRecordsDoNotSayIsNotGuessed(t *testing.T) {
	other := func(r *decision.Record) { r.Issuer = "https://other.example" }
	method := func(full string) func(*decision.Record) { return func(r *decision.Record) { r.Method = full } }
	for name, row := range map[string]struct {
		base    string
		set     descriptor.Set
		records []*decision.Record
		want    string
	}{
		"a described preset":       {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { other(r); r.Preset = "custom" })}, "use --base with that matrix"},
		"an issuer that is asked":  {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { other(r); r.Introspected = true })}, "which needs a client and its secret"},
		"an unknown preset":        {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { other(r); r.Preset = "nobody" })}, "the issuer cannot stand in a matrix"},
		"two presets":              {"", descriptor.Set{}, []*decision.Record{observed(other), observed(func(r *decision.Record) { other(r); r.Preset = "keycloak" })}, "read by several presets"},
		"http elsewhere":           {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Issuer = "http://idp.example.com" })}, "the issuer cannot stand in a matrix"},
		"no aud":                   {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Client, r.Audience = "own", nil })}, "the token has no aud"},
		"over HTTP":                {"", descriptor.Set{}, []*decision.Record{observed(method("order-status/ListOrders"))}, "the call came over HTTP"},
		"no method":                {"", descriptor.Set{}, []*decision.Record{observed(method("/acme.orders.v1.OrderStatus/Get Order"))}, "no name that a matrix can have"},
		"one of two of that name":  {"", descriptor.Set{Methods: map[string][]string{"a.A": {"Get"}, "a.B": {"Get", "List"}}}, []*decision.Record{observed(method("/a.A/Get")), observed(method("/a.B/List"))}, "several gRPC services of the service have a method of that name"},
		"a client of two scripts":  {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Client = "p\u043ertal" })}, "which may look like others"},
		"an id of two directions":  {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Client = "portal\u202e" })}, "which may look like others"},
		"an id of several lines":   {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Client = "portal\nclients: {}" })}, "which may look like others"},
		"a user as client":         {"", descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Client = "hmac-sha256:0c5f36b3a8c1a6d1e4be0d2d1fba4bb5" })}, "the token names no client"},
		"a tenant":                 {tenantBase, descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { r.Issuer = "https://idp.example.com/t1" })}, "the issuer has tenants"},
		"no scope of the audience": {prefixBase, descriptor.Set{}, []*decision.Record{observed(func(r *decision.Record) { pool(r); r.Client = "bare" })}, "demands what the call does not have"},
		"not in the options":       {"", demanding(access.Allow{Clients: []string{"learnt"}}), []*decision.Record{observed(func(r *decision.Record) { r.Client = "bare" })}, "the .proto file or the base demands"},
		"a user, not in them":      {"", demanding(access.Allow{Callers: access.ServicesOnly}), []*decision.Record{observed(method("/acme.orders.v1.OrderStatus/ListOrders"))}, "the .proto file or the base demands"},
	} {
		t.Run(name, func(t *testing.T) {
			good := observed(func(r *decision.Record) { r.Client = "learnt" })
			if row.base == prefixBase {
				pool(good)
				good.Scopes = []string{"orders/read", "openid"}
			}
			matrix, stderr, err := matrixOf(t, row.base, row.set, append(row.records, good)...)
			if !strings.Contains(stderr, row.want) {
				t.Errorf("standard error %q, want %q", stderr, row.want)
			}
			if row.base != tenantBase && (err != nil || !strings.Contains(matrix, "clients: [learnt]")) {
				t.Errorf("the good call is not learnt: %v\n%s", err, matrix)
			}
		})
	}
}

// demanding returns the descriptors of a service with two methods. The options of the one
// demand a client, and those of the other a kind of caller, if there is one.
func demanding(d access.Allow) descriptor.Set {
	const grpc = "acme.orders.v1.OrderStatus"
	options := access.MethodOptions{GRPC: grpc, Method: "GetOrderStatus", Place: "orders.proto", Demands: d}
	if d.Callers != "" {
		options.Method = "ListOrders"
	}
	return descriptor.Set{Methods: map[string][]string{grpc: {"GetOrderStatus", "ListOrders"}}, Options: []access.MethodOptions{options}}
}

// TestOperationsOfProtoFilesAreLearnt shows that google.api.http says what a call over HTTP
// was.
func TestOperationsOfProtoFilesAreLearnt(t *testing.T) {
	set := descriptor.Set{
		Methods: map[string][]string{"acme.orders.v1.OrderStatus": {"GetOrderStatus", "ListOrders"}},
		Options: []access.MethodOptions{
			{GRPC: "acme.orders.v1.OrderStatus", Method: "ListOrders", Place: "orders.proto:9", HTTP: []string{"GET /v1/orders"}},
			{GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto:5", HTTP: []string{"GET /v1/orders/{id}"}},
		},
	}
	matrix, stderr, err := matrixOf(t, "", set, observed(func(*decision.Record) {}), observed(func(r *decision.Record) { r.Method = "order-status/ListOrders" }))
	if err != nil || !strings.Contains(matrix, "methods: [GetOrderStatus, ListOrders]") || !strings.Contains(matrix, "http: {}") {
		t.Errorf("%v, %s\n%s", err, stderr, matrix)
	}
}

// TestAudienceIsWhatAllCallsShare shows which value of aud names a service, and that values
// which somebody adds to the aud of tokens name none.
func TestAudienceIsWhatAllCallsShare(t *testing.T) {
	const none = "none"
	for _, row := range []struct {
		want string
		auds [][]string
	}{
		{"\n    grpc", [][]string{{"order-status", "x"}, {"order-status"}}},
		{"\n    grpc", [][]string{{"evil", "order-status"}, {"order-status", "evil"}}},
		{"audience: orders\n", [][]string{{"orders", "account"}, {"account", "orders"}}},
		{"audience: orders\n", [][]string{{"orders", "evil"}, {"orders", "orders"}}},
		{"audience: account\n", [][]string{{"account"}}},
		{"audience: \"true\"\n", [][]string{{"true"}}},
		{"audience: https://o.io\n", [][]string{{"https://o.io", "z"}, {"https://o.io"}}},
		{none, [][]string{{"old"}, {"new"}}},
		{none, [][]string{{"own", "evil"}, {"evil", "own"}}},
		{none, [][]string{{"old", "evil", "1"}, {"new", "evil", "2"}, {"new", "evil", "3"}, {"old"}, {"new"}}},
		{none, [][]string{{""}}},
	} {
		records := []*decision.Record{observed(func(r *decision.Record) {
			r.Service, r.Method, r.Audience = "human-resource", "/acme.hr.v1.HumanResource/GetEmployee", []string{"human-resource", "own"}
		})}
		for _, aud := range row.auds {
			records = append(records, observed(func(r *decision.Record) { r.Audience = aud }))
		}
		matrix, stderr, err := matrixOf(t, "", descriptor.Set{}, records...)
		_, learnt, found := strings.Cut(matrix, "order-status:\n")
		switch {
		case err != nil:
			t.Errorf("%q: %v", row.auds, err)
		case row.want == none && (found || !strings.Contains(stderr, "use --base with a matrix that says its audience") && !strings.Contains(stderr, "cannot stand in a matrix")):
			t.Errorf("%q: learnt\n%s\n%s", row.auds, matrix, stderr)
		case row.want != none && !strings.Contains("\n"+learnt, row.want):
			t.Errorf("%q:\n%s\nwant %q", row.auds, matrix, row.want)
		}
	}
}

// TestLongListsHaveALinePerName shows that no name of an entry stands far to the right.
func TestLongListsHaveALinePerName(t *testing.T) {
	var records []*decision.Record
	for n := range 50 {
		records = append(records, observed(func(r *decision.Record) { r.Client = "client-" + strconv.Itoa(n) }))
	}
	matrix, _, err := matrixOf(t, "", descriptor.Set{}, records...)
	if err != nil || strings.Count(matrix, "- client-") != 50 {
		t.Errorf("%v\n%s", err, matrix)
	}
}

// TestManyAudChangeNothing shows that a client which adds a value to each aud changes
// nothing, and takes no memory.
func TestManyAudChangeNothing(t *testing.T) {
	c := learn.NewCollector()
	for n := range 100_000 {
		if err := c.Add(observed(func(r *decision.Record) { r.Audience = []string{"orders", strconv.Itoa(n)} })); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	text, err := c.Matrix(recorded.Count{Records: 1, First: at, Last: at}, learn.Base{}, descriptor.Set{}, &out)
	if err != nil || !strings.Contains(string(text), "audience: orders\n") {
		t.Errorf("%v, %s\n%s", err, &out, text)
	}
}

// TestHostileLogsAreBounded shows that many names end in an error or in one row.
func TestHostileLogsAreBounded(t *testing.T) {
	c := learn.NewCollector()
	var err error
	n := 0
	for ; err == nil && n < 2_000_000; n++ {
		err = c.Add(observed(func(r *decision.Record) { r.Client = "client-" + strconv.Itoa(n) }))
	}
	if err == nil || !strings.Contains(err.Error(), "learn from the logs of fewer services") || n < 100_000 {
		t.Errorf("after %d clients: %v, want an error that says so", n, err)
	}
	refused := learn.NewCollector()
	for n := range learn.MaxRows + 1000 {
		if err := refused.Add(observed(func(r *decision.Record) { r.Cause = "EXPIRED" + strconv.Itoa(n%1000); r.Client = strconv.Itoa(n) })); err != nil {
			t.Fatal(err)
		}
	}
	if err := refused.Add(observed(func(*decision.Record) {})); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := refused.Matrix(recorded.Count{Records: 1, First: at, Last: at}, learn.Base{}, descriptor.Set{}, &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, strconv.Itoa(learn.MaxRows+1000)+" calls not learnt") || strings.Count(got, "\n") > 50 {
		t.Errorf("the list is %.2000s", got)
	}
}
