package extauthz_test

import (
	"context"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDecisionRecordOfEachCheck shows that each call about which Envoy asks has one record,
// with the address that the call came from.
func TestDecisionRecordOfEachCheck(t *testing.T) {
	records := make(chan decision.Record, 10)
	to := decision.RecorderFunc(func(_ context.Context, r decision.Record) { records <- r })
	w := serve(t, company(), []interceptor.ServerOption{interceptor.DecisionRecords(to, decision.KeptUsers())})
	const secret = "c2VjcmV0LXRoYXQtaXMtbm9ib2R5cy1idXNpbmVzcw"
	for name, row := range map[string]struct {
		call call
		want string
	}{
		"admitted":     {orders(w.portal(nil)), "admitted "},
		"wrong scope":  {orders(w.portal(testutil.Claims{"scope": ""})), "refused SCOPE_INSUFFICIENT"},
		"no token":     {orders(), "refused CREDENTIALS_MISSING"},
		"two tokens":   {orders(w.portal(nil), w.portal(nil)), "refused CREDENTIALS_MALFORMED"},
		"no rule":      {call{path: "/acme.Nothing/Get", host: "orders.example.com", service: "order-status"}, "refused NO_POLICY"},
		"no operation": {get("/elsewhere/"+secret+"?token="+secret, w.portal(nil)), "refused NO_POLICY"},
		"a query":      {call{path: getOrder + "?token=" + secret, host: "orders.example.com", service: "order-status"}, "refused "},
	} {
		w.check(t, row.call.request())
		r := <-records
		if got := string(r.Decision) + " " + r.Reason; !strings.HasPrefix(got, row.want) || !strings.HasPrefix(r.Peer, "203.0.113.7") || strings.Contains(r.Method, secret[:20]) {
			t.Errorf("%s: record %q of %s, want %q", name, got, r.Peer, row.want)
		}
	}
	if strings.Contains(w.log.String(), secret[:20]) {
		t.Error("what may be a token is in the log")
	}
	if len(records) > 0 {
		t.Errorf("%d further records", len(records))
	}
}
