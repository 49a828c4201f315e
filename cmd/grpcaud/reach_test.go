package main_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestReachGolden(t *testing.T) {
	for _, format := range []string{"table", "html", "json"} {
		r := run(t, "", "reach", company, "--from", "customer-portal", "-o", format)
		r.want(t, 0)
		golden(t, "reach-company-"+format, r.stdout)
	}
}

// TestReachOfTheCompany shows the way of customers to personnel, and that the user may be
// kept or lost on it.
func TestReachOfTheCompany(t *testing.T) {
	r := run(t, "", "reach", company, "--from", "customer-portal", "--to", "human-resource")
	r.want(t, 0, "customer-portal → human-resource/GetEmployee, user kept", "on behalf of the user", "user LOST at order-status",
		"services.human-resource.allow[1] ("+company+":", "This is what can be", "human-resource. Write runs_as there")
	run(t, "", "reach", company, "--from", "customer-portal", "--to", "human-resource/ReviewEmployees").want(t, 1, "there is no way from customer-portal to human-resource/ReviewEmployees")
	run(t, "", "reach", company, "--to", "human-resource/GetEmploye").want(t, 0, `is about "GetEmploye", did you mean "GetEmployee"?`)
}

func TestReachOfUnknownNames(t *testing.T) {
	for _, row := range []struct{ flag, value, want string }{
		{"--from", "customer-porta", `no client "customer-porta" in the file, did you mean "customer-portal"?`},
		{"--from", "\x1b[31m", `no client "\x1b[31m" in the file`},
		{"--to", "human-resources", `no service "human-resources" in the file, did you mean "human-resource"?`},
		{"--to", "acme.hr.v1.HumanResource/GetEmployee", `it is a gRPC service of "human-resource"`},
	} {
		run(t, "", "reach", company, row.flag, row.value).want(t, 2, row.want)
	}
	closed := file(t, "access.yaml", strings.Replace(chain, `["*"]`, "[Read]", 1))
	run(t, "", "reach", closed, "--to", "vault/Rea").want(t, 2, `vault: no method "Rea" in the file, did you mean "Read"?`)
}

// chain is a service that calls on as a client of another name, in a circle, and one that
// calls nobody.
const chain = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  front: {grpc: [a.Front], runs_as: [front-client], allow: [{clients: [web, vault-client], methods: [Open], scopes: none}]}
  vault: {grpc: [a.Vault], runs_as: vault-client, allow: [{clients: [front-client], methods: ["*"], scopes: none, callers: users}]}
  log: {grpc: [a.Log], runs_as: none, allow: [{clients: [front-client], methods: [Write], scopes: none}]}
clients: {web: {}, front-client: {}, vault-client: {}}
`

// TestReachOfACircle shows that services which call each other end the search, and that a
// service which runs as none has no ways on.
func TestReachOfACircle(t *testing.T) {
	r := run(t, chain, "reach", "-", "--from", "web", "-o", "json")
	r.want(t, 0)
	var got struct {
		Reach []struct {
			To, User string
			Calls    []struct{ Service, Client, Token string }
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatal(err)
	}
	ways := ""
	for _, a := range got.Reach {
		ways += a.To + " " + a.User + ";"
	}
	if want := "front kept;front none;log kept;vault kept;log lost;log none;front lost;"; ways != want {
		t.Errorf("ways = %s, want %s", ways, want)
	}
}

// TestReachOfARollout shows what a rollout lets through, and that --enforced shows what is
// left when it has ended: also a longer way, which the rollout makes shorter.
func TestReachOfARollout(t *testing.T) {
	until := time.Now().AddDate(0, 0, 89).UTC().Format(time.DateOnly)
	observed := file(t, "access.yaml", strings.Replace(chain, "log: {", "log: {rollout: [{mode: observe, until: "+until+"}], ", 1))
	run(t, "", "reach", observed, "--from", "vault-client", "--to", "log").want(t, 0, "rules are not enforced", "What can be afterwards is shown by grpcaud reach --enforced.")
	r := run(t, "", "reach", observed, "--from", "web", "--to", "log", "--enforced")
	r.want(t, 0, "front/Open  for a user", "log/Write   as itself, client front-client", "Rollouts are left out")
	if strings.Contains(r.stdout, "rules are not enforced") {
		t.Errorf("--enforced shows what a rollout lets through:\n%s", r.stdout)
	}
	text := "version: 1\nissuers: {corp: {url: \"https://idp.example.com\"}}\nservices: {log: {grpc: [a.Log], rollout: [{mode: observe, until: " + until + "}]}}\nclients: {web: {}}\n"
	alone := file(t, "access.yaml", text)
	run(t, "", "reach", alone).want(t, 0, "web → log/*, user none")
	run(t, "", "reach", alone, "--enforced").want(t, 1, "there is no way from web to any service. Rollouts are left out.")
	run(t, strings.Replace(text, "clients: {web: {}}\n", "", 1), "reach", "-").want(t, 1, "no client can reach any service. Until their ends, rollouts may let calls of clients through that the matrix does not name.")
}

// TestDiffTellsOfReach shows that a comparison says what follows from a change, in each
// format, and that it is a difference.
func TestDiffTellsOfReach(t *testing.T) {
	before, after := file(t, "before.yaml", chain), file(t, "after.yaml", strings.Replace(chain, ", callers: users", "", 1))
	for format, want := range map[string]string{
		"table":    "web now reaches vault/* through front (as itself: the user is lost)",
		"markdown": `- web now reaches vault/\* through front (as itself: the user is lost)`,
		"json":     `"token": "as itself"`,
	} {
		run(t, "", "diff", before, after, "-o", format).want(t, 1, want)
	}
	run(t, "", "diff", after, before).want(t, 1, "web no longer reaches vault/* through front (as itself: the user is lost)")
	run(t, "", "diff", after, after, "-o", "json").want(t, 0, `"changes": []`, `"reach": []`)
}

// TestNeverIsChecked shows that check refuses a file that breaks a statement, with the way
// and its lines.
func TestNeverIsChecked(t *testing.T) {
	path := file(t, "access.yaml", chain+"never:\n  - {from: web, to: vault}\n")
	run(t, "", "check", path).want(t, 2, path+`:9:5: "web" can reach vault/*`, "services.front.allow[0] at "+path+":4", "services.vault.allow[0] at "+path+":5")
	path = file(t, "access.yaml", chain+"never:\n  - {from: web, to: vault, without_user: true}\n")
	run(t, "", "check", path).want(t, 0)
}
