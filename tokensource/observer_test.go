package tokensource_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpcaud/grpcaud/tokensource"
)

// logged is a log that may be written and read at the same time.
type logged struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// take returns the lines since the last call, after all goroutines have come to rest.
func (l *logged) take() []string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(l.text.String())
	l.text.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (l *logged) option() tokensource.Option {
	return tokensource.Logger(slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "retry" || a.Key == "expiry" {
				return slog.Attr{}
			}
			return a
		},
	})))
}

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := &logged{}, &wire{token: numbered()}
		s := newSource(t, w, l.option())
		step := func(name string, answer answer, r tokensource.Request, pause time.Duration, want ...string) {
			t.Helper()
			w.answer(answer)
			time.Sleep(pause)
			_, _ = s.Token(t.Context(), r)
			if diff := cmp.Diff(want, l.take()); diff != "" {
				t.Errorf("%s: log (-want +got):\n%s", name, diff)
			}
		}
		const long = time.Hour
		alice := tokensource.Request{Audience: "hr", Scope: "x", Subject: tokensource.NewToken("subject-of-alice", time.Time{}), SubjectIssuer: issuer}
		down := `error="tokensource: token unavailable: token endpoint: status 503"`
		step("fetched", numbered(), orders, 0, `level=DEBUG msg="token fetched" audience=order-status scope="" exchanged=false`)
		step("at hand", numbered(), orders, time.Minute)
		step("fails", always(reply(503, "")), orders, long, `level=WARN msg="token unavailable" audience=order-status scope="" exchanged=false `+down+` failures=1`)
		step("remembered", always(reply(503, "")), orders, 0)
		step("goes on", always(reply(503, "")), orders, 2*time.Second, `level=DEBUG msg="token unavailable" audience=order-status scope="" exchanged=false `+down+` failures=2`)
		step("comes back", always(reply(200, grant("token-1", `"expires_in":300`))), orders, time.Minute, `level=INFO msg="token unchanged" audience=order-status scope="" exchanged=false`)
		step("refused", always(reply(400, `{"error":"invalid_scope","error_description":"subject-of-alice `+secret+`"}`)), alice, 0,
			`level=WARN msg="token refused" audience=hr scope=x exchanged=true error="tokensource: refused: status 400: invalid_scope: [redacted] [redacted]; have https://idp.example.com/realms/corp let client \"backoffice-portal\" have the scope x" failures=1`)
		step("mismatch", always(reply(200, grant(jwt(`{"aud":"b"}`), `"expires_in":300`))), tokensource.Request{Audience: "a"}, 0,
			`level=WARN msg="token is for another audience" audience=a scope="" exchanged=false error="tokensource: token for another audience: got aud [\"b\"], want \"a\": the issuer chose other audiences: check which ones this client may request there" failures=1`)
		w.answer(slow(time.Hour, good))
		go func() { _, _ = s.Token(t.Context(), tokensource.Request{Audience: "c"}) }()
		synctest.Wait()
		s.Close()
		if got := l.take(); got != nil {
			t.Errorf("Close is logged: %q", got)
		}
	})
}

func TestSuccessIsLoggedAtDebugLevelOnly(t *testing.T) {
	l := &logged{}
	s := newSource(t, &wire{}, tokensource.Logger(slog.New(slog.NewTextHandler(l, nil))))
	must(t, s, orders)
	s.Close()
	if l.text.Len() > 0 {
		t.Errorf("got %s", l.text.String())
	}
}

