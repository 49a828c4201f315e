package main_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestUIShowsTheReview shows client by client what it may call and when it last did, the
// findings with their places, and what is known of the records.
func TestUIShowsTheReview(t *testing.T) {
	policy, err := policyfile.Load(company)
	if err != nil {
		t.Fatal(err)
	}
	one := file(t, "one.jsonl", decided(policy.Generation(), "order-status", "GetOrderStatus", "admitted", "services.order-status.allow[0]"))
	two := file(t, "two.jsonl", decided(policy.Generation(), "human-resource", "GetEmployee", "refused", "services.human-resource.allow[0]"))
	b := show(t, company, "--decisions", one, "--decisions", two)
	day := time.Now().Add(-24 * time.Hour).UTC().Format(time.DateOnly)
	page := b.get(t, "/review")
	page.want(t, http.StatusOK, "2 records from "+day, "of which 2 under this very file", `<h2 id="client-1">customer-portal</h2>`, "team-people", "At night",
		`data-label="last used">`+day, "not from "+day, company+":25", `data-kind="unused"`, "nobody used services.human-resource.allow[2]", company+":53", `<a href="review/order-status">`)
	page.lacks(t, "checkbox", "<style")
	wellFormed(t, page.text)

	page = b.get(t, "/review/customer-portal")
	page.want(t, http.StatusOK, `<a href="../review/customer-portal" aria-current="true">`, "customer-portal never called ListOrders", `data-label="last used">`+day)
	page.lacks(t, "nobody used services.human-resource.allow[2]", ">backoffice-portal</h2>")
	wellFormed(t, page.text)
	b.get(t, "/review/nobody").want(t, http.StatusNotFound, "no client")
	b.get(t, "/review/%3Cb%3E%1b").want(t, http.StatusNotFound, `no client &#34;&lt;b&gt;\x1b&#34;`)
	b.send(t, b.request(t, http.MethodPost, "/review", "")).want(t, http.StatusMethodNotAllowed)
}

// TestUIReviewNeverCallsAcrossAGap shows the gaps, and that what has no record is then not known.
func TestUIReviewNeverCallsAcrossAGap(t *testing.T) {
	log := decided("another", "order-status", "GetOrderStatus", "admitted", "") +
		`{"time":"2026-11-02T00:00:00Z","type":"grpcaud.gap","version":1,"records":7,"first":"2026-11-01T00:00:00Z","last":"2026-11-02T00:00:00Z","reason":"full"}` + "\n"
	page := show(t, company, "--decisions", file(t, "decisions.jsonl", log)).get(t, "/review")
	page.want(t, http.StatusOK, "Missing are 7 records between 2026-11-01T00:00:00Z and 2026-11-02T00:00:00Z", "Records may be missing", "not known: records may be missing")
	page.lacks(t, `data-kind="unused"`, `data-kind="never_called"`)
}

// TestUIReviewFollowsTheFile shows that the records are judged again by a new version.
func TestUIReviewFollowsTheFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(company)
	if err != nil {
		t.Fatal(err)
	}
	path := file(t, "access.yaml", string(text))
	b := show(t, path, "--decisions", file(t, "decisions.jsonl", decided("another", "order-status", "GetOrderStatus", "admitted", "")))
	changes := b.changes(t)
	<-changes
	before := b.get(t, "/review")
	before.want(t, http.StatusOK, "customer-portal never called ListOrders, WatchOrderStatus")
	before.lacks(t, `data-kind="would_break"`)
	write(t, path, strings.Replace(string(text), "clients: [customer-portal, backoffice-portal]\n        methods: [GetOrderStatus, ListOrders, WatchOrderStatus]", "clients: [backoffice-portal]\n        methods: [GetOrderStatus, ListOrders, WatchOrderStatus]", 1))
	<-changes
	after := b.get(t, "/review")
	after.want(t, http.StatusOK, `data-kind="would_break"`, "1 record from")
	after.lacks(t, "customer-portal never called")
}

// TestUIReviewOfALargeMatrix shows findings, and what clients may call on a page for each.
func TestUIReviewOfALargeMatrix(t *testing.T) {
	path := file(t, "access.yaml", large(300, 60))
	log := strings.NewReplacer("customer-portal", "client-1", "order-status", "service-1").Replace(decided("another", "order-status", "GetOrderStatus", "admitted", ""))
	b := show(t, path, "--decisions", file(t, "decisions.jsonl", log))
	page := b.get(t, "/review")
	page.want(t, http.StatusOK, "too much for one page: choose a client", `<a href="review/client-1">`)
	page.lacks(t, `<h2 id="client-`)
	b.get(t, "/review/client-1").want(t, http.StatusOK, `<h2 id="client-0">client-1</h2>`)
}

// TestUIReviewNeedsRecords shows how to give them, and what is wrong with what was given.
func TestUIReviewNeedsRecords(t *testing.T) {
	path := file(t, "my access.yaml", withoutReview)
	b := show(t, path)
	b.get(t, "/review").want(t, http.StatusOK, "A review needs records of decisions", "grpcaud ui &#39;"+path+"&#39; --decisions decisions.jsonl")
	b.get(t, "/review/order-status").want(t, http.StatusOK, "A review needs records of decisions")
	for want, args := range map[string][]string{
		"no record of a decision in":                 {"--decisions", file(t, "empty.jsonl", "no record\n")},
		"missing.jsonl":                              {"--decisions", "missing.jsonl"},
		"name the records with --decisions":          {"--since", "90d"},
		`--since "soon": want how long ago, such as`: {"--since", "soon", "--decisions", path},
	} {
		run(t, "", append([]string{"ui", path}, args...)...).want(t, 2, want)
	}
	text := decided("another", "order-status", "GetOrderStatus", "admitted", "")
	b = show(t, company, "--since", "12h", "--decisions", file(t, "decisions.jsonl", text))
	b.get(t, "/review").want(t, http.StatusOK, "No records in that time, and 1 record from before")
}
