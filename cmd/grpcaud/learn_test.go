package main_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// observedCall returns a line about a call that was let through, with changes; nil leaves a
// key out.
func observedCall(changes map[string]any) string {
	r := map[string]any{
		"time": "2026-11-29T12:00:00Z", "type": "grpcaud.decision", "version": 1, "method": "/acme.orders.v1.OrderStatus/GetOrderStatus",
		"service": "order-status", "issuer": "https://idp.example.com/realms/corp", "preset": "keycloak", "audience": []string{"order-status", "account"},
		"client": "customer-portal", "caller": "user", "scopes": []string{"orders.read", "profile"}, "peer": "10.0.0.7:4312",
		"decision": "would_refuse", "mode": "observe", "reason": "NO_POLICY", "cause": "METHOD_WITHOUT_RULE", "duration_ns": 7311,
	}
	maps.Copy(r, changes)
	maps.DeleteFunc(r, func(_ string, v any) bool { return v == nil })
	line, err := json.Marshal(r)
	if err != nil {
		panic(err) // JSON has no form for a change
	}
	return string(line) + "\n"
}

type changes = map[string]any

// observedLog is what servers record that have a matrix which only names services.
var observedLog = strings.Join([]string{
	observedCall(nil),
	observedCall(changes{"time": "2026-11-30T00:00:00Z", "scopes": []string{"orders.read"}}),
	observedCall(changes{"client": "backoffice-portal", "scopes": []string{"orders.read"}, "decision": "admitted", "reason": nil, "cause": nil}),
	observedCall(changes{"client": "backoffice-portal", "method": "/acme.orders.v1.OrderStatus/UpdateOrderStatus", "scopes": []string{"orders.write"}, "cause": "CLIENT_NOT_ALLOWED"}),
	observedCall(changes{"client": "Night Worker", "caller": "service", "scopes": nil, "service": "human-resource", "audience": []string{"hr", "account"}, "method": "/acme.hr.v1.HumanResource/GetEmployee"}),
	observedCall(changes{"client": "customer-portal", "issuer": "https://login.partner.example", "preset": "rfc9068"}),
	"listening on :8080\n",
	observedCall(changes{"decision": "refused", "mode": "enforce", "cause": "CLIENT_NOT_ALLOWED", "client": "newsletter"}),
	observedCall(changes{"cause": "AUDIENCE_MISMATCH", "client": "newsletter"}),
	observedCall(changes{"cause": "EXPIRED"}),
	observedCall(changes{"cause": "REVOKED", "client": "stolen"}),
	observedCall(changes{"cause": "CREDENTIALS_MISSING", "caller": "none", "issuer": nil, "client": nil}),
	observedCall(changes{"client": nil}),
	observedCall(changes{"service": nil, "caller": "none", "decision": "admitted", "method": "/grpc.health.v1.Health/Check"}),
	observedCall(changes{"decision": "ended", "stream": true, "cause": "EXPIRED_MIDSTREAM", "client": "only-ended"}),
	`{"time":"2026-11-29T12:00:07Z","type":"grpcaud.gap","version":1,"records":4,"first":"2026-11-29T12:00:01Z","last":"2026-11-29T12:00:06Z","reason":"full"}` + "\n",
}, "")

func TestLearnGolden(t *testing.T) {
	path := file(t, "decisions.jsonl", observedLog)
	set := descriptors(t, ordersv1.File_acme_orders_v1_order_status_proto, hrv1.File_acme_hr_v1_human_resource_proto)
	r := run(t, "", "learn", "--descriptors", set, path)
	r.want(t, 0)
	golden(t, "learn", r.stdout)
	golden(t, "learn-stderr", strings.ReplaceAll(r.stderr, path, "decisions.jsonl"))
	run(t, r.stdout, "check", "-", "--descriptors", set).want(t, 0, "0 mistakes, 0 warnings")
	run(t, r.stdout, "check", "-", "--strict").want(t, 1, "2 warnings", "no owner")
}

