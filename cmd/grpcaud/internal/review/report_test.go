package review_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

const corp = "https://idp.example.com"

// shop is a matrix with something to find.
const shop = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  # The shop.
  shop:
    owner: team-shop
    grpc: [acme.Shop]
    allow:
      # Customers and clerks read.
      - clients: [web, desk]
        methods: [Read, List]
        scopes: [read]
        why: Customers read.
      - clients: [desk]
        methods: ["*"] # all of them
        scopes: [write]
        claims: {department: [sales]}
        why: Clerks write.
        review_by: 2026-10-31
      # Nobody knows why.
      - clients: [old, older]
        methods: [Purge]
        scopes: none
  vault:
    owner: team-vault
    grpc: [acme.Vault]
    allow: [{clients: [web], methods: [Open], scopes: none}]
clients:
  web: {owner: team-web}
  desk: {}
  old: {}
  older: {}
`

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// subject is a review of a file.
type subject struct {
	t       testing.TB
	path    string
	policy  *access.Policy
	counter *review.Counter
}

// of begins the review of a matrix.
func of(t testing.TB, matrix string, set descriptor.Set, since time.Time) *subject {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.yaml")
	write(t, path, matrix)
	return ofFile(t, path, set, since)
}

func ofFile(t testing.TB, path string, set descriptor.Set, since time.Time) *subject {
	t.Helper()
	policy, err := policyfile.Load(path, set.Options...)
	if err != nil {
		t.Fatal(err)
	}
	return &subject{t, path, policy, review.NewCounter(policy, set, path, since, now)}
}

// admitted is a record of a call of web that was admitted a day ago under another file.
func admitted(method string, changes ...func(*decision.Record)) decision.Record {
	r := decision.Record{
		Time: now.Add(-24 * time.Hour), Method: "/acme.Shop/" + method, Service: "shop", Issuer: corp, Audience: []string{"shop"}, Client: "web",
		Caller: decision.User, Scopes: []string{"read", "profile"}, Decision: decision.Admitted, Mode: "enforce", Policy: "earlier", Peer: "192.0.2.1:4000",
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func (s *subject) add(all ...decision.Record) *subject {
	for _, r := range all {
		if err := s.counter.Record(&r); err != nil {
			s.t.Fatal(err)
		}
	}
	return s
}

func client(id string, scopes ...string) func(*decision.Record) {
	return func(r *decision.Record) { r.Client, r.Scopes = id, scopes }
}

func wouldRefuse(cause string) func(*decision.Record) {
	return func(r *decision.Record) { r.Decision, r.Cause, r.Mode = decision.WouldRefuse, cause, "observe" }
}

// found writes the findings of these kinds, one a line: the kind, and what it is about.
func (s *subject) found(kinds ...review.Kind) string {
	var lines []string
	for _, f := range s.counter.Report().Findings {
		if slices.Contains(kinds, f.Kind) {
			lines = append(lines, strings.Join(strings.Fields(fmt.Sprint(f.Kind, " ", f.Entry, f.Service, " ", f.Client, " ", strings.Join(f.Methods, ","), " ", f.Cause, f.Scope, " ", f.Calls)), " "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (s *subject) want(want string, kinds ...review.Kind) {
	s.t.Helper()
	if diff := cmp.Diff(s.found(kinds...), strings.TrimSpace(want)); diff != "" {
		s.t.Errorf("findings: got -, want +\n%s", diff)
	}
}

// vaulted is a call of the vault, so that there are records of it.
var vaulted = admitted("", func(r *decision.Record) {
	r.Method, r.Service, r.Audience = "/acme.Vault/Open", "vault", []string{"vault"}
})

func TestReviewFindsWhatNobodyUses(t *testing.T) {
	s := of(t, shop, descriptor.Set{Methods: map[string][]string{"acme.Shop": {"Read", "List", "Write", "Purge", "Audit"}}}, time.Time{})
	s.add(vaulted, admitted("Read"), admitted("Read"), admitted("List"), admitted("Write", client("desk", "write", "read")))
	s.want(`
