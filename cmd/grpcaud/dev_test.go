package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
	"github.com/grpcaud/grpcaud/testutil"
)

// development is a command dev that runs.
type development struct {
	folder string   // where the matrix is
	page   []string // the lines that it printed
	lines  *bufio.Scanner
	log    *growing
	stop   func() int // ends it, and returns its exit status
}

// develop runs the command dev for a matrix, until the test ends. The secrets that it prints
// are in the environment of the test.
func develop(t *testing.T, matrix string, args ...string) *development {
	t.Helper()
	return developAt(t, file(t, "access.yaml", matrix), args...)
}

// developAt runs the command dev for the matrix at path.
func developAt(t *testing.T, path string, args ...string) *development {
	t.Helper()
	d := &development{folder: filepath.Dir(path), log: &growing{grown: make(chan struct{})}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- grpcaud.Run(ctx, append([]string{"dev", path}, args...), strings.NewReader(""), out, d.log)
		out.Close()
	}()
	d.lines = bufio.NewScanner(in)
	d.stop = sync.OnceValue(func() int {
		cancel()
		in.Close()
		return <-ended
	})
	t.Cleanup(func() { d.stop() })
	for d.lines.Scan() {
		d.page = append(d.page, d.lines.Text())
		d.export(t, d.lines.Text())
		if strings.HasSuffix(d.lines.Text(), "Interrupt to end.") {
			return d
		}
	}
	t.Fatalf("dev ends with %d\n%s", d.stop(), d.log)
	return nil
}

// growing is a text that one writes and another waits for.
type growing struct {
	mu    sync.Mutex // guards the fields below
	text  string
	grown chan struct{} // closed when text has grown
}

// Write implements [io.Writer].
func (g *growing) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.text += string(p)
	close(g.grown)
	g.grown = make(chan struct{})
	return len(p), nil
}

// String returns what was written so far.
func (g *growing) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text
}

// wait returns when the text has want in it.
func (g *growing) wait(t *testing.T, want string) {
	t.Helper()
	for tooLate := time.After(30 * time.Second); ; {
		g.mu.Lock()
		text, grown := g.text, g.grown
		g.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		select {
		case <-grown:
		case <-tooLate:
			t.Fatalf("no %q in\n%s", want, text)
		}
	}
}

func (d *development) path(name string) string { return filepath.Join(d.folder, name) }

// export does what a shell does with a line.
func (d *development) export(t *testing.T, line string) {
	t.Helper()
	name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	if strings.HasPrefix(line, "export ") && ok {
		t.Setenv(name, value)
	}
}

// commands returns the lines that run a command of the program.
func (d *development) commands(command string) [][]string {
	var all [][]string
	for _, line := range d.page {
		if rest, ok := strings.CutPrefix(line, "grpcaud "+command+" "); ok {
			all = append(all, append([]string{command}, strings.Fields(rest)...))
		}
	}
	return all
}

