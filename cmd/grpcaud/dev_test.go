package main_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
	"github.com/grpcaud/grpcaud/testutil"
)

// shopMatrix has a call that its server refuses.
const shopMatrix = `version: 1
issuers:
  corp: {url: 'https://idp.example.com/realms/corp', preset: keycloak, keys_file: nowhere.json}
services:
  orders:
    grpc: [shop.v1.Orders]
    allow:
      - {clients: [portal], methods: [Get, List], scopes: [orders.read]} # a remark
      - {clients: [office], methods: [Delete], scopes: none, roles: [clerk]}
clients:
  portal: {secret: {file: nowhere}}
  office: {private_key_jwt: {file: nowhere}}
`

// TestDevPrintsACallThatIsAdmittedAndOneThatIsRefused runs the lines that dev prints.
func TestDevPrintsACallThatIsAdmittedAndOneThatIsRefused(t *testing.T) {
	for name, row := range map[string]struct{ matrix, refusal string }{
		"by the server":                {shopMatrix, "refused: CLIENT_NOT_ALLOWED"},
		"by the issuer":                {strings.Replace(shopMatrix, "methods: [Delete]", `methods: ["*"]`, 1) + "  other: {}\n", "invalid_target"},
		"opaque":                       {strings.Replace(shopMatrix, "preset: keycloak, keys_file: nowhere.json", "introspection: {client: orders, secret: {env: ORDERS}}", 1), "refused: CLIENT_NOT_ALLOWED"},
		"a preset of its own":          {strings.Replace(shopMatrix, "preset: keycloak", "preset: {types: [none], client: /app/id, scopes: scp, roles: groups, services: [{equal: {sub: '{client}'}}], audiences: granted, ask: resource, exchange: nothing}", 1), "refused: CLIENT_NOT_ALLOWED"},
		"tenants":                      {strings.Replace(shopMatrix, "realms/corp', preset: keycloak, keys_file: nowhere.json", "{tenant}/v2', preset: keycloak, tenants: [t1, t-2]", 1), "refused: CLIENT_NOT_ALLOWED"},
		"asked without authentication": {strings.Replace(shopMatrix, "preset: keycloak, keys_file: nowhere.json", "introspection: {url: https://idp.example.com/admin/introspect, insecure: no_authentication}", 1), "refused: CLIENT_NOT_ALLOWED"},
		"no method has a name":         {strings.NewReplacer("[Get, List]", `["*"]`, "[Delete]", `["*"]`).Replace(shopMatrix) + "  other: {}\n", "invalid_target"},
		"every key of an issuer":       {strings.Replace(shopMatrix, "keys_file: nowhere.json", "jwks: https://idp.example.com/keys, token_url: https://idp.example.com/t, ask: resource, parameters: {a: b}, auth_style: post, token_type: Token, algorithms: [RS256], leeway: 1s, max_lifetime: 10m, max_age: 10m", 1), "refused: CLIENT_NOT_ALLOWED"},
		"several issuers, and an API of others": {
			strings.Replace(shopMatrix, "services:\n  orders:", "  partner: {url: https://login.partner.example, preset: auth0}\nservices:\n  orders:\n    issuers: [corp, partner]", 1) +
				"    issuer: partner\nexternal:\n  parcels: {clients: [portal], issuer: corp, scopes: [parcels.read]}\n",
			"refused: CLIENT_NOT_ALLOWED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			matrix := strings.Replace(row.matrix, "nowhere}}\n    issuer: partner", "nowhere}, issuer: partner}", 1)
			if strings.Contains(matrix, "partner") {
				matrix = strings.Replace(matrix, "portal: {secret", "portal: {issuer: corp, secret", 1)
			}
			d := develop(t, matrix)
			calls := d.commands("call")
			if len(calls) != 2 {
				t.Fatalf("%d calls in\n%s", len(calls), strings.Join(d.page, "\n"))
			}
			addr := d.serveAt(t)
			d.call(t, calls[0], addr).want(t, 0)
			d.call(t, calls[1], addr).want(t, 1, row.refusal)
			if code := d.stop(); code != 0 {
				t.Errorf("exit status = %d when interrupted, want 0\n%s", code, d.log)
			}
		})
	}
}

