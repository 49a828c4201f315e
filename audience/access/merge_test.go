package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// options says something of GetOrderStatus.
func options(change func(*access.MethodOptions)) access.MethodOptions {
	o := access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto:7"}
	change(&o)
	return o
}

func demandingBesides(d access.Allow) access.MethodOptions {
	return options(func(o *access.MethodOptions) { o.Demands = d })
}

// merged returns the rules of the company's orders with options.
func merged(t *testing.T, m access.Matrix, options ...access.MethodOptions) *access.Guard {
	t.Helper()
	policy, err := access.New(m, options...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestMergeAddsDemands shows that a call must satisfy the matrix and the
// options, whichever refuses first.
func TestMergeAddsDemands(t *testing.T) {
	backoffice := members{"azp": "backoffice-portal"}
	for name, row := range map[string]struct {
		demands access.Allow
		token   members
		want    audience.Cause
	}{
		"nothing demanded":             {access.Allow{}, nil, ""},
		"wide":                         {access.Allow{AnyClient: true, NoScopes: true}, nil, ""},
		"wide does not widen clients":  {access.Allow{AnyClient: true, NoScopes: true}, members{"azp": "stranger"}, audience.CauseClientNotAllowed},
		"wide does not widen scopes":   {access.Allow{NoScopes: true}, members{"scope": nil}, audience.CauseScopeMissing},
		"a scope more":                 {access.Allow{Scopes: []string{"orders.audit"}}, nil, audience.CauseScopeMissing},
		"both scopes":                  {access.Allow{Scopes: []string{"orders.audit"}}, members{"scope": "orders.audit orders.read"}, ""},
		"the matrix's scope missing":   {access.Allow{Scopes: []string{"orders.audit"}}, members{"scope": "orders.audit"}, audience.CauseScopeMissing},
		"one of some scopes":           {access.Allow{AnyScopes: []string{"a", "b"}}, members{"scope": "orders.read b"}, ""},
		"none of some scopes":          {access.Allow{AnyScopes: []string{"a", "b"}}, nil, audience.CauseScopeMissing},
		"a client of both":             {access.Allow{Clients: []string{"backoffice-portal"}}, backoffice, ""},
		"a client of the matrix alone": {access.Allow{Clients: []string{"backoffice-portal"}}, nil, audience.CauseClientNotAllowed},
		"no role":                      {access.Allow{Roles: []string{"clerk"}}, nil, audience.CauseRoleMissing},
		"no step-up":                   {access.Allow{ACR: []string{"gold"}}, nil, audience.CauseStepUp},
		"step-up":                      {access.Allow{ACR: []string{"gold"}}, members{"acr": "gold"}, ""},
		"no login":                     {access.Allow{MaxAuthAge: time.Minute}, nil, audience.CauseStepUp},
		"no service":                   {access.Allow{Callers: access.ServicesOnly}, nil, audience.CauseCallerKind},
		"no such claim":                {access.Allow{Claims: map[string][]string{"tenant": {"acme"}}}, nil, audience.CauseClaimNotAllowed},
	} {
		rule := merged(t, company(), demandingBesides(row.demands)).Rule(getStatus)
		if got := verdict(t, rule, "keycloak", token(row.token)); got != row.want {
			t.Errorf("%s: refused by %q, want %q", name, got, row.want)
		}
	}
}

// TestOptionsLeaveOtherMethodsAlone shows that the other methods are as the matrix
// says, and that a method which the matrix closes stays closed.
func TestOptionsLeaveOtherMethodsAlone(t *testing.T) {
	o := demandingBesides(access.Allow{Scopes: []string{"orders.audit"}})
	write := token(members{"azp": "backoffice-portal", "scope": "orders.read orders.write"})
	if got := verdict(t, merged(t, company(), o).Rule(updateStatus), "keycloak", write); got != "" {
		t.Errorf("%s is refused by %s", updateStatus, got)
	}
	o.Method = "UpdateOrderStatus"
	if got := verdict(t, merged(t, company(), o).Rule(updateStatus), "keycloak", write); got != audience.CauseScopeMissing {
		t.Errorf("%s, of the methods that no entry names, is refused by %q", updateStatus, got)
	}
	m := company()
	s := m.Services["order-status"]
	s.Allow = s.Allow[:1]
	m.Services["order-status"] = s
	if rule := merged(t, m, o).Rule(updateStatus); rule != nil {
		t.Errorf("options alone open %s: %+v", updateStatus, rule)
	}
}

// TestRefusalNamesTheOptionThatRefuses shows that a refusal and an explanation name
// what refused.
func TestRefusalNamesTheOptionThatRefuses(t *testing.T) {
	rule := merged(t, company(), demandingBesides(access.Allow{Scopes: []string{"orders.audit"}})).Rule(getStatus)
	good, err := read(t, "keycloak", token(members{"scope": "orders.read orders.audit"}))
	if err != nil {
		t.Fatal(err)
	}
	if e := rule.Explain(good, at(now)); e.Verdict != "" || e.Entry != "services.order-status.allow[0]" {
		t.Errorf("Explain = %v", e)
	}
	bad, err := read(t, "keycloak", token(nil))
	if err != nil {
		t.Fatal(err)
	}
	if e := rule.Explain(bad, at(now)); e.Entry != "orders.proto:7" || strings.Count(e.String(), "scopes") < 3 {
		t.Errorf("Explain = %v, want it to ask for both scopes and to name the options", e)
	}
	if err := rule.Judge(bad, at(now)); err == nil || !strings.Contains(err.Error(), `want "orders.audit"`) {
		t.Errorf("Judge = %v", err)
	}
}

// TestOptionsOpenNothing shows that options alone open nothing.
func TestOptionsOpenNothing(t *testing.T) {
	optional := company()
	for i := range optional.Services["order-status"].Allow {
		optional.Services["order-status"].Allow[i].Optional = true
	}
	for name, row := range map[string]struct {
		matrix  access.Matrix
		options access.MethodOptions
		public  bool
		without bool // a token
		warning string
	}{
		"public in the options": {
			company(), options(func(o *access.MethodOptions) { o.Public = true }), false, false,
			"orders.proto:7: acme.orders.v1.OrderStatus/GetOrderStatus stays guarded",
		},
		"public in both":       {company(), options(func(o *access.MethodOptions) { o.Method, o.Public = "Version", true }), true, false, ""},
		"public in the matrix": {company(), options(func(o *access.MethodOptions) { o.Method = "Version" }), true, false, ""},
		"optional in the options": {
			company(), demandingBesides(access.Allow{NoScopes: true, Optional: true}), false, false,
			"orders.proto:7: acme.orders.v1.OrderStatus/GetOrderStatus requires a token",
		},
		"optional in both":           {optional, demandingBesides(access.Allow{NoScopes: true, Optional: true}), false, true, ""},
		"optional, nothing demanded": {optional, demandingBesides(access.Allow{}), false, true, ""},
		"optional in the matrix":     {optional, demandingBesides(access.Allow{NoScopes: true}), false, false, "services.order-status.allow: GetOrderStatus requires a token"},
	} {
		policy, err := access.New(row.matrix, row.options)
		if err != nil {
			t.Fatal(err)
		}
		rule := merged(t, row.matrix, row.options).Rule("/acme.orders.v1.OrderStatus/" + row.options.Method)
		if rule.Public() != row.public || rule.Optional() != row.without {
			t.Errorf("%s: public %t, optional %t, want %t, %t", name, rule.Public(), rule.Optional(), row.public, row.without)
		}
		var warnings []string
		for _, w := range policy.Warnings() {
			if w.Severity == access.Warning {
				warnings = append(warnings, w.Error())
			}
		}
		if all := strings.Join(warnings, "\n"); !strings.Contains(all, row.warning) || row.warning == "" && strings.Contains(all, "orders.proto") {
			t.Errorf("%s: warnings are\n%s\nwant %q", name, all, row.warning)
		}
	}
}

// corporate is a matrix that leaves the rules to options.
func corporate() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp, Preset: "keycloak"}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
	}
}