// read returns the matrix that was written.
func (d *development) read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(d.path("access.dev.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// issuer returns the URL of an issuer.
func (d *development) issuer(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^# issuer ` + name + `: (\S+)$`).FindStringSubmatch(strings.Join(d.page, "\n"))
	if found == nil {
		t.Fatalf("no issuer %s in\n%s", name, strings.Join(d.page, "\n"))
	}
	return found[1]
}

// serveAt runs the command serve that dev printed, on a free port, and returns its address.
func (d *development) serveAt(t *testing.T) string {
	t.Helper()
	args := d.commands("serve")[0]
	args[slices.Index(args, "--addr")+1] = "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- grpcaud.Run(ctx, args, strings.NewReader(""), out, &buffer{})
		out.Close()
	}()
	t.Cleanup(func() {
		cancel()
		in.Close()
		<-ended
	})
	ready, err := bufio.NewReader(in).ReadString('\n')
	found := regexp.MustCompile(`"addr":"([^"]+)"`).FindStringSubmatch(ready)
	if err != nil || found == nil {
		t.Fatalf("serve: %q, %v", ready, err)
	}
	return found[1]
}

// call runs a command call that dev printed, against a server.
func (d *development) call(t *testing.T, args []string, addr string) result {
	t.Helper()
	args = slices.Clone(args)
	args[slices.Index(args, "--addr")+1] = addr
	return run(t, "", args...)
}

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
	run(t, "", token...).want(t, 1, "invalid_client", "may be of an earlier run of grpcaud dev", "set the variables that it prints")
	t.Setenv("PORTAL_SECRET", last)
	d.stop()
	run(t, "", token...).want(t, 2, "is grpcaud dev running")
	run(t, testutil.NewIssuer(d.issuer(t, "corp"), testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"})).Mint(testutil.Claims{"aud": "orders", "azp": "portal", "scope": "orders.read"}),
		"explain", dev, "--service", "orders", "--method", "Get").want(t, 2, "is grpcaud dev running")
}

// TestDevSaysThatNothingIsOpen shows what dev prints for a matrix as init writes it.
func TestDevSaysThatNothingIsOpen(t *testing.T) {
	d := develop(t, "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {orders: {grpc: [shop.v1.Orders], closed: [Get]}}\n", "--user", "alice", "--user", "bob", "--role", "clerk")
	page := strings.Join(d.page, "\n")
	for _, want := range []string{"# No client may call a service as itself yet", "# user alice, without roles\n", "# user bob, roles: clerk\n", fmt.Sprintf("kill -HUP %d,", os.Getpid())} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "secrets") {
		t.Errorf("there are no secrets, and the page has a heading for them:\n%s", page)
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

// TestDevLogsUsersIn follows a login in a browser, and the call with the user's token.
func TestDevLogsUsersIn(t *testing.T) {
	d := develop(t, strings.Replace(shopMatrix, "scopes: [orders.read]}", "scopes: [orders.read], callers: users, roles: [clerk]}", 1), "--user", "bob", "--user", "alice", "--role", "clerk", "--claim", "department=hr", "--expire", "1m")
	at := d.issuer(t, "corp")
	query := url.Values{
		"response_type": {"code"}, "client_id": {"portal"}, "redirect_uri": {"http://127.0.0.1:1/back"}, "audience": {"orders"}, "scope": {"orders.read"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, // RFC 7636, appendix B
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	defer browser.CloseIdleConnections()
	page, err := browser.PostForm(at+"/authorize?"+query.Encode(), url.Values{"user": {"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := url.Parse(page.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("the client gets %q, %v", back, err)
	}
	response, err := browser.PostForm(at+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"portal"}, "code": back.Query()["code"], "redirect_uri": query["redirect_uri"],
		"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"expires_in":60`) {
		t.Fatalf("%v, %s", err, body)
	}
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(string(body))[1]
	run(t, token, "explain", d.path("access.dev.yaml"), "--service", "orders", "--method", "Get").want(t, 0, "admitted", "alice", "clerk")
}

// TestDevGivesCertificates shows that a client of mutual TLS has a certificate, and that the
// files end with the command.
func TestDevGivesCertificates(t *testing.T) {
	d := develop(t, strings.Replace(shopMatrix, "portal: {secret: {file: nowhere}}", "portal: {mtls: {cert: nowhere, key: nowhere}}", 1))
	text := d.read(t)
	files := regexp.MustCompile(`mtls: \{cert: (\S+), key: (\S+)\}`).FindStringSubmatch(text)
	if files == nil {
		t.Fatalf("no certificate in\n%s", text)
	}
	addr := d.serveAt(t)
	for _, args := range d.commands("call") {
		if slices.Contains(args, "portal") && slices.Contains(args, "Get") {
			d.call(t, args, addr).want(t, 0)
		}
	}
	run(t, "", "token", d.path("access.dev.yaml"), "--as", "portal", "--for", "orders", "--issuer-ca", filepath.Join(filepath.Dir(files[1]), "ca.pem")).want(t, 0, "admitted")
	d.stop()
	if _, err := os.Stat(filepath.Dir(files[1])); !os.IsNotExist(err) {
		t.Errorf("the certificates are still there: %v", err)
	}
}

// keys returns the published keys of the issuer corp.
func (d *development) keys(t *testing.T) string {
	t.Helper()
	response, err := http.Get(d.issuer(t, "corp") + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestDevRotatesKeys shows that tokens of new keys are admitted, by a server that knows the
// old ones.
func TestDevRotatesKeys(t *testing.T) {
	d := develop(t, shopMatrix)
	before := d.keys(t)
	address := strings.TrimSuffix(d.issuer(t, "corp"), "/corp") + "/rotate"
	response, err := http.Post(address, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if after := d.keys(t); response.StatusCode != http.StatusNoContent || after == before {
		t.Errorf("%s: the keys are still\n%s", response.Status, after)
	}
	for name, change := range map[string]func(*http.Request){
		"another site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another name": func(r *http.Request) { r.Host = "evil.example:80" },
		"no host":      func(r *http.Request) { r.Host = "evil.example" },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s: %s, want a refusal", name, response.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
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