// TestAdviceAtTheIssuersOfDev shows what is advised if dev refuses a token, does not run any
// more, or was started again; and that nothing is opened which the matrix forbids.
func TestAdviceAtTheIssuersOfDev(t *testing.T) {
	matrix := shopMatrix + "  other: {secret: {file: nowhere}}\n"
	d := develop(t, matrix)
	dev := d.path("access.dev.yaml")
	for _, command := range []string{"token", "call"} {
		args := []string{command, dev, "--as", "other", "--for", "orders", "--anyway"}
		if command == "call" {
			args = append(args, "--addr", "127.0.0.1:1", "--plaintext")
		}
		r := run(t, "", args...)
		r.want(t, 1, "invalid_target", `the matrix does not let client "other" call orders: see services.orders.allow (`+dev+":")
		if strings.Contains(r.stdout, "Keycloak") {
			t.Errorf("advice at the provider in\n%s", r.stdout)
		}
	}
	last := os.Getenv("PORTAL_SECRET")
	t.Setenv("PORTAL_SECRET", last+"x")
	token := []string{"token", dev, "--as", "portal", "--for", "orders"}
	run(t, "", token...).want(t, 1, "invalid_client", "may be of an earlier run", "set the variables that it prints")
	t.Setenv("PORTAL_SECRET", last)
	d.stop()
	run(t, "", token...).want(t, 2, "if that is grpcaud dev, start it")
	run(t, testutil.NewIssuer(d.issuer(t, "corp"), testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"})).Mint(testutil.Claims{"aud": "orders", "azp": "portal", "scope": "orders.read"}),
		"explain", dev, "--service", "orders", "--method", "Get").want(t, 2, "if that is grpcaud dev, start it")
}

// TestDevSaysThatNothingIsOpen shows what dev prints for a matrix as init writes it.
func TestDevSaysThatNothingIsOpen(t *testing.T) {
	d := develop(t, "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {orders: {grpc: [shop.v1.Orders], closed: [Get]}}\n", "--user", "alice", "--user", "bob", "--role", "clerk")
	page := strings.Join(d.page, "\n")
	for _, want := range []string{"# No client may call a service yet: open a method", "# user alice, without roles\n", "# user bob, roles: clerk\n", fmt.Sprintf("kill -HUP %d,", os.Getpid())} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "secrets") {
		t.Errorf("there are no secrets, and the page has a heading for them:\n%s", page)
	}
}

// TestDevSaysThatUsersCall shows what dev prints for a matrix that is for users alone.
func TestDevSaysThatUsersCall(t *testing.T) {
	const forUsers = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {orders: {grpc: [shop.v1.Orders], allow: [{clients: [portal], methods: [Get], scopes: none, callers: users}]}}\nclients: {portal: {}}\n"
	for want, args := range map[string][]string{
		"# Each open method is for users, who log in at a client: begin again with --user.":    nil,
		"# Each open method is for users, who log in at a client: a program of yours, as in d": {"--user", "alice"},
	} {
		if page := strings.Join(develop(t, forUsers, args...).page, "\n"); !strings.Contains(page, want) || strings.Contains(page, "No client may call") {
			t.Errorf("%q: no %q in\n%s", args, want, page)
		}
	}
}

// TestDevSaysThatNoCallIsRefused shows what dev prints if one client may call the only method.
func TestDevSaysThatNoCallIsRefused(t *testing.T) {
	d := develop(t, "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {orders: {grpc: [shop.v1.Orders], allow: [{clients: [portal], methods: [Get], scopes: none}]}}\nclients: {portal: {}}\n")
	if page := strings.Join(d.page, "\n"); len(d.commands("call")) != 1 || !strings.Contains(page, "every client may call every method of orders that the matrix names") {
		t.Errorf("the page is\n%s", page)
	}
}

// TestDevNamesNoMethodThatItDoesNotKnow shows that the page says what stands for a method.
func TestDevNamesNoMethodThatItDoesNotKnow(t *testing.T) {
	d := develop(t, strings.NewReplacer("[Get, List]", `["*"]`, "[Delete]", `["*"]`).Replace(shopMatrix))
	page := strings.Join(d.page, "\n")
	if !strings.Contains(page, "names no method of orders: write one of yours in the place of METHOD") || strings.Contains(page, "No client may call") {
		t.Errorf("the page is\n%s", page)
	}
	refusedDev(t, d.path("access.dev.yaml")).want(t, 2, "name the matrix that it was made from, access.yaml")
}

