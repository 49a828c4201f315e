package interceptor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestWouldRefuseNamesTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		server := guarded(t, issuer, access.Observe)
		began := time.Now()
		mint := func(changes testutil.Claims) string { return issuer.Mint(good(changes)) }
		for _, token := range []string{
			mint(nil), mint(testutil.Claims{"aud": "x"}), mint(testutil.Claims{"aud": "y"}), mint(testutil.Claims{"client_id": "newsletter"}), "x",
			mint(testutil.Claims{"aud": "z"}), mint(testutil.Claims{"client_id": "newsletter"}),
		} {
			if err := call(t.Context(), server, getOrder, token); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
		}
		got := server.WouldRefuse()
		for i := range got {
			if !strings.Contains(got[i].Why, string(got[i].Cause)) {
				t.Errorf("why = %q, want the story of %s", got[i].Why, string(got[i].Cause))
			}
			got[i].Why = ""
		}
		at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Second).Round(0) }
		want := []interceptor.WouldBeRefused{
			{Method: getOrder, Issuer: corp, Client: "customer-portal", Cause: audience.CauseAudienceMismatch, Calls: 3, First: at(1), Last: at(5)},
			{Method: getOrder, Issuer: corp, Client: "newsletter", Cause: audience.CauseClientNotAllowed, Calls: 2, First: at(3), Last: at(6)},
			{Method: getOrder, Cause: audience.CauseTokenMalformed, Calls: 1, First: at(4), Last: at(4)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("would refuse (-want +got):\n%s", diff)
		}
	})
}

// TestWouldRefuseEnforced shows that a server which enforces its rules reports no
// callers.
func TestWouldRefuseEnforced(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Enforce)
	_ = call(t.Context(), server, getOrder, "x")
	if rows := server.WouldRefuse(); len(rows) != 0 {
		t.Errorf("would refuse %v, want nothing", rows)
	}
}

// TestWouldRefuseBounded shows that peers cannot make the report grow, or use up the
// rows of others by ever new user agents and methods, and that calls without a row are
// counted.
func TestWouldRefuseBounded(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Observe)
	for n := range 1100 {
		method := getOrder
		if n%2 == 0 {
			method = fmt.Sprintf("/acme.orders.v1.OrderStatus/Method%d", n)
		}
		_ = unary(from(t.Context(), "10.0.0.1:1", "user-agent", fmt.Sprint("agent-", n)), server, method)
	}
	_ = unary(from(t.Context(), "10.0.0.2:1", "user-agent", "cron"), server, getOrder)
	rows := server.WouldRefuse()
	if len(rows) != 128+1+1 || rows[0].Method != "" || rows[0].Peer != "10.0.0.1" || rows[0].Calls != 1100-128 {
		t.Errorf("%d rows, the first %+v, want 130, the first without a method, of the address, for 972 calls", len(rows), rows[0])
	}
	if !slices.ContainsFunc(rows, func(b interceptor.WouldBeRefused) bool { return b.Peer == "10.0.0.2" && b.UserAgent == "cron" }) {
		t.Error("the other caller has no row")
	}
}
