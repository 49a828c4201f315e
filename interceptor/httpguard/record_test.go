package httpguard_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDecisionRecordOfEachRequest shows that each request has one record, also one that calls
// no operation, and that what may be a token in its path, and its query, are in no record and
// in no line of the log.
func TestDecisionRecordOfEachRequest(t *testing.T) {
	records := make(chan decision.Record, 20)
	to := decision.RecorderFunc(func(_ context.Context, r decision.Record) { records <- r })
	w := newWorld(t, setup{server: []interceptor.ServerOption{interceptor.DecisionRecords(to, decision.KeptUsers())}})
	token := w.issuer.Mint(good(nil))
	for _, row := range []struct{ method, path, token, want string }{
		{"GET", "/v1/orders/1", token, "order-status/GetOrderStatus admitted  customer-portal"},
		{"GET", "/v1/orders/1/events", token, "order-status/WatchOrderStatus admitted  customer-portal"},
		{"GET", "/v1/orders/1", w.issuer.Mint(good(testutil.Claims{"scope": ""})), "order-status/GetOrderStatus refused SCOPE_INSUFFICIENT customer-portal"},
		{"GET", "/v1/orders/1", "", "order-status/GetOrderStatus refused CREDENTIALS_MISSING "},
		{"DELETE", "/v1/orders/1", token, "order-status/CancelOrder refused CLIENT_NOT_ALLOWED customer-portal"},
		{"GET", "/version", "", "order-status/Version admitted  "},
		{"GET", "/elsewhere?token=" + token, token, "GET /elsewhere refused NO_POLICY customer-portal"},
		{"GET", "/elsewhere/" + token, token, "GET /elsewhere/… refused NO_POLICY customer-portal"},
		{"GET", "/elsewhere/" + token, "", "GET /elsewhere/… refused CREDENTIALS_MISSING "},
		{"GET", "/v1//" + token, token, "GET /v1//… refused NO_POLICY customer-portal"},
		{"GET", "/v1//elsewhere", token, "GET /v1//elsewhere refused NO_POLICY customer-portal"},
	} {
		for _, protocol := range protocols {
			request, err := http.NewRequestWithContext(t.Context(), row.method, "https://"+host+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if row.token != "" {
				request.Header.Set("Authorization", "Bearer "+row.token)
			}
			response, err := w.client(t, protocol).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			r := <-records
			got := strings.Join([]string{r.Method, string(r.Decision), r.Reason, r.ClientName}, " ")
			if got != row.want {
				t.Errorf("%s, %s %s: record %q, want %q", protocol, row.method, row.path, got, row.want)
			}
		}
	}
	if len(records) > 0 {
		t.Errorf("%d further records", len(records))
	}
	if _, payload, _ := strings.Cut(token, "."); strings.Contains(w.log.String(), payload[:24]) {
		t.Error("a part of the token is in the log")
	}
}