// TestMergeOptionsAlone shows that options are rules where the matrix is
// silent, each of its own method alone.
func TestMergeOptionsAlone(t *testing.T) {
	of := func(grpc, method string, d access.Allow) access.MethodOptions {
		return access.MethodOptions{GRPC: grpc, Method: method, Place: grpc + "." + method, Audience: "order-status", Demands: d}
	}
	portal := access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.read"}}
	optional := portal
	optional.Optional = true
	policy, err := access.New(corporate(),
		of("acme.v1.Orders", "Get", portal), of("acme.v1.Orders", "List", optional), of("acme.v1.Orders", "Drop", access.Allow{}),
		of("acme.v2.Orders", "Drop", portal),
		access.MethodOptions{GRPC: "acme.v1.Open", Method: "Version", Place: "p", Public: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(policy.Services(), " "); got != "acme.v1.Orders acme.v2.Orders" {
		t.Errorf("Services = %s", got)
	}
	g, err := policy.Guard("acme.v1.Orders", "acme.v2.Orders")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Target("backoffice-portal", "acme.v1.Orders"); err == nil {
		t.Error("a client that the options do not name has a target")
	}
	for method, want := range map[string]audience.Cause{"/acme.v1.Orders/Get": "", "/acme.v1.Orders/List": "", "/acme.v2.Orders/Drop": ""} {
		rule := g.Rule(method)
		if got := verdict(t, rule, "keycloak", token(nil)); got != want || rule.Optional() {
			t.Errorf("%s: refused by %q, optional %t", method, got, rule.Optional())
		}
		if got := verdict(t, rule, "keycloak", token(members{"azp": "backoffice-portal"})); got != audience.CauseClientNotAllowed {
			t.Errorf("%s: refused by %q, want %s", method, got, audience.CauseClientNotAllowed)
		}
	}
	for _, method := range []string{"/acme.v1.Orders/Drop", "/acme.v2.Orders/Get", "/acme.v1.Open/Version"} {
		if g.Rule(method) != nil {
			t.Errorf("%s has a rule", method)
		}
	}
	c, err := read(t, "keycloak", token(nil))
	if err != nil {
		t.Fatal(err)
	}
	if e := g.Rule("/acme.v1.Orders/List").Explain(c, at(now)); e.Entry != "acme.v1.Orders.List" {
		t.Errorf("Entry = %q, want the place of the options", e.Entry)
	}
}

// TestOptionsWithoutClients shows that a service whose options let nobody in is warned of.
func TestOptionsWithoutClients(t *testing.T) {
	policy, err := access.New(corporate(), access.MethodOptions{GRPC: "acme.v1.Orders", Method: "Get", Place: "p", Audience: "account"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range policy.Warnings() {
		got = append(got, w.Severity.String()+" "+w.Error())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{`warning p: nobody may call "acme.v1.Orders": its options name no clients`, `warning p.audience: "account" is what Keycloak`} {
		if !strings.Contains(all, want) {
			t.Errorf("warnings:\n%s\nwant %s", all, want)
		}
	}
}

// TestContradictoryOptionsAreRefused shows that a contradiction is an error that names both
// places.
func TestContradictoryOptionsAreRefused(t *testing.T) {
	here := func(change func(*access.MethodOptions)) []access.MethodOptions {
		return []access.MethodOptions{options(change)}
	}
	besides := func(d access.Allow) []access.MethodOptions { return []access.MethodOptions{demandingBesides(d)} }
	named := company()
	named.Services["acme.v1.Orders"] = access.Service{Issuers: []string{"corp"}, GRPC: []string{"acme.v1.Other"}}
	two := company()
	two.Clients["acme"] = access.Client{Issuer: "corp"}
	gold := company()
	for i := range gold.Services["order-status"].Allow {
		gold.Services["order-status"].Allow[i].ACR = []string{"gold"}
	}
	alone := func(o access.MethodOptions) []access.MethodOptions {
		o.GRPC, o.Method, o.Place = "acme.v1.Orders", "Get", "orders.proto:9"
		return []access.MethodOptions{o}
	}
	portal := access.Allow{Clients: []string{"customer-portal"}, NoScopes: true}
	for _, row := range []struct {
		want    string
		matrix  access.Matrix
		options []access.MethodOptions
	}{
		{`services.order-status.audience: the audience is "order-status" here, and "orders" at orders.proto:7`, company(), here(func(o *access.MethodOptions) { o.Audience = "orders" })},
		{`public[1]: acme.orders.v1.OrderStatus/Version is public here, but has demands at orders.proto:7`, company(), here(func(o *access.MethodOptions) { o.Method, o.Demands = "Version", portal })},
		{`orders.proto:7: acme.orders.v1.OrderStatus/GetOrderStatus is public and has demands`, company(), here(func(o *access.MethodOptions) { o.Public, o.Demands = true, portal })},
		{`services.order-status.allow: nobody may call GetOrderStatus: no entry admits a client that orders.proto:7 admits too, which wants client "acme"`, two, besides(access.Allow{Clients: []string{"acme"}})},
		{`which wants acr "silver"`, gold, besides(access.Allow{ACR: []string{"silver"}})},
		{`orders.proto:7: acme.orders.v1.OrderStatus/GetOrderStatus has options at orders.proto:7 already`, company(), append(besides(portal), besides(portal)...)},
		{`orders.proto:7.clients[0]: unknown client "custmer-portal", did you mean "customer-portal"?`, company(), besides(access.Allow{Clients: []string{"custmer-portal"}})},
		{`orders.proto:7.scopes[0]: "a b" is not a scope`, company(), besides(access.Allow{Scopes: []string{"a b"}})},
		{`orders.proto:7.any_scopes[0]: "" is not a scope`, company(), besides(access.Allow{AnyScopes: []string{""}})},
		{`orders.proto:7.roles[0]: " " begins`, company(), besides(access.Allow{Roles: []string{" "}})},
		{`orders.proto:7.clients: both any and a list`, company(), besides(access.Allow{AnyClient: true, Clients: []string{"customer-portal"}})},
		{`orders.proto:7.scopes: both none and a list`, company(), besides(access.Allow{NoScopes: true, AnyScopes: []string{"a"}})},
		{`orders.proto:7: "a/b" is not the name of a method`, company(), here(func(o *access.MethodOptions) { o.Method = "a/b" })},
		{`orders.proto:7: "a b" is not the full name`, corporate(), here(func(o *access.MethodOptions) { o.GRPC = "a b" })},
		{`orders.proto:7.max_auth_age: want more than 0`, company(), besides(access.Allow{MaxAuthAge: -1})},
		{`orders.proto:9: no audience: no service of the matrix has acme.v1.Orders under grpc`, corporate(), alone(access.MethodOptions{Demands: portal})},
		{`orders.proto:9.audience: " " begins or ends`, corporate(), alone(access.MethodOptions{Audience: " ", Demands: portal})},
		{`the audience is "a" here, and "b" at orders.proto:10`, corporate(), append(
			alone(access.MethodOptions{Audience: "a", Demands: portal}),
			access.MethodOptions{GRPC: "acme.v1.Orders", Method: "List", Place: "orders.proto:10", Audience: "b"})},
		{`orders.proto:9: no issuer: name one of "corp" "partner"`, company(), alone(access.MethodOptions{Audience: "a", Demands: portal})},
		{`orders.proto:9.scopes: no scopes`, corporate(), alone(access.MethodOptions{Audience: "a", Demands: access.Allow{AnyClient: true}})},
		{`orders.proto:9.clients: no clients`, corporate(), alone(access.MethodOptions{Audience: "a", Demands: access.Allow{NoScopes: true}})},
		{`services.acme.v1.Orders.grpc: acme.v1.Orders is not among "acme.v1.Other", but has options at orders.proto:9`, named, alone(access.MethodOptions{Audience: "a", Demands: portal})},
	} {
		policy, err := access.New(row.matrix, row.options...)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("New = %v, %v, want an error that says %q", policy, err, row.want)
		}
	}
}

// TestMergeLeavesTheMatrix shows that Merge changes nothing of what it is given.
func TestMergeLeavesTheMatrix(t *testing.T) {
	m := corporate()
	m.Services = map[string]access.Service{}
	o := access.MethodOptions{
		GRPC: "acme.v1.Orders", Method: "Get", Place: "p", Audience: "a",
		Demands: access.Allow{Clients: []string{"customer-portal"}, NoScopes: true},
	}
	if _, err := access.New(m, o); err != nil || len(m.Services) != 0 {
		t.Errorf("Merge: %v, and the matrix has the services %v", err, m.Services)
	}
	if _, err := access.New(access.Matrix{}, o); err == nil {
		t.Error("options make a policy without an issuer")
	}
}

// TestMergeTarget shows that a client asks for the scopes that options demand of
// it.
func TestMergeTarget(t *testing.T) {
	policy, err := access.New(company(),
		demandingBesides(access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.audit"}}),
		access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: "Drop", Demands: access.Allow{Clients: []string{"backoffice-portal"}, Scopes: []string{"orders.drop"}}},
		access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: "WatchOrderStatus", Audience: "order-status"})
	if err != nil {
		t.Fatal(err)
	}
	target, err := policy.Target("customer-portal", "order-status")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(target.Scopes, " "); got != "orders.audit orders.read" {
		t.Errorf("scopes %q", got)
	}
	if got := policy.AddedDemands(); len(got) != 2 || got[0].Method != "Drop" || got[1].Method != "GetOrderStatus" {
		t.Errorf("Options = %+v", got)
	}
}

// TestMergeAge shows that a login which was young enough is asked about again.
func TestMergeAge(t *testing.T) {
	rule := merged(t, company(), demandingBesides(access.Allow{MaxAuthAge: time.Minute})).Rule(getStatus)
	c, err := read(t, "keycloak", token(members{"auth_time": now.Unix()}))
	if err != nil {
		t.Fatal(err)
	}
	for age, want := range map[time.Duration]bool{0: true, 89 * time.Second: true, 90 * time.Second: false, 4 * time.Minute: false} {
		if err := rule.Judge(c, access.Presentation{Time: now.Add(age)}); (err == nil) != want {
			t.Errorf("after %v: %v", age, err)
		}
	}
}
