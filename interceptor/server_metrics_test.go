package interceptor_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// meter returns an option that has a server count, and what reads the counts.
func meter(t testing.TB) (interceptor.ServerOption, *sdk.ManualReader) {
	t.Helper()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return interceptor.MeterProvider(provider), reader
}

// counted reads the values of all instruments, by name and labels; of a
// histogram, how many there are.
func counted(t testing.TB, reader *sdk.ManualReader) map[string]float64 {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &metrics); err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, s := range metrics.ScopeMetrics {
		for _, m := range s.Metrics {
			maps.Copy(all, points(t, m))
		}
	}
	return all
}

func points(t testing.TB, m metricdata.Metrics) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		addPoints(all, m.Name, data.DataPoints)
	case metricdata.Gauge[int64]:
		addPoints(all, m.Name, data.DataPoints)
	case metricdata.Gauge[float64]:
		addPoints(all, m.Name, data.DataPoints)
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			all[m.Name+" "+p.Attributes.Encoded(labels{})] = float64(p.Count)
		}
	default:
		t.Fatalf("%s is a %T", m.Name, m.Data)
	}
	return all
}

func addPoints[N int64 | float64](all map[string]float64, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		all[name+" "+p.Attributes.Encoded(labels{})] = float64(p.Value)
	}
}

// labels writes labels as name=value, with spaces between.
type labels struct{}

func (labels) Encode(i attribute.Iterator) string {
	var all []string
	for i.Next() {
		all = append(all, string(i.Attribute().Key)+"="+i.Attribute().Value.String())
	}
	return strings.Join(all, " ")
}

func (labels) ID() attribute.EncoderID { return attribute.EncoderID{} }

func TestDecisionsCounted(t *testing.T) {
	issuer := newIssuer()
	counting, reader := meter(t)
	enforcing, watching := guarded(t, issuer, access.Enforce, counting), guarded(t, issuer, access.Warn, counting)
	closing := serverOf(t, issuer, company(t, func(m *access.Matrix) {
		orders := m.Services["order-status"]
		orders.Closed = []string{"UpdateOrderStatus"}
		m.Services["order-status"] = orders
	}), counting)
	token := issuer.Mint(good(nil))
	for _, c := range []struct {
		server        *interceptor.Server
		method, token string
	}{
		{enforcing, getOrder, token},
		{enforcing, getOrder, token},
		{enforcing, updateOrder, issuer.Mint(good(testutil.Claims{"aud": "x"}))},
		{enforcing, "/acme.orders.v1.Unknown/Get", token},
		{enforcing, getOrder + "/", token},
		{watching, getOrder, "x"},
		{enforcing, getOrder, issuer.Mint(good(testutil.Claims{"client_id": "newsletter"}))},
		{enforcing, getOrder, issuer.Mint(good(testutil.Claims{"client_id": "other-newsletter"}))},
		{closing, updateOrder, token},
	} {
		_ = call(t.Context(), c.server, c.method, c.token)
	}
	got := counted(t, reader)
	maps.DeleteFunc(got, func(name string, _ float64) bool {
		return !strings.HasPrefix(name, "grpcaud.server.decisions ") && !strings.HasPrefix(name, "grpcaud.server.duration ")
	})
	want := map[string]float64{}
	for _, row := range []struct {
		method, client, decision, reason, mode string
		n                                      float64
	}{
		{"GetOrderStatus", "customer-portal", "admitted", "", "enforce", 2},
		{"UpdateOrderStatus", "customer-portal", "refused", "AUDIENCE_MISMATCH", "enforce", 1},
		{"other", "", "refused", "NO_POLICY", "enforce", 2},
		{"GetOrderStatus", "", "would_refuse", "TOKEN_INVALID", "warn", 1},
		{"GetOrderStatus", "other", "refused", "CLIENT_NOT_ALLOWED", "enforce", 2},
		{"UpdateOrderStatus", "", "refused", "NO_POLICY", "enforce", 1},
	} {
		service := "acme.orders.v1.OrderStatus"
		if row.method == "other" {
			service = "other"
		}
		want[fmt.Sprintf("grpcaud.server.decisions client=%s decision=%s mode=%s reason=%s rpc.method=%s rpc.service=%s", row.client, row.decision, row.mode, row.reason, row.method, service)] = row.n
		want[fmt.Sprintf("grpcaud.server.duration decision=%s rpc.method=%s rpc.service=%s", row.decision, row.method, service)] += row.n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestLabelsAreBounded shows that 10 000 kids, issuers, users and methods which peers
// make up add no label.
func TestLabelsAreBounded(t *testing.T) {
	issuer := newIssuer()
	counting, reader := meter(t)
	server := guarded(t, issuer, access.Enforce, counting)
	encode := func(format string, n int) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, format, n, n))
	}
	for n := range 10_000 {
		token := encode(`{"alg":"ES256","typ":"at+jwt","kid":"k-%d-%d"}`, n) + "." + encode(`{"iss":"https://idp-%d.example","sub":"u-%d"}`, n) + ".AAAA"
		service := []string{"OrderStatus", "Unknown"}[n%2]
		_ = call(t.Context(), server, fmt.Sprintf("/acme.orders.v1.%s/Method%d", service, n), token)
	}
	for n := range 100 {
		_ = call(t.Context(), server, getOrder, issuer.Mint(good(testutil.Claims{"sub": fmt.Sprint("u-", n), "client_id": fmt.Sprint("c-", n)})))
	}
	got := slices.Collect(maps.Keys(counted(t, reader)))
	if len(got) > 2*512+32 {
		t.Errorf("%d series", len(got))
	}
	for _, series := range got {
		for _, word := range []string{"idp-", "k-", "u-", "c-"} {
			if strings.Contains(series, "="+word) || strings.Contains(series, "//"+word) {
				t.Errorf("%s has a label that a stranger chose", series)
			}
		}
	}
}