// TestLearnReadsPartsAlike shows that one log in several files, compressed or on standard
// input, is learnt as in one.
func TestLearnReadsPartsAlike(t *testing.T) {
	whole := run(t, observedLog, "learn", "-")
	whole.want(t, 0)
	cut := strings.Index(observedLog, "\n") + 1
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, observedLog[cut:])
	_ = w.Close()
	parts := run(t, observedLog[:cut], "learn", file(t, "b.jsonl.gz", zipped.String()), "-")
	parts.want(t, 0)
	if parts.stdout != whole.stdout {
		t.Errorf("in parts:\n%s\nas a whole:\n%s", parts.stdout, whole.stdout)
	}
}

// observeBase is a matrix that only names services, with what a log does not tell.
const observeBase = `# The matrix of the company.
version: 1
issuers:
  corp: {url: https://idp.example.com/realms/corp, preset: keycloak, keys_file: /etc/keys.json} # its realm
  partner: {url: https://login.partner.example}
services:
  order-status: # of team orders
    runs_as: none
    issuers: [corp, partner]
    owner: team-orders
    grpc: [acme.orders.v1.OrderStatus]
    http: {operations: {GetOrderStatus: "GET /v1/orders/{id}", ListOrders: GET /v1/orders}}
    closed: [WatchOrderStatus]
    rollout: [{mode: observe, until: UNTIL}]
    allow:
      - {clients: [front], methods: [GetOrderStatus, ListOrders], scopes: none, roles: [clerk]}
  human-resource: {issuer: corp, audience: hr, grpc: [acme.hr.v1.HumanResource], runs_as: none}
  vault: {issuer: corp, runs_as: none, grpc: [acme.vault.v1.Vault], allow: [{clients: [front], methods: [Open], scopes: none}]}
clients:
  front: {id: customer-portal, issuer: corp, secret: {env: FRONT_SECRET}} # the customers'
public: [grpc.health.v1.Health]
`

func TestLearnKeepsTheBase(t *testing.T) {
	base := file(t, "observe.yaml", strings.Replace(observeBase, "UNTIL", time.Now().AddDate(0, 0, 30).Format(time.DateOnly), 1))
	log := observedLog + observedCall(changes{"method": "order-status/ListOrders", "scopes": []string{"orders.read"}}) + observedCall(changes{"method": "/acme.orders.v1.OrderStatus/WatchOrderStatus"}) +
		observedCall(changes{"issuer": "https://other.example"}) + observedCall(changes{"service": "unknown"}) + observedCall(changes{"client": "x", "audience": []string{"orders"}}) +
		observedCall(changes{"method": "order-status/Unknown"})
	r := run(t, log, "learn", "--base", base, "-")
	r.want(t, 0,
		"# The matrix of the company.", "# its realm", "keys_file: /etc/keys.json", "# of team orders", "owner: team-orders", "{env: FRONT_SECRET}", "# the customers'", "runs_as: none",
		"mode: observe", "public: [grpc.health.v1.Health]", "closed: [WatchOrderStatus]", "audience: hr", "night-worker: {id: Night Worker, issuer: corp}",
		"clients: [front]\n        methods: [GetOrderStatus, ListOrders]\n        scopes: [orders.read]", "customer-portal: {issuer: partner}",
		"allow: [{clients: [front], methods: [Open], scopes: none}]")
	for _, want := range []string{
		"the base closes the method", "the base has no such issuer", "the base has no such service", "the base gives the service another audience", "came over HTTP",
		`service "vault": no calls of it were learnt, and its entries are left as they are`, `service "order-status": in the base, allow[0] has roles; the learnt entries say nothing of it`,
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("standard error lacks %q:\n%s", want, r.stderr)
		}
	}
	run(t, r.stdout, "check", "-").want(t, 0, "0 mistakes")
}

