package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// decided is a line about a call of the customer portal that was decided a day ago.
func decided(policy, service, method, decision, entry string) string {
	names := map[string]string{"order-status": "acme.orders.v1.OrderStatus", "human-resource": "acme.hr.v1.HumanResource"}
	return fmt.Sprintf(`{"time":%q,"type":"grpcaud.decision","version":1,"method":"/%s/%s","service":%q,"issuer":"https://idp.example.com/realms/corp","audience":[%q],"client":"customer-portal","client_name":"customer-portal","caller":"user","scopes":["orders.read"],"decision":%q,"mode":"enforce","cause":"CLIENT_NOT_ALLOWED","entry":%q,"policy":%q,"duration_ns":1}`+"\n",
		time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339), names[service], method, service, service, decision, entry, policy)
}

// TestReviewOfTheCompany has a log of the very file: what nobody called is found, with its
// line, its owner and its reason.
func TestReviewOfTheCompany(t *testing.T) {
	policy, err := policyfile.Load(company)
	if err != nil {
		t.Fatal(err)
	}
	log := file(t, "decisions.jsonl", decided(policy.Generation(), "order-status", "GetOrderStatus", "admitted", "services.order-status.allow[0]")+
		decided(policy.Generation(), "human-resource", "GetEmployee", "refused", "services.human-resource.allow[0]"))
	run(t, "", "review", company, log).want(t, 1, "2 records", "written under this version of the file",
		"nobody used services.human-resource.allow[2], in less than two minutes of records of human-resource", company+":53, owner team-people, why: At night",
		"customer-portal never called ListOrders, WatchOrderStatus by services.order-status.allow[0]", "only customer-portal uses services.order-status.allow[0]")
	for format, want := range map[string]string{"json": `"kind": "unused"`, "markdown": "| human-resource/GetEmployee | no scope | At night", "html": `<input type="checkbox"> keep`} {
		run(t, "", "review", company, log, "-o", format).want(t, 1, want)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	run(t, string(text), "review", company, "-", "--since", "12h").want(t, 1, "No records in that time, and 2 records from before", "no records of order-status since ", ": was its log given?")
}

// TestReviewPatchOfTheCommand shows that standard output has the patch alone, that it can be applied
// in the current folder if the file is in it, and that a patched file is narrow.
func TestReviewPatchOfTheCommand(t *testing.T) {
	original, err := os.ReadFile(company)
	if err != nil {
		t.Fatal(err)
	}
	path := file(t, "access.yaml", string(original))
	log := file(t, "decisions.jsonl", decided("another", "order-status", "GetOrderStatus", "admitted", ""))
	r := run(t, "", "review", path, log, "--patch")
	r.want(t, 1, "--- a/access.yaml\n", "-      - clients: [customer-portal, backoffice-portal]\n-        methods: [GetOrderStatus, ListOrders, WatchOrderStatus]\n+      - clients: [customer-portal]\n+        methods: [GetOrderStatus]\n         scopes: [orders.read]\n",
		"grpcaud: not narrowed: services.human-resource: no records of it; was its log given?", "grpcaud: apply the patch in "+filepath.Dir(path), "is not known without --descriptors")
	if !strings.HasPrefix(r.stdout, "--- a/") || strings.Contains(r.stdout, "grpcaud:") {
		t.Errorf("standard output has more than the patch:\n%s", r.stdout)
	}
	t.Chdir(filepath.Dir(filepath.Dir(path)))
	r = run(t, "", "review", path, log, "--patch")
	r.want(t, 1, "--- a/"+filepath.Base(filepath.Dir(path))+"/access.yaml\n")
	if strings.Contains(r.stderr, "apply the patch in") {
		t.Errorf("a file in the current folder is patched elsewhere: %s", r.stderr)
	}
	r = run(t, "", "review", file(t, "access.yaml", chain), log, "--patch")
	r.want(t, 0, "there is nothing to narrow")
	if r.stdout != "" {
		t.Errorf("standard output has %q without a patch", r.stdout)
	}
}

func TestReviewOfWhatCannotBeRead(t *testing.T) {
	log := file(t, "decisions.jsonl", decided("", "order-status", "GetOrderStatus", "admitted", ""))
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{company}, "want the records of decisions: grpcaud review access.yaml decisions.jsonl..."},
		{nil, "want the access matrix"},
		{[]string{company, filepath.Join(t.TempDir(), "none")}, "no such file"},
		{[]string{company, log, "--since", "soon"}, `--since "soon": want how long ago, such as 90d or 12h, or a date`},
		{[]string{"-", log, "--patch"}, "--patch changes the file of the access matrix: name it instead of -"},
		{[]string{company, log, "--patch", "-o", "json"}, "[output patch] were all set"},
		{[]string{company, file(t, "a.log", "listening\n")}, "no record of a decision in"},
		{[]string{log, log}, "unknown key"},
		{[]string{company, log, "--descriptors", log}, "not a FileDescriptorSet"},
	} {
		r := run(t, "", append([]string{"review"}, row.args...)...)
		r.want(t, 2, row.want)
		if r.stdout != "" {
			t.Errorf("%q: standard output has %q", row.args, r.stdout)
		}
	}
}

// TestReviewTellsOfWhatWasSkipped shows that lines which are not read are told, with an example, and
// that a cut-off record makes "unused" unknown.
func TestReviewTellsOfWhatWasSkipped(t *testing.T) {
	line := decided("", "order-status", "GetOrderStatus", "admitted", "")
	log := file(t, "decisions.jsonl", line+"listening\n"+line[:len(line)/2])
	r := run(t, "", "review", company, log)
	r.want(t, 1, "Records may be among what was not read", "Not known, since records may be missing", "no JSON object), first line 2: listening")
	if strings.Contains(r.stdout, "Nobody uses") {
		t.Errorf("an incomplete log shows that something is unused:\n%s", r.stdout)
	}
}