// TestClientLabelsAreBounded shows that no more than 256 clients of the matrix have
// labels of their own.
func TestClientLabelsAreBounded(t *testing.T) {
	issuer := newIssuer()
	counting, reader := meter(t)
	const clients, most = 300, 256
	server := serverOf(t, issuer, company(t, func(m *access.Matrix) {
		for n := range clients {
			m.Clients[fmt.Sprint("c-", n)] = access.Client{}
		}
	}), counting)
	for n := range clients {
		_ = call(t.Context(), server, getOrder, issuer.Mint(good(testutil.Claims{"client_id": fmt.Sprint("c-", n)})))
	}
	var named, others float64
	for series, count := range counted(t, reader) {
		switch {
		case strings.HasPrefix(series, "grpcaud.server.decisions client=c-"):
			named += count
		case strings.HasPrefix(series, "grpcaud.server.decisions client=other "):
			others += count
		}
	}
	if named != most || others != clients-most {
		t.Errorf("%v calls of clients with a label and %v of others, want %d and %d", named, others, most, clients-most)
	}
}

// TestKidsAreNoLabels shows the same for unknown keys.
func TestKidsAreNoLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		counting, reader := meter(t)
		server := guarded(t, issuer, access.Enforce, counting)
		var calls sync.WaitGroup
		for n := range 100 {
			token := issuer.Mint(good(nil), testutil.Header("kid", fmt.Sprint("k-", n)))
			calls.Go(func() { _ = call(t.Context(), server, getOrder, token) })
		}
		calls.Wait()
		var n float64
		for series, count := range counted(t, reader) {
			if strings.Contains(series, "k-") {
				t.Errorf("%s has a label that a stranger chose", series)
			}
			if strings.HasPrefix(series, "grpcaud.server.decisions ") {
				n += count
			}
		}
		if n != 100 {
			t.Errorf("%v decisions counted, want 100", n)
		}
	})
}

func TestStatsAreMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		counting, reader := meter(t)
		server := guarded(t, issuer, access.Enforce, counting)
		if err := call(t.Context(), server, getOrder, issuer.Mint(good(nil))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * time.Second)
		got := counted(t, reader)
		for name, want := range map[string]float64{
			"keys.age issuer=" + corp: 7, "keys.fetches issuer=" + corp: 1, "keys.failures issuer=" + corp: 0, "keys.skipped issuer=" + corp: 0,
			"leases ": 0, "cache.hits ": 0, "cache.misses ": 1,
		} {
			if n, ok := got["grpcaud.server."+name]; !ok || n != want {
				t.Errorf("%s = %v, %t, want %v", name, n, ok, want)
			}
		}
		server.Close()
		for name := range counted(t, reader) {
			if strings.Contains(name, ".keys.") {
				t.Errorf("%s is read after Close", name)
			}
		}
	})
}

// TestConcurrentDecisionsAreCounted shows that every call is counted while labels are
// added.
func TestConcurrentDecisionsAreCounted(t *testing.T) {
	issuer := newIssuer()
	counting, reader := meter(t)
	server := guarded(t, issuer, access.Observe, counting)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			for n := range 100 {
				_ = call(t.Context(), server, fmt.Sprintf("/acme.orders.v1.OrderStatus/Method%d", n), "x")
			}
		})
	}
	calls.Wait()
	var n float64
	for series, count := range counted(t, reader) {
		if strings.HasPrefix(series, "grpcaud.server.decisions ") {
			n += count
		}
	}
	if n != 800 {
		t.Errorf("%v decisions counted, want 800", n)
	}
	if rows := server.WouldRefuse(); len(rows) != 100 || rows[0].Calls != 8 || rows[99].Calls != 8 {
		t.Errorf("%d rows, %+v to %+v, want 100 with 8 calls each", len(rows), rows[0], rows[len(rows)-1])
	}
}