func TestLearnRefuses(t *testing.T) {
	folder := t.TempDir()
	path := file(t, "d.jsonl", observedLog)
	for name, row := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"no file":              {"", nil, "want files with records of decisions"},
		"a folder":             {"", []string{folder}, "is a folder: name the files in it"},
		"nothing":              {"", []string{"-"}, "no record of a decision in standard input"},
		"another log":          {"listening\n", []string{"-"}, "no record of a decision in standard input"},
		"only refusals":        {observedCall(changes{"decision": "refused", "mode": "enforce"}), []string{"-"}, "no call in it that can be learnt"},
		"twice":                {"", []string{path, path}, "are the same file"},
		"no such file":         {"", []string{filepath.Join(folder, "none")}, "no such file"},
		"a base that is wrong": {"", []string{"--base", file(t, "b.yaml", "version: 2\n"), path}, "want version 1"},
		"a base with parts":    {"", []string{"--base", file(t, "b.yaml", "version: 1\nincludes: [x.yaml]\nissuers: {corp: {url: https://idp.example.com}}\nservices: {a: {grpc: [a.B], allow: [{clients: [c], methods: [M], scopes: none}]}}\nclients: {c: {}}\n"), path}, "the base is one file"},
		"both are stdin":       {observedLog, []string{"--base", "-", "-"}, "standard input can be read once"},
		"no preset":            {observedCall(changes{"preset": nil}), []string{"-"}, "no call in it that can be learnt"},
	} {
		r := run(t, row.stdin, append([]string{"learn"}, row.args...)...)
		if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, row.want) {
			t.Errorf("%s: exit status %d, standard output %q, standard error %q, want %q", name, r.code, r.stdout, r.stderr, row.want)
		}
	}
}

// TestLearnTellsOfAClockThatIsWrong has a record of next year.
func TestLearnTellsOfAClockThatIsWrong(t *testing.T) {
	later := time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)
	r := run(t, observedCall(changes{"time": later}), "learn", "-")
	if want := "the last record is of " + later + ", which is in the future"; r.code != 0 || !strings.Contains(r.stderr, want) {
		t.Errorf("exit status %d, standard error %q, want %q", r.code, r.stderr, want)
	}
	if r := run(t, observedCall(changes{"time": time.Now().UTC().Format(time.RFC3339)}), "learn", "-"); r.code != 0 || r.stderr != "" {
		t.Errorf("exit status %d, standard error %q of a good clock", r.code, r.stderr)
	}
}

// TestLearnBreaksNoNever shows that what was seen does not overrule a statement of the base.
func TestLearnBreaksNoNever(t *testing.T) {
	base := file(t, "b.yaml", strings.Replace(observeBase, "    rollout: [{mode: observe, until: UNTIL}]\n", "", 1)+"never: [{from: front, to: order-status, methods: [UpdateOrderStatus]}]\n")
	r := run(t, observedLog+observedCall(changes{"method": "/acme.orders.v1.OrderStatus/UpdateOrderStatus"}), "learn", "--base", base, "-")
	if r.code != 2 || r.stdout != "" || !strings.Contains(r.stderr, "can reach order-status/UpdateOrderStatus") || !strings.Contains(r.stderr, "no file is written") {
		t.Errorf("exit status %d, standard output %q, standard error %q, want that never is broken", r.code, r.stdout, r.stderr)
	}
}

