package review_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// TestReviewOfKeptRecordsIsThatOfTheLog shows for random matrices and random logs that records
// which are read once give the report of each version of the matrix.
func TestReviewOfKeptRecordsIsThatOfTheLog(t *testing.T) {
	now, all := time.Now(), tokens(t, time.Now(), append([]string{"elsewhere"}, randomServices...))
	for seed := range uint64(20) {
		folder, r := t.TempDir(), rand.New(rand.NewPCG(seed, 8))
		versions := []*access.Policy{randomPolicy(t, folder, seed+1000), randomPolicy(t, folder, seed)}
		since := []time.Time{{}, now.Add(-50 * time.Minute)}[r.IntN(2)]
		alike := 1 + 64*r.IntN(len(all)/64) // where the tokens of one client for one audience begin
		kept, log := review.Keep(since, now), []decision.Record{}
		for range 300 {
			c := call{service: randomServices[r.IntN(3)], claims: all[r.IntN(len(all))]}
			methods := append(slices.Clone(randomMethods), "Closed", "Other")
			if r.IntN(2) == 0 { // one of few calls, which differ in what records show, or not
				c.claims, methods = all[alike+r.IntN(64)], methods[:1]
			}
			c.method = "/random." + c.service + "/" + methods[r.IntN(len(methods))]
			_, record := judged(t, versions[r.IntN(2)], c, now)
			record.Time = now.Add(time.Duration(r.IntN(120)-100) * time.Minute)
			log = append(log, record)
			if err := kept.Record(&record); err != nil {
				t.Fatal(err)
			}
		}
		gap := decision.Gap{Time: now, Records: 7, First: now.Add(-time.Hour), Last: now.Add(-51 * time.Minute)}
		kept.Gap(gap)
		kept.Skipped("d.jsonl", decision.Skipped{{Lines: 3, MaybeRecords: true, Why: "too long"}, {Lines: 4, Why: "no JSON"}})
		for _, policy := range versions {
			counter := review.NewCounter(policy, descriptor.Set{}, "access.yaml", since, now)
			for _, record := range log {
				counter.Record(&record)
			}
			counter.Gap(gap)
			counter.Skipped("d.jsonl", decision.Skipped{{Lines: 3, MaybeRecords: true, Why: "too long"}})
			if diff := cmp.Diff(counter.Report(), kept.Report(policy, descriptor.Set{}, "access.yaml", now)); diff != "" {
				t.Fatalf("seed %d: counted at once -, kept +\n%s", seed, diff)
			}
		}
	}
}

// TestReviewKeepsApartWhatTheReportTellsApart has two records each that differ in one thing.
func TestReviewKeepsApartWhatTheReportTellsApart(t *testing.T) {
	path := of(t, strings.Replace(shop, "scopes: [write]", "scopes: [write]\n        callers: users", 1), descriptor.Set{}, time.Time{}).path
	generation := ofFile(t, path, descriptor.Set{}, time.Time{}).policy.Generation()
	for name, change := range map[string]func(*decision.Record){
		"method":   func(r *decision.Record) { r.Method = "/acme.Shop/List" },
		"service":  func(r *decision.Record) { r.Service = "vault" },
		"issuer":   func(r *decision.Record) { r.Issuer = "https://elsewhere.example.com" },
		"client":   func(r *decision.Record) { r.Client = "old" },
		"caller":   func(r *decision.Record) { r.Caller = decision.Service },
		"outcome":  func(r *decision.Record) { r.Decision = decision.Refused },
		"cause":    wouldRefuse("ROLE_MISSING"),
		"entry":    func(r *decision.Record) { r.Entry = "services.shop.allow[1]" },
		"policy":   func(r *decision.Record) { r.Policy = "earlier" },
		"audience": func(r *decision.Record) { r.Audience = []string{"vault"} },
		"scopes":   func(r *decision.Record) { r.Scopes = nil },
	} {
		first := admitted("Read", func(r *decision.Record) { r.Policy, r.Entry = generation, "services.shop.allow[0]" })
		switch name {
		case "cause":
			wouldRefuse("SCOPE_MISSING")(&first)
		case "caller":
			first = admitted("Write", client("desk", "write"))
		}
		second := first
		change(&second)
		report := func(log ...decision.Record) *review.Report {
			s, kept := ofFile(t, path, descriptor.Set{}, time.Time{}).add(log...), review.Keep(time.Time{}, now)
			for _, r := range log {
				kept.Record(&r)
			}
			got, want := kept.Report(s.policy, descriptor.Set{}, s.path, now), s.counter.Report()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: counted at once -, kept +\n%s", name, diff)
			}
			return want
		}
		if cmp.Equal(report(first, second), report(first, first)) {
			t.Errorf("%s: the report does not tell these records apart", name)
		}
	}
}

// TestReviewKeepsRecordsInBoundedMemory shows that methods which strangers choose do not take
// the room of calls with genuine tokens, and that a log of too many kinds shows nothing unused.
func TestReviewKeepsRecordsInBoundedMemory(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{})
	kept := review.Keep(time.Time{}, now)
	for n := range 150_000 {
		record := admitted(fmt.Sprint("Guess", n), func(r *decision.Record) {
			r.Issuer, r.Audience, r.Client, r.Scopes, r.Caller, r.Decision = "", nil, "", nil, decision.NoCaller, decision.Refused
		})
		kept.Record(&record)
	}
	read := admitted("Read")
	kept.Record(&read)
	report := kept.Report(s.policy, descriptor.Set{}, s.path, now)
	if got := report.Clients[3].Grants[0]; report.Log.Uncounted != 0 || report.Services[0].Calls != 150_001 || got.Calls != 1 || got.Unknown {
		t.Errorf("beside guesses: %d uncounted, %d calls of shop, %+v", report.Log.Uncounted, report.Services[0].Calls, got)
	}
	for n := range 300_000 {
		record := admitted("Read", client("web", fmt.Sprint("scope-", n)))
		kept.Record(&record)
	}
	report = kept.Report(s.policy, descriptor.Set{}, s.path, now)
	if report.Log.Records != 450_001 || report.Log.Uncounted == 0 || report.Log.Complete {
		t.Errorf("of too many kinds: %+v", report.Log)
	}
	for _, f := range report.Findings {
		if f.Kind == review.Unused || f.Kind == review.NeverCalled {
			t.Errorf("of too many kinds: %+v", f)
		}
	}
}

// TestReviewOfOneClient shows what is about a client: its grants, and the findings about it and
// about its entries.
func TestReviewOfOneClient(t *testing.T) {
	report := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"), admitted("List", client("stranger"))).counter.Report()
	for name, want := range map[string]string{
		"web": "unused services.shop.allow[0] web\nonly_one_client services.shop.allow[0] web\n",
		"old": "unused services.shop.allow[2] \n",
	} {
		part, got := report.OfClient(name), ""
		for _, f := range part.Findings {
			got += fmt.Sprint(f.Kind, " ", f.Entry, " ", f.Client, "\n")
		}
		if diff := cmp.Diff(got, want); diff != "" || len(part.Clients) != 1 || part.Clients[0].Name != name {
			t.Errorf("%s: clients %+v; findings: got -, want +\n%s", name, part.Clients, diff)
		}
	}
}
