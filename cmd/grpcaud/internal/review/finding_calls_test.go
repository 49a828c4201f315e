package review_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// clean is a matrix about which a review finds nothing but the calls of others.
const clean = `version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  shop:
    grpc: [acme.Shop]
    allow: [{clients: [web], methods: [Read], scopes: none}]
clients: {web: {}}
`

func refused(cause string) func(*decision.Record) {
	return func(r *decision.Record) { r.Decision, r.Cause = decision.Refused, cause }
}

// TestReviewRefusedCallsOfUnknownClientsAreRemarks shows that nobody can change the exit
// status by calls that are refused, and that a call which is let through does.
func TestReviewRefusedCallsOfUnknownClientsAreRemarks(t *testing.T) {
	s := of(t, clean, descriptor.Set{}, time.Time{}).add(admitted("Read"))
	s.add(admitted("Read", client("new"), refused("CLIENT_NOT_ALLOWED")), admitted("Read", client(""), refused("CLIENT_MISSING")))
	s.want("unknown_client shop 1\nunknown_client shop new 1", review.UnknownClient)
	report := s.counter.Report()
	if err := report.Exit(); err != nil {
		t.Errorf("refused calls make the exit status 1: %v\n%s", err, written(t, report, "table"))
	}
	if got, want := written(t, report, "table"), "a token of https://idp.example.com that names no client was presented to shop (1 call)"; !strings.Contains(got, want) {
		t.Errorf("report lacks %q:\n%s", want, got)
	}
	s.add(admitted("Read", client("new"), wouldRefuse("CLIENT_NOT_ALLOWED")))
	if err := s.counter.Report().Exit(); !errors.Is(err, output.No) {
		t.Errorf("a call that is let through makes the exit status 0: %v", err)
	}
}

// TestReviewNamesNoMethodsThatStrangersChose shows how calls of such methods are told.
func TestReviewNamesNoMethodsThatStrangersChose(t *testing.T) {
	s := of(t, clean, descriptor.Set{}, time.Time{})
	call := func(method string) decision.Record {
		return decision.Record{Time: now, Method: "/acme.Shop/" + method, Service: "shop", Caller: decision.NoCaller, Decision: decision.WouldRefuse, Cause: "CREDENTIALS_MISSING", Peer: "192.0.2.9:1234"}
	}
	s.add(call("Made_up"))
	for _, want := range []string{"called methods that the file does not name, of shop, and was let through", "called shop/Read, methods that the file does not name, and was let through"} {
		f := s.counter.Report().Findings[0]
		if !strings.Contains(f.Text, want) || strings.Contains(strings.Join(f.Methods, " "), " ") {
			t.Errorf("finding %q with methods %q, want %q", f.Text, f.Methods, want)
		}
		s.add(call("Read"))
	}
}