never_called services.shop.allow[1]shop Audit,List,Purge,Read 0
only_one_client services.shop.allow[0]shop web 0
unused services.shop.allow[0]shop desk Read,List 0
unused services.shop.allow[2]shop Purge 0`, review.Unused, review.NeverCalled, review.OnlyOneClient, review.NotKnown)
	f := s.counter.Report().Findings[0]
	if f.Owner != "team-shop" || !strings.HasSuffix(f.Place, "access.yaml:10") || f.Why != "Customers read." || f.From == nil || !strings.Contains(f.Text, "of records of shop (2026-11-28)") {
		t.Errorf("finding %+v lacks its owner, place, reason or the time of the records", f)
	}
}

// TestReviewNeverCallsAcrossAGap shows that a gap in the time of the review makes "unused" unknown,
// and one before it does not.
func TestReviewNeverCallsAcrossAGap(t *testing.T) {
	gap := decision.Gap{Time: now, Records: 7, First: now.Add(-20 * 24 * time.Hour), Last: now.Add(-19 * 24 * time.Hour), Reason: "full"}
	for since, unknown := range map[time.Time]bool{{}: true, now.Add(-18 * 24 * time.Hour): false, gap.Last: true} {
		s := of(t, shop, descriptor.Set{}, since).add(vaulted, admitted("Read"))
		if err := s.counter.Gap(gap); err != nil {
			t.Fatal(err)
		}
		r := s.counter.Report()
		unused, notKnown := s.found(review.Unused, review.NeverCalled), s.found(review.NotKnown)
		if (unused == "") != unknown || (notKnown != "") != unknown || r.Log.Complete == unknown {
			t.Errorf("since %v: unused %q, not known %q, complete %t", since, unused, notKnown, r.Log.Complete)
		}
		if suggested := r.Log.Suggested; (suggested != nil) != unknown || unknown && !suggested.Equal(gap.Last.Add(time.Second)) {
			t.Errorf("since %v: suggested %v", since, suggested)
		}
		if patch, err := s.counter.Patch(); err != nil || (patch.Text == "") != unknown || unknown && !strings.Contains(strings.Join(patch.Left, ""), "missing are 7 records between 2026-11-09T12:00:00Z and 2026-11-10T12:00:00Z") {
			t.Errorf("since %v: patch %+v, %v", since, patch, err)
		}
	}
}

// TestReviewSkippedLines shows that lines which may be records make "unused" unknown, and lines of
// other programs do not.
func TestReviewSkippedLines(t *testing.T) {
	for text, unknown := range map[string]bool{"listening\n": false, `{"msg":"x"}`: false, "{\"time\":\n": true, `{"type":"grpcaud.decision","version":2}`: true} {
		s := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"))
		skipped, err := decision.Read(strings.NewReader(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.counter.Skipped("a.jsonl", skipped)
		if got := s.found(review.NotKnown) != ""; got != unknown {
			t.Errorf("%q: not known %t, want %t", text, got, unknown)
		}
	}
}

func TestReviewServiceWithoutRecordsIsNotKnown(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{}).add(admitted("Read"))
	s.want("not_known vault 0", review.NotKnown)
	patch, err := s.counter.Patch()
	if err != nil || strings.Contains(patch.Text, "-    allow: [{") || !strings.Contains(strings.Join(patch.Left, ""), "services.vault: no records of it; was its log given?") {
		t.Errorf("patch %+v, %v", patch, err)
	}
}

// TestReviewCallsThatWouldBreak shows that a call which the file admits now is not listed, unless the
// record is of this very file or no record shows why it was refused.
func TestReviewCallsThatWouldBreak(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{})
	s.add(vaulted,
		admitted("Read", wouldRefuse("SCOPE_MISSING")), // it has the scope
		admitted("Write", wouldRefuse("CLIENT_NOT_ALLOWED")),
		admitted("List", client("new", "read"), wouldRefuse("CLIENT_NOT_ALLOWED")),
		admitted("List", client("desk"), wouldRefuse("METHOD_WITHOUT_RULE")), // it has a rule now, and lacks the scope
		admitted("Read", client("desk", "write"), wouldRefuse("CLAIM_NOT_ALLOWED")),
		admitted("Read", wouldRefuse("EXPIRED")),
		admitted("Read", func(r *decision.Record) { r.Policy = s.policy.Generation() }, wouldRefuse("STEP_UP")),
		admitted("Read", client("web")), // an earlier file demanded no scope
		decision.Record{Time: now, Method: "/acme.Shop/Read", Service: "shop", Caller: decision.NoCaller, Decision: decision.WouldRefuse, Cause: "CREDENTIALS_MISSING", Peer: "192.0.2.9:1234"},
	)
	s.want(`