// TestLearnFromHostileNames shows that names which callers chose come out escaped, and that
// the file loads.
func TestLearnFromHostileNames(t *testing.T) {
	var log strings.Builder
	for i, name := range []string{"\"\n allow: ", "*", "<<", "~", "true", "1e3", "null", "a\u202eb", "\x1b[2J", "</script>", strings.Repeat("x", 300), "any", "none", "-", "#", "& a", "!!binary x", "Ünïcode", "\ufeff", "a\u0085b", "{{.}}", "- a", "?"} {
		log.WriteString(observedCall(changes{"client": name}))
		log.WriteString(observedCall(changes{"client": "c" + strconv.Itoa(i), "scopes": []string{name, "a"}}))
		log.WriteString(observedCall(changes{"service": name, "audience": []string{name}}))
		log.WriteString(observedCall(changes{"method": name}))
		log.WriteString(observedCall(changes{"cause": name, "client": name}))
		log.WriteString(observedCall(changes{"client_name": name, "client": "named-" + strconv.Itoa(i)}))
	}
	r := run(t, log.String(), "learn", "-")
	r.want(t, 0, "{id: any}", `"true": {}`)
	for _, text := range []string{r.stdout, r.stderr} {
		if strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && !strconv.IsPrint(c) }) {
			t.Errorf("characters that do not print: %q", text)
		}
	}
	run(t, r.stdout, "check", "-").want(t, 0, "0 mistakes")
}

func TestLearnEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, writer := io.Pipe()
	defer writer.Close()
	time.AfterFunc(time.Millisecond, cancel)
	var stdout, stderr bytes.Buffer
	if code := grpcaud.Run(ctx, []string{"learn", "-"}, in, &stdout, &stderr); code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit status %d, %q, %q, want that it was interrupted", code, stdout.String(), stderr.String())
	}
}

// FuzzLearn gives learn any log. It writes nothing, or a file that loads.
func FuzzLearn(f *testing.F) {
	for _, seed := range []string{observedLog, "", "{", observedCall(changes{"client": "\u202e", "scopes": []string{"\"", "a"}}), strings.Replace(observedLog, "https", "http", 3)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		r := run(t, string(log), "learn", "-")
		if strings.ContainsFunc(r.stdout+r.stderr, func(c rune) bool { return c != '\n' && !strconv.IsPrint(c) }) {
			t.Errorf("learn writes characters that do not print: %q", r.stdout+r.stderr)
		}
		if r.code != 0 && r.stdout != "" {
			t.Errorf("exit status %d, and the file %q", r.code, r.stdout)
		}
		if r.code == 0 {
			run(t, r.stdout, "check", "-").want(t, 0)
		}
	})
}

// TestLearnAndReviewOfManyRecords learns from GRPCAUD_RECORDS records, and reviews what it has
// learnt, for measurements.
func TestLearnAndReviewOfManyRecords(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("GRPCAUD_RECORDS"))
	if err != nil {
		t.Skip("GRPCAUD_RECORDS is not set")
	}
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	disk, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(disk)
	template := strings.Split(observedCall(changes{"client": "CLIENT", "method": "/acme.v1.@S/@M", "service": "@S", "audience": []string{"@S"}, "request_id": "@I", "token": "7a7313ca4434fe13"}), "CLIENT")
	for i := range n {
		service := "s" + strconv.Itoa(i%1000)
		line := strings.NewReplacer("@S", service, "@M", "Method"+strconv.Itoa(i/1000%5), "@I", strconv.Itoa(i))
		fmt.Fprint(out, line.Replace(template[0]), "client-", i%2000, line.Replace(template[1]))
	}
	if err := errors.Join(out.Flush(), disk.Close()); err != nil {
		t.Fatal(err)
	}
	learnt := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(learnt, timed(t, n, "learn", path), 0o600); err != nil {
		t.Fatal(err)
	}
	timed(t, n, "review", learnt, path, "-o", "json")
	timed(t, n, "review", learnt, path, "--patch")
}

// timed runs a command over n records, and says how long it takes.
func timed(t *testing.T, n int, args ...string) []byte {
	t.Helper()
	began := time.Now()
	var stdout, stderr bytes.Buffer
	if code := grpcaud.Run(t.Context(), args, nil, &stdout, &stderr); code != 0 && args[0] == "learn" || code > 1 {
		t.Fatalf("%s: exit status %d, %.1000s", args[0], code, stderr.String())
	}
	t.Logf("%s: %d records in %v, %d KiB", strings.Join(args, " "), n, time.Since(began).Round(time.Second/10), stdout.Len()>>10)
	return stdout.Bytes()
}
