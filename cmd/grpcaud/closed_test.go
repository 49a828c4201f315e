package main_test

import (
	"strings"
	"testing"

	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// withoutReview is a matrix of a service in which nobody may call one method.
const withoutReview = `version: 1
issuers: {corp: {url: https://idp.example.com, preset: keycloak}}
services:
  people:
    grpc: [acme.hr.v1.HumanResource]
    allow:
      - {clients: [a], methods: ["*"], scopes: none}
      - {clients: [b], methods: [GetEmployee], scopes: none}
    closed: [ReviewEmployees]
clients: {a: {}, b: {}}
`

// TestClosedMethodsAreShown shows that each format names the methods that nobody may call.
func TestClosedMethodsAreShown(t *testing.T) {
	closed := file(t, "access.yaml", withoutReview)
	for format, wants := range map[string][]string{
		"table":    {"nobody may call ReviewEmployees", "all methods but ReviewEmployees"},
		"markdown": {"* nobody may call ReviewEmployees", "| client | GetEmployee | ReviewEmployees | all other methods |", "| a | no scope | — | no scope |"},
		"mermaid":  {"all methods but ReviewEmployees: no scope"},
		"dot":      {"all methods but ReviewEmployees: no scope"},
		"html":     {"nobody may call ReviewEmployees", "<span>ReviewEmployees</span>"},
		"json":     {`"closed": [`},
	} {
		run(t, "", "matrix", closed, "-o", format).want(t, 0, wants...)
	}
	two := file(t, "two.yaml", strings.Replace(withoutReview, "services:", "services:\n  z: {grpc: [z.Z], allow: [{clients: [b], methods: [M], scopes: none}]}", 1))
	if r := run(t, "", "matrix", two, "-o", "html"); !strings.Contains(r.stdout, "Overview</h2>") || strings.Contains(r.stdout, `>● </span>`) {
		t.Errorf("an overview in which a client may call all of a service that closes a method:\n%s", r.stdout)
	}
}

// TestClosingAMethodIsALoss shows that whoever could call a method loses it when it is closed,
// and gains it when it is opened.
func TestClosingAMethodIsALoss(t *testing.T) {
	open := file(t, "open.yaml", strings.Replace(withoutReview, "    closed: [ReviewEmployees]\n", "", 1))
	closed := file(t, "closed.yaml", withoutReview)
	run(t, "", "diff", open, closed, "-o", "markdown").want(t, 1, "| loses | services.people | a | ReviewEmployees | no scope |")
	if r := run(t, "", "diff", open, closed, "-o", "json"); strings.Contains(r.stdout, "changed") {
		t.Errorf("told twice:\n%s", r.stdout)
	}
	run(t, "", "diff", closed, open, "-o", "markdown").want(t, 1, "| gains | services.people | a | ReviewEmployees |")
}

// TestExportsKeepMethodsClosed shows that "*" does not open closed methods at proxies.
func TestExportsKeepMethodsClosed(t *testing.T) {
	closed := file(t, "access.yaml", withoutReview)
	run(t, "", "export", closed, "--to", "istio").want(t, 0, "notPaths:\n              - /acme.hr.v1.HumanResource/ReviewEmployees")
	keyed := file(t, "access.yaml", strings.Replace(withoutReview, "preset: keycloak", "preset: keycloak, jwks: 'https://idp.example.com/keys'", 1))
	run(t, "", "export", keyed, "--to", "envoy").want(t, 0, "not_rule:", "exact: /acme.hr.v1.HumanResource/ReviewEmployees")
}

// TestClosedMethodsMustExist shows that a closed method needs no rule, but must exist.
func TestClosedMethodsMustExist(t *testing.T) {
	set := descriptors(t, hrv1.File_acme_hr_v1_human_resource_proto)
	all := strings.Replace(withoutReview, `["*"]`, "[ListEmployees]", 1)
	check := func(text string) result {
		return run(t, "", "check", file(t, "access.yaml", text), "--descriptors", set)
	}
	if r := check(all); strings.Contains(r.stdout+r.stderr, "ReviewEmployees") {
		t.Errorf("a closed method is complained of: %s%s", r.stdout, r.stderr)
	}
	check(strings.Replace(all, "    closed: [ReviewEmployees]\n", "", 1)).want(t, 1, "ReviewEmployees has no rule: name it under methods of an entry, or under closed")
	check(strings.Replace(all, "[ReviewEmployees]", "[ReviewEmployees, ReviewEmployes]", 1)).want(t, 1, `access.yaml:9:31`, `has no method "ReviewEmployes", did you mean "ReviewEmployees"?`)
}
