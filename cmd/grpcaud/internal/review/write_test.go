package review_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func written(t testing.TB, r *review.Report, format string) string {
	t.Helper()
	var text strings.Builder
	if err := output.Write(&text, func(p *output.Page) { r.Write(p, format) }); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestReviewGolden has a finding of each kind but those of a log with gaps.
func TestReviewGolden(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{t: t, policy: policy, counter: review.NewCounter(policy, descriptor.Set{}, "access.yaml", now.Add(-90*24*time.Hour), now)}
	s.add(admitted("Read"), admitted("List"), admitted("Write", client("desk", "write", "read")), admitted("Read", client("new", "read"), wouldRefuse("CLIENT_NOT_ALLOWED")))
	s.add(admitted("Read", func(r *decision.Record) { r.Service, r.Method = "cellar", "/acme.Cellar/Open" }))
	s.add(admitted("Read", func(r *decision.Record) { r.Time = now.Add(-100 * 24 * time.Hour) }), admitted("Read", func(r *decision.Record) { r.Time = now.Add(-80 * 24 * time.Hour) }))
	for _, format := range []string{"table", "json", "markdown", "html"} {
		path := filepath.Join("testdata", format+".golden")
		got := written(t, s.counter.Report(), format)
		if *update {
			makeFolder(t, path)
			write(t, path, got)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, string(want)); diff != "" {
			t.Errorf("%s: got -, want +\n%s", format, diff)
		}
	}
}

// TestReviewJSONIsTheReport shows that no field of a report is left out, although its lists
// are written one by one.
func TestReviewJSONIsTheReport(t *testing.T) {
	for _, since := range []time.Time{{}, now.Add(-time.Hour)} {
		policy, err := policyfile.Parse("access.yaml", []byte(shop))
		if err != nil {
			t.Fatal(err)
		}
		r := review.NewCounter(policy, descriptor.Set{}, "access.yaml", since, now).Report()
		var want strings.Builder
		if err := output.Write(&want, func(p *output.Page) { p.JSON(r) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(written(t, r, "json"), want.String()); diff != "" {
			t.Errorf("got -, want +\n%s", diff)
		}
	}
}

// TestReviewExit shows that a remark is nothing to do, and a finding is.
func TestReviewExit(t *testing.T) {
	for _, row := range []struct {
		kinds []bool // whether they are remarks
		want  error
	}{{nil, nil}, {[]bool{true}, nil}, {[]bool{true, false}, output.No}} {
		r := &review.Report{}
		for _, remark := range row.kinds {
			r.Findings = append(r.Findings, review.Finding{Remark: remark})
		}
		if got := r.Exit(); got != row.want {
			t.Errorf("%v: exit %v, want %v", row.kinds, got, row.want)
		}
	}
}

// TestReviewHostileNames shows that nothing of a log controls the terminal, or is read as HTML or
// Markdown.
func TestReviewHostileNames(t *testing.T) {
	const evil = "\x1b[2J<script>alert(1)</script>|`x`\u202e\n# title"
	s := of(t, shop, descriptor.Set{}, time.Time{})
	all := func(r *decision.Record) {
		r.Client, r.Issuer, r.Peer, r.Cause = evil, evil, evil, evil
		r.Scopes, r.Roles, r.Audience, r.Entry = []string{evil}, []string{evil}, []string{evil}, evil
	}
	s.add(admitted("Read", all), admitted("Read", all, wouldRefuse(evil)), admitted(evil, all, func(r *decision.Record) { r.Issuer = corp }))
	s.add(admitted("Read", all, func(r *decision.Record) { r.Service = evil }), admitted("Read", wouldRefuse(evil), func(r *decision.Record) { r.Issuer, r.Peer = "", evil }))
	skipped, err := decision.Read(strings.NewReader("{\"type\":\""+evil), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.counter.Skipped(evil, skipped)
	for _, format := range []string{"table", "json", "markdown", "html"} {
		got := written(t, s.counter.Report(), format)
		for _, bad := range []string{"\x1b", "\u202e", "\n# title"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: has %q", format, bad)
			}
		}
		if (format == "html" || format == "markdown") && strings.Contains(got, "<script") {
			t.Errorf("%s: has a script", format)
		}
	}
}

// TestReviewMemoryIsBounded shows that neither clients nor methods that callers choose fill the
// memory, and that a log with too many kinds of calls is not taken for complete.
func TestReviewMemoryIsBounded(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"))
	s.counter.Limit(2000)
	for i := range 50_000 {
		name := fmt.Sprint("x", i)
		s.add(admitted("Read", client(name)), admitted(name, client(name), func(r *decision.Record) {
			r.Issuer, r.Client, r.Decision, r.Cause = "", "", decision.Refused, "CREDENTIALS_MISSING"
		}))
	}
	r := s.counter.Report()
	if n := len(r.Findings); n > 11_100 || !r.Log.Complete {
		t.Errorf("%d findings, complete %t", n, r.Log.Complete)
	}
	for i := range 2000 {
		s.add(admitted("Read", wouldRefuse(fmt.Sprint("x", i))))
	}
	if r := s.counter.Report(); r.Log.Complete || !strings.Contains(written(t, r, "table"), "too many kinds of calls") {
		t.Error("a log with too many kinds of calls counts as complete")
	}
}
