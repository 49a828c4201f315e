package learn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// TestWhatIsNotLearntIsListedByCallerAndService shows that calls of many methods take one line,
// that the most frequent come first, and that a caller without a client is told by its address.
func TestWhatIsNotLearntIsListedByCallerAndService(t *testing.T) {
	c := learn.NewCollector()
	add := func(change func(*decision.Record)) {
		if err := c.Add(observed(change)); err != nil {
			t.Fatal(err)
		}
	}
	add(func(*decision.Record) {})
	for n := range 20 {
		add(func(r *decision.Record) {
			r.Cause, r.Client, r.Method = "EXPIRED", "batch", fmt.Sprintf("/acme.Orders/M%02d", n)
		})
	}
	for range 30 {
		add(func(r *decision.Record) {
			r.Cause, r.Client, r.Caller, r.Peer = "CREDENTIALS_MISSING", "", decision.NoCaller, "192.0.2.9:1234"
		})
	}
	var out bytes.Buffer
	if _, err := c.Matrix(recorded.Count{Records: 51, First: at, Last: at}, learn.Base{}, descriptor.Set{}, &out); err != nil {
		t.Fatal(err)
	}
	service, method := observed(func(*decision.Record) {}).Service, observed(func(*decision.Record) {}).Method
	want := fmt.Sprintf(`grpcaud: 50 calls not learnt:
grpcaud:   30 calls of %s/%s from 192.0.2.9, the latest at %s: CREDENTIALS_MISSING
grpcaud:   20 calls of %s/M00, M01, M02, M03, M04, M05, M06, M07 and 12 others by batch, the latest at %s: EXPIRED
`, service, method[strings.LastIndexByte(method, '/')+1:], output.Stamp(at), service, output.Stamp(at))
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("list: want -, got +\n%s", diff)
	}
}