// TestDevWritesTheSameRules holds what is in the matrix for programs, and what is not.
func TestDevWritesTheSameRules(t *testing.T) {
	t.Setenv("PORTAL_SECRET", "mine") // which is not what the issuer takes
	d := develop(t, shopMatrix)
	if got := os.Getenv("PORTAL_SECRET"); got == "mine" {
		t.Error("the secret is that of the environment")
	}
	text := d.read(t)
	for _, want := range []string{
		"insecure: loopback", "preset: keycloak", "ask: audience", "scopes: [orders.read]} # a remark", "portal: {secret: {env: PORTAL_SECRET}}",
		"url: http://127.0.0.1:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, no := range []string{"nowhere", "idp.example.com", os.Getenv("PORTAL_SECRET")} {
		if strings.Contains(text, no) {
			t.Errorf("%q is in\n%s", no, text)
		}
	}
	run(t, "", "check", d.path("access.dev.yaml")).want(t, 0)
}

// TestDevMergesTheFilesOfTeams shows that included files end up in the one file.
func TestDevMergesTheFilesOfTeams(t *testing.T) {
	d := &development{folder: t.TempDir()}
	write(t, d.path("teams/a.yaml"), "version: 1\nservices:\n  people:\n    grpc: [shop.v1.People]\n    allow: [{clients: [portal], methods: [Get], scopes: none}]\nclients: {night: {secret: {file: night}}}\n")
	write(t, d.path("access.yaml"), "includes: [teams/*.yaml]\n"+shopMatrix)
	d2 := developAt(t, d.path("access.yaml"))
	run(t, "", "check", d.path("access.dev.yaml")).want(t, 0, "night")
	text := d.read(t)
	for _, want := range []string{"shop.v1.People", "night: {secret: {env: NIGHT_SECRET}}"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	d2.stop()
	write(t, d.path("access.yaml"), "includes: ['*.yaml']\n"+shopMatrix)
	write(t, d.path("b.yaml"), "version: 1\n")
	if err := os.Remove(d.path("access.dev.yaml")); err != nil {
		t.Fatal(err)
	}
	write(t, d.path("access.dev.yaml"), "version: 1\n")
	refusedDev(t, d.path("access.yaml")).want(t, 2, "would be one of the files", "--out")
}

// TestDevNeverReplacesWhatWasEdited shows that a file that dev did not write, or that was
// edited, stays.
func TestDevNeverReplacesWhatWasEdited(t *testing.T) {
	d := develop(t, shopMatrix)
	written := d.read(t)
	d.stop()
	for _, edited := range []string{written + "# mine\n", strings.Replace(written, "orders.read", "orders.write", 1), "version: 1\n", ""} {
		write(t, d.path("access.dev.yaml"), edited)
		refusedDev(t, d.path("access.yaml")).want(t, 2, "was edited by hand", "--out")
		if got := d.read(t); got != edited {
			t.Errorf("the edited file has become\n%s", got)
		}
	}
	write(t, d.path("access.dev.yaml"), written)
	again := developAt(t, d.path("access.yaml"))
	if got := d.read(t); got == written || !strings.Contains(got, again.issuer(t, "corp")) {
		t.Errorf("a file as it was written is not written again:\n%s", got)
	}
}

// TestDevFollowsTheMatrix shows that a change is applied, and that a matrix that does not
// load changes nothing.
func TestDevFollowsTheMatrix(t *testing.T) {
	d := develop(t, shopMatrix)
	before := d.read(t)
	write(t, d.path("access.yaml"), strings.Replace(shopMatrix, "clients: [portal]", "clients: [portl]", 1))
	d.log.wait(t, "is not applied, and the last good one stays")
	d.log.wait(t, `unknown client "portl"`)
	if got := d.read(t); got != before {
		t.Errorf("a matrix that does not load has changed\n%s", got)
	}
	write(t, d.path("access.yaml"), shopMatrix+"  newcomer: {}\n")
	d.log.wait(t, "is applied, and")
	for d.lines.Scan() && !strings.HasPrefix(d.lines.Text(), "export NEWCOMER_SECRET=") {
	}
	if got := d.read(t); !strings.Contains(got, "newcomer: {secret: {env: NEWCOMER_SECRET}}") {
		t.Errorf("the new client is not in\n%s", got)
	}
	d.export(t, d.lines.Text())
	d.call(t, d.commands("call")[0], d.serveAt(t)).want(t, 0) // with the secret from before
}

// TestDevLeavesWhatIsEditedMeanwhile shows that a file that is edited while dev runs stays, and
// that the issuers then stay as they are too.
func TestDevLeavesWhatIsEditedMeanwhile(t *testing.T) {
	d := develop(t, shopMatrix)
	keys, edited := d.keys(t), d.read(t)+"# mine\n"
	write(t, d.path("access.dev.yaml"), edited)
	write(t, d.path("access.yaml"), shopMatrix+"  newcomer: {}\n")
	d.log.wait(t, "was edited by hand")
	if got := d.read(t); got != edited || d.keys(t) != keys {
		t.Errorf("the edited file has become\n%s", got)
	}
	d.call(t, d.commands("call")[0], d.serveAt(t)).want(t, 0)
}

// refusedDev runs the command dev, which must end by itself at once.
func refusedDev(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var stdout, stderr buffer
	code := grpcaud.Run(ctx, append([]string{"dev"}, args...), strings.NewReader(""), &stdout, &stderr)
	if ctx.Err() != nil {
		t.Errorf("dev %q runs, and should not\n%s", args, stdout.String())
	}
	return result{code, stdout.String(), stderr.String()}
}

// TestDevRefusesToRun shows what is wrong use.
func TestDevRefusesToRun(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	matrix := file(t, "access.yaml", shopMatrix)
	for name, row := range map[string]struct {
		want string
		args []string
	}{
		"another address":      {"gives tokens to whoever asks", []string{matrix, "--addr", "0.0.0.0:0"}},
		"every address":        {"gives tokens to whoever asks", []string{matrix, "--addr", ":0"}},
		"a name":               {"gives tokens to whoever asks", []string{matrix, "--addr", "idp.example.com:0"}},
		"no port":              {"want a loopback address and a port", []string{matrix, "--addr", "127.0.0.1"}},
		"a port that is used":  {"port 0", []string{matrix, "--addr", taken.Addr().String()}},
		"standard input":       {"name a file", []string{"-"}},
		"no file":              {"no such file", []string{filepath.Join(t.TempDir(), "access.yaml")}},
		"no matrix":            {"want", []string{file(t, "access.yaml", "version: 2\n")}},
		"a short life":         {"want a second or more", []string{matrix, "--expire", "10ms"}},
		"a role of nobody":     {"give the --user before it", []string{matrix, "--role", "clerk"}},
		"a claim of nobody":    {"give the --user before it", []string{matrix, "--claim", "a=b"}},
		"a user like a client": {`grpcaud: user "portal" has the name of a client`, []string{matrix, "--user", "portal"}},
		"another audience":     {`grpcaud: user "alice": the issuer itself writes the claim "aud"`, []string{matrix, "--user", "alice", "--claim", "aud=x"}},
		"half a claim":         {"want name=value", []string{matrix, "--user", "alice", "--claim", "a"}},
		"a user twice":         {"given twice", []string{matrix, "--user", "alice", "--user", "alice"}},
		"no name":              {"want a name", []string{matrix, "--user", ""}},
		"nowhere to write":     {"no such file", []string{matrix, "--out", filepath.Join(t.TempDir(), "no", "access.dev.yaml")}},
	} {
		t.Run(name, func(t *testing.T) { refusedDev(t, row.args...).want(t, 2, row.want) })
	}
}

// TestDevOfManyServices shows that a large matrix is played.
func TestDevOfManyServices(t *testing.T) {
	var text strings.Builder
	text.WriteString("version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices:\n")
	for n := range 500 {
		fmt.Fprintf(&text, "  s%d: {grpc: [shop.v1.S%d], allow: [{clients: [c%d], methods: [Get], scopes: none}]}\n", n, n, n%50)
	}
	text.WriteString("clients:\n")
	for n := range 50 {
		fmt.Fprintf(&text, "  c%d: {}\n", n)
	}
	d := develop(t, text.String())
	if got := len(d.commands("call")); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}
