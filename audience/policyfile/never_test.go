package policyfile_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// ways is a matrix in which portal can reach people through news, and has no statement.
const ways = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  news: {grpc: [acme.News], runs_as: [reader], allow: [{clients: [portal], methods: [Get], scopes: none}]}
  people:
    grpc: [acme.People]
    runs_as: none
    allow:
      - {clients: [reader], methods: [Get], scopes: none}
clients: {portal: {}, reader: {}}
`

// TestNeverIsRead shows that each key of a statement, and runs_as, is read.
func TestNeverIsRead(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(ways+`never:
  - {from: portal, to: people, except: [Get]}
  - {from: [portal, reader], to: news, methods: [Put], through: people, without_user: true}
  - {from: any, to: people, methods: [Put]}
`))
	if err != nil {
		t.Fatal(err)
	}
	m := policy.Matrix()
	want := []access.Never{
		{From: []string{"portal"}, To: "people", Except: []string{"Get"}},
		{From: []string{"portal", "reader"}, To: "news", Methods: []string{"Put"}, Through: "people", WithoutUser: true},
		{FromAny: true, To: "people", Methods: []string{"Put"}},
	}
	if diff := cmp.Diff(want, m.Never); diff != "" {
		t.Errorf("Never (-want +got):\n%s", diff)
	}
	if !m.Services["people"].CallsNobody || len(m.Services["news"].RunsAs) != 1 || m.Services["news"].RunsAs[0] != "reader" {
		t.Errorf("runs_as: news = %q, people calls nobody = %t", m.Services["news"].RunsAs, m.Services["people"].CallsNobody)
	}
	if got := policy.Place("never", "2"); got != "access.yaml:14" {
		t.Errorf("Place = %q, want access.yaml:14", got)
	}
}

// TestNeverIsRefused shows that each mistake in a statement has its place, and that a broken
// one shows the way with its lines.
func TestNeverIsRefused(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"broken":            {"never:\n  - {from: portal, to: people}\n", `access.yaml:12:5: "portal" can reach people/Get: portal → news/Get for a user (services.news.allow[0] at access.yaml:4) → people/Get on behalf of the user, client reader (services.people.allow[0] at access.yaml:9)`},
		"no list":           {"never: {from: portal, to: people}\n", `access.yaml:11:8: want a list of statements`},
		"empty":             {"never: []\n", "got an empty list"},
		"no from":           {"never:\n  - {to: people}\n", `missing key "from"`},
		"no to":             {"never:\n  - {from: portal}\n", `missing key "to"`},
		"an unknown key":    {"never:\n  - {from: portal, to: people, exept: [Get]}\n", `unknown key "exept", did you mean "except"?`},
		"nobody":            {"never:\n  - {from: [], to: people}\n", "got an empty list"},
		"an unknown client": {"never:\n  - {from: portl, to: people}\n", `access.yaml:12:6: unknown client "portl", did you mean "portal"?`},
		"a word":            {"never:\n  - {from: portal, to: people, without_user: yes please}\n", "want true or false"},
	} {
		if _, err := policyfile.Parse("access.yaml", []byte(ways+row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: Parse = %v, want %q", name, err, row.want)
		}
	}
}

// TestNeverOfIncludedFiles shows that an included file states what does not reach its own
// services, that it cannot state it of others, and that it removes nothing.
func TestNeverOfIncludedFiles(t *testing.T) {
	own := strings.Replace(newsFile, `["*"]`, "[Get]", 1)
	for name, row := range map[string]struct{ file, want string }{
		"its own, which holds":     {own + "clients: {idle: {issuer: corp}}\nnever:\n  - {from: idle, to: news}\n", ""},
		"its own, which is broken": {own + "never:\n  - {from: portal, to: news}\n", `teams/news.yaml:5:5: "portal" can reach news/Get`},
		"that of another":          {own + "never:\n  - {from: portal, to: people, methods: [Put]}\n", `teams/news.yaml:5:20: "people" is no service of this file: only access.yaml can state what never reaches it`},
		"nothing of the first":     {newsFile, `access.yaml:`},
	} {
		t.Run(name, func(t *testing.T) {
			first := companyFile
			if name == "nothing of the first" {
				first += "never:\n  - {from: portal, to: news}\n"
			}
			err := loadCompany(t, map[string]string{"access.yaml": first, "teams/news.yaml": row.file})
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("Load = %v, want %q", err, row.want)
			}
		})
	}
}

// TestRunsAsOfIncludedFiles shows that an included file cannot hide as whom its service calls
// what another file has, so that a statement of that file would hold for it.
func TestRunsAsOfIncludedFiles(t *testing.T) {
	news := func(runsAs string) string { return strings.Replace(newsFile, "allow:", runsAs+"allow:", 1) }
	audit := strings.Replace(companyFile, "clients: [portal], methods: [Get]", "clients: [ID], methods: [Get]", 1)
	for name, row := range map[string]struct{ client, runsAs, want string }{
		"another":               {"news: {issuer: corp}", "runs_as: [batch], ", `teams/news.yaml:3:43: client "news" has the name of the service, and services.audit.allow[0] admits it: add it here`},
		"another, by its id":    {"reader: {issuer: corp, id: news}", "runs_as: batch, ", `client "reader" has the name of the service`},
		"none":                  {"news: {issuer: corp}", "runs_as: none, ", `teams/news.yaml:3:43: none, but client "news" has the name of the service`},
		"itself and another":    {"news: {issuer: corp}", "runs_as: [batch, news], ", ""},
		"one of another name":   {"reader: {issuer: corp}", "runs_as: [batch], ", ""},
		"the client of no name": {"news: {issuer: corp}", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, _, _ := strings.Cut(row.client, ":")
			first := strings.Replace(audit, "ID", client, 1)
			first = strings.Replace(first, "clients:\n", "clients:\n  "+row.client+"\n", 1)
			err := loadCompany(t, map[string]string{"access.yaml": first, "teams/news.yaml": news(row.runsAs)})
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("Load = %v, want %q", err, row.want)
			}
		})
	}
}

// TestWatchKeepsToNever shows that a change which opens a way that must not be is not
// applied, and that the refusal shows the way.
func TestWatchKeepsToNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := strings.Replace(ways, "clients: [reader], methods: [Get]", "clients: [reader], methods: [Put]", 1) + "never:\n  - {from: portal, to: people, methods: [Get]}\n"
		f := follow(t, folder(t, map[string]string{"access.yaml": closed}))
		f.wants(t, "at first", 1, 0)
		f.write(t, "access.yaml", strings.Replace(closed, "methods: [Put]", "methods: [Get]", 1))
		f.wants(t, "with a back way", 1, 1)
		if want := "people/Get on behalf of the user, client reader"; f.figures.Err == nil || !strings.Contains(f.figures.Err.Error(), want) {
			t.Errorf("Err = %v, want %q", f.figures.Err, want)
		}
	})
}
