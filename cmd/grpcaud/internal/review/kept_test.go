package review_test

import (
	"fmt"
	"math/rand/v2"
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
		kept, log := review.Keep(since, now), []decision.Record{}
		for range 300 {
			c := call{service: randomServices[r.IntN(3)], claims: all[r.IntN(len(all))]}
			if r.IntN(2) == 0 {
				c.claims = all[r.IntN(20)] // so that many are alike
			}
			c.method = "/random." + c.service + "/" + append(randomMethods, "Closed", "Other")[r.IntN(6)]
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
	for n := range 150_000 {
		record := admitted("Read", client("web", fmt.Sprint("scope-", n)))
		kept.Record(&record)
	}
	report = kept.Report(s.policy, descriptor.Set{}, s.path, now)
	if report.Log.Records != 300_001 || report.Log.Uncounted == 0 || report.Log.Complete {
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