would_break shop Read CREDENTIALS_MISSING 1
would_break shop desk List SCOPE_MISSING 1
would_break shop desk Read CLAIM_NOT_ALLOWED 1
would_break shop new List CLIENT_NOT_ALLOWED 1
would_break shop web Read EXPIRED 1
would_break shop web Read SCOPE_MISSING 1
would_break shop web Read STEP_UP 1
would_break shop web Write CLIENT_NOT_ALLOWED 1`, review.WouldBreak)
	f := s.counter.Report().Findings[0]
	if f.Peer != "192.0.2.9" || f.Owner != "team-shop" {
		t.Errorf("a call without a token is from %q, of %q", f.Peer, f.Owner)
	}
}

// TestReviewWhatARecordCannotShowCountsAsMet shows that a call of another file counts for each entry
// that may have admitted it, up to the first that certainly did; of this file, for the entry
// that it names.
func TestReviewWhatARecordCannotShowCountsAsMet(t *testing.T) {
	const two = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  shop:
    grpc: [acme.Shop]
    allow:
      - {clients: [web], methods: [Read], scopes: none, claims: {department: [sales]}}
      - {clients: [web], methods: [Read], scopes: none, acr: [gold]}
      - {clients: [web], methods: [Read], scopes: [read]}
      - {clients: [web], methods: [Read], scopes: none}
clients: {web: {}}
`
	s := of(t, two, descriptor.Set{}, time.Time{}).add(admitted("Read"))
	s.want("unused services.shop.allow[3]shop Read 0", review.Unused)
	s = of(t, two, descriptor.Set{}, time.Time{})
	s.add(admitted("Read", func(r *decision.Record) { r.Policy, r.Entry = s.policy.Generation(), "services.shop.allow[2]" }))
	s.want(`
unused services.shop.allow[0]shop Read 0
unused services.shop.allow[1]shop Read 0
unused services.shop.allow[3]shop Read 0`, review.Unused)
}

func TestReviewRemarksScopesThatEverybodyHas(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"), admitted("List", client("desk", "read", "write")))
	s.add(admitted("List", client("desk"), func(r *decision.Record) { r.Audience = []string{"vault"} }), admitted("List", func(r *decision.Record) { r.Issuer, r.Scopes = "", nil }))
	s.want("scope_of_all services.shop.allow[0]shop read 0", review.ScopeOfAll)
	s.add(admitted("List", client("desk", "write")))
	s.want("", review.ScopeOfAll)
}

func TestReviewOverdueAndUnknownNames(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{})
	s.add(vaulted, admitted("Read", client("new", "read")), admitted("Read", func(r *decision.Record) { r.Service, r.Method = "cellar", "/acme.Cellar/Open" }))
	s.want(`
overdue services.shop.allow[1]shop 0
unknown_client shop new 1
unknown_service cellar 1`, review.Overdue, review.UnknownClient, review.UnknownService)
}

// TestReviewTimes shows that what is before the review does not count, and that a wrong clock is told.
func TestReviewTimes(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, now.Add(-48*time.Hour))
	s.add(vaulted, admitted("Read"), admitted("List", func(r *decision.Record) { r.Time = now.Add(-49 * time.Hour) }))
	s.add(admitted("Read", func(r *decision.Record) { r.Time = now.Add(time.Hour) }))
	l := s.counter.Report().Log
	if l.Records != 3 || l.Earlier != 1 || l.Later != 1 || !l.Last.Equal(now) {
		t.Errorf("log %+v", l)
	}
	s.want("unused services.shop.allow[0]shop desk Read,List 0\nunused services.shop.allow[0]shop web List 0\nunused services.shop.allow[1]shop * 0\nunused services.shop.allow[2]shop Purge 0", review.Unused)
}

func TestSince(t *testing.T) {
	for text, want := range map[string]time.Time{
		"": {}, "90d": now.Add(-90 * 24 * time.Hour), "12h": now.Add(-12 * time.Hour), "2026-09-01": time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		"2026-09-01T10:00:00+02:00": time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC),
	} {
		if got, err := review.Since(text, now); err != nil || !got.Equal(want) {
			t.Errorf("Since(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"90", "d", "-3d", "0d", "1.5d", "99999999999999999999d", "65000d", "yesterday", "2026-13-01", "-1h", "0s", "2027-01-01", "90d ", "\x1b[2J"} {
		if got, err := review.Since(text, now); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("Since(%q) = %v, %v; want an error", text, got, err)
		}
	}
}
