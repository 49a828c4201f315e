package policyfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

const purposeHead = `version: 1
includes: [teams/*.yaml]
issuers: {corp: {url: https://idp.example.com}}
clients:
  portal: {why: The web page of customers., owner: team-web, review_by: 2027-01-31}
external:
  parcels: {clients: [portal], why: Customers ask., owner: team-web, review_by: "2027-02-28"}
`

const purposeTeam = `version: 1
services:
  orders:
    grpc: [acme.Orders]
    why: >
      Orders of customers,
      and	their status.
    owner: team-orders
    review_by: 2027-03-31
    allow:
      - clients: [portal]
        methods: [Get]
        scopes: none
        why: |
          Customers look.
        owner: team-web
        review_by: 2020-01-01
`

// TestPurposeIsKeptThroughIncludes shows that each text is read, as one line, and that an
// included file may write it.
func TestPurposeIsKeptThroughIncludes(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "teams"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"access.yaml": purposeHead, "teams/orders.yaml": purposeTeam} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "access.yaml")
	policy, err := policyfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	m := policy.Matrix()
	end := func(y int, mo time.Month, d int) time.Time { return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC) }
	orders := m.Services["orders"]
	got := []access.Purpose{m.Clients["portal"].Purpose, m.External["parcels"].Purpose, orders.Purpose, orders.Allow[0].Purpose}
	want := []access.Purpose{
		{Why: "The web page of customers.", Owner: "team-web", ReviewBy: end(2027, 2, 1)},
		{Why: "Customers ask.", Owner: "team-web", ReviewBy: end(2027, 3, 1)},
		{Why: "Orders of customers, and their status.", Owner: "team-orders", ReviewBy: end(2027, 4, 1)},
		{Why: "Customers look.", Owner: "team-web", ReviewBy: end(2020, 1, 2)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("purposes (-want +got):\n%s", diff)
	}
	found, err := policyfile.Lint(path)
	if err != nil {
		t.Fatal(err)
	}
	const overdue = "teams/orders.yaml:17:9: a review was due by 2020-01-01: decide with team-web whether"
	for _, e := range found {
		if strings.Contains(e.Error(), overdue) {
			return
		}
	}
	t.Errorf("findings %v, want %s", found, overdue)
}

func TestPurposeOfAnotherFormIsAnError(t *testing.T) {
	const matrix = "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices:\n  orders:\n    grpc: [acme.Orders]\n    WHAT\n"
	for what, want := range map[string]string{
		`why: ""`:                         "a.yaml:6:10: want a text that says why, got an empty string",
		`why: "  "`:                       "a.yaml:6:10: want a text that says why, got white space only",
		`why: [x]`:                        "a.yaml:6:10: want a text that says why, got a list",
		`why: "a\\x1b[2J"`:                "a.yaml:6:5: want one line of text, got the character U+001B",
		`why: "a\\u2028b"`:                "a.yaml:6:5: want one line of text, got the character U+2028",
		`owner: 7`:                        "a.yaml:6:12: want who answers for it, such as a team, got a number",
		`review_by: 2027-02-30`:           "a.yaml:6:16: want a date such as 2027-06-30",
		`review_by: 2027-01-01T10:00:00Z`: "a.yaml:6:16: want a date such as 2027-06-30",
		`review_by: never`:                `a.yaml:6:16: want a date such as 2027-06-30, got "never"`,
		`reviewby: 2027-01-01`:            `a.yaml:6:5: unknown key "reviewby", did you mean "review_by"?`,
	} {
		_, err := policyfile.Parse("a.yaml", []byte(strings.Replace(matrix, "WHAT", strings.ReplaceAll(what, `\\`, `\`), 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
}