// readMetrics returns the values of all instruments by name and attributes; of a
// histogram, the count and the sum.
func readMetrics(t *testing.T, reader *sdk.ManualReader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name := func(a attribute.Set) string { return m.Name + " " + a.Encoded(attribute.DefaultEncoder()) }
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					got[name(p.Attributes)] = float64(p.Value)
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					got[name(p.Attributes)] = float64(p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					got[name(p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					got[name(p.Attributes)], got[name(p.Attributes)+" sum"] = float64(p.Count), p.Sum
				}
			default:
				t.Errorf("%s is a %T", m.Name, m.Data)
			}
		}
	}
	return got
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdk.NewManualReader()
		provider := sdk.NewMeterProvider(sdk.WithReader(reader))
		w := &wire{token: slow(2*time.Second, numbered())}
		s := newSource(t, w, tokensource.MeterProvider(provider))
		if got := readMetrics(t, reader); len(got) != 0 {
			t.Errorf("unused: got %v", got)
		}
		for range 3 {
			must(t, s, orders) // the first one waits
		}
		time.Sleep(time.Hour - 5*time.Minute)
		must(t, s, orders) // starts a refresh
		time.Sleep(10 * time.Second)
		w.answer(always(reply(400, "")))
		for range 3 {
			_, _ = s.Token(t.Context(), tokensource.Request{Audience: "b"})
		}
		w.answer(always(reply(500, "")))
		_, _ = s.Token(t.Context(), tokensource.Request{Audience: "c"})
		w.answer(always(reply(200, grant(jwt(`{"aud":"b"}`)))))
		_, _ = s.Token(t.Context(), tokensource.Request{Audience: "d"})
		synctest.Wait()
		want := map[string]float64{
			"grpcaud.client.fetches audience=order-status,outcome=fetched,renewal=false": 1,
			"grpcaud.client.fetches audience=order-status,outcome=fetched,renewal=true":  1,
			"grpcaud.client.fetches audience=b,outcome=refused,renewal=false":            1,
			"grpcaud.client.fetches audience=c,outcome=unavailable,renewal=false":        1,
			"grpcaud.client.fetches audience=d,outcome=mismatched,renewal=false":         1,
			"grpcaud.client.waits audience=order-status sum":                             2,
			"grpcaud.client.life audience=order-status":                                  3592,
		}
		for _, audience := range []string{"order-status", "b", "c", "d"} {
			want["grpcaud.client.entries audience="+audience] = 1
			want["grpcaud.client.waits audience="+audience] = 1
			want["grpcaud.client.waits audience="+audience+" sum"] += 0
		}
		if diff := cmp.Diff(want, readMetrics(t, reader)); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
		w.answer(numbered())
		for _, scope := range []string{"e", "f", "g", "h"} {
			time.Sleep(time.Second)
			must(t, s, tokensource.Request{Audience: orders.Audience, Scope: scope})
		}
		if got := readMetrics(t, reader); got["grpcaud.client.life audience=order-status"] != 3588 || got["grpcaud.client.entries audience=order-status"] != 5 {
			t.Errorf("metrics %v, want 3588 s for the token of 5 that ends first", got)
		}
		time.Sleep(2 * time.Minute)
		if life, ok := readMetrics(t, reader)["grpcaud.client.life audience=order-status"]; ok {
			t.Errorf("nothing is in use, and has a life of %v", life)
		}
		s.Close()
		after := readMetrics(t, reader)
		maps.DeleteFunc(after, func(name string, _ float64) bool { return !strings.HasPrefix(name, "grpcaud.client.entries") })
		if len(after) != 0 {
			t.Errorf("closed: got %v", after)
		}
	})
}

// TestAudienceLabelsAreBounded shows that no more than 256 audiences have labels of
// their own.
func TestAudienceLabelsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdk.NewManualReader()
		s := newSource(t, &wire{token: numbered()}, tokensource.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader))))
		const audiences, most = 300, 256
		for n := range audiences {
			must(t, s, tokensource.Request{Audience: fmt.Sprint("tenant-", n)})
		}
		synctest.Wait() // until the last fetch is counted
		got := readMetrics(t, reader)
		for name, want := range map[string]float64{
			"fetches audience=other,outcome=fetched,renewal=false": audiences - most, "waits audience=other": audiences - most, "entries audience=other": audiences - most,
			"entries audience=tenant-0": 1,
		} {
			if got["grpcaud.client."+name] != want {
				t.Errorf("%s = %v, want %v", name, got["grpcaud.client."+name], want)
			}
		}
	})
}

func TestInvalidOptionsAreRefused(t *testing.T) {
	auth := tokensource.ClientCredentials(client, secret)
	for want, opt := range map[string]tokensource.Option{
		"bound: got -1":      tokensource.Bound(-1),
		"nil logger":         tokensource.Logger(nil),
		"nil meter provider": tokensource.MeterProvider(nil),
	} {
		if _, err := tokensource.New(issuer, auth, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
