package decision_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/grpcaud/grpcaud/audience/decision"
)

// full has every field, with text that is hostile where a caller chooses it.
var full = decision.Record{
	Time: time.Date(2026, 11, 29, 12, 0, 0, 123456789, time.UTC), RequestID: "r-1", Method: "/acme.orders.v1.OrderStatus/GetOrderStatus", Stream: true,
	Service: "order-status", Issuer: "https://idp.example.com/realms/corp", Preset: "keycloak", Introspected: true, Audience: []string{"order-status", "other"}, Client: hostile, ClientName: "customer-portal",
	Caller: decision.User, User: "alice\u202e", Scopes: []string{"orders.read", hostile}, Roles: []string{"clerk"}, Chain: []string{"order-status"}, Peer: "[::1]:4312",
	Decision: decision.Refused, Mode: "enforce", Reason: "SCOPE_INSUFFICIENT", Cause: "SCOPE_MISSING", Entry: "services.order-status.allow[0]", File: "access.yaml", Line: 17,
	Policy: "abc", Token: "0011223344556677", Duration: 1234 * time.Nanosecond,
}

const hostile = "a\x1b[31m\"\\\n</script>\u009b,😀\u00e4\U000e0041"

// least is a record with the fields that each has.
var least = decision.Record{Time: full.Time, Decision: decision.Admitted, Mode: "observe", Caller: decision.NoCaller}

// lines returns records as a [decision.File] writes them.
func lines(t *testing.T, records ...decision.Record) string {
	t.Helper()
	path := t.TempDir() + "/decisions.jsonl"
	file, err := decision.OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		file.Record(t.Context(), r)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return content(t, path)
}

// read returns what is in text.
func read(t *testing.T, text string) ([]decision.Record, []decision.Gap, decision.Skipped) {
	t.Helper()
	var records []decision.Record
	var gaps []decision.Gap
	skipped, err := decision.Read(strings.NewReader(text), func(r *decision.Record) error {
		copied := *r
		copied.Audience, copied.Scopes = append([]string(nil), r.Audience...), append([]string(nil), r.Scopes...)
		copied.Roles, copied.Chain = append([]string(nil), r.Roles...), append([]string(nil), r.Chain...)
		records = append(records, copied)
		return nil
	}, func(g decision.Gap) error {
		gaps = append(gaps, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, gaps, skipped
}

// slogLines returns records as slog's JSON handler writes them.
func slogLines(ctx context.Context, records ...decision.Record) string {
	var out bytes.Buffer
	to := decision.Logger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})).With("host", map[string]any{"a": []any{1, "x", nil}}))
	for _, r := range records {
		to.Record(ctx, r)
	}
	return out.String()
}

func TestDecisionRecordIsReadAsItWasWritten(t *testing.T) {
	for name, text := range map[string]string{"file": lines(t, full, least), "slog": slogLines(t.Context(), full, least)} {
		records, _, skipped := read(t, text)
		if diff := cmp.Diff([]decision.Record{full, least}, records, cmpopts.EquateEmpty()); diff != "" || len(skipped) > 0 {
			t.Errorf("%s: skipped %v, records (-want +got):\n%s", name, skipped, diff)
		}
		for _, r := range text {
			if r != '\n' && (r < ' ' || r == 0x9b || r == 0x202e) && name == "file" {
				t.Errorf("%s: the line has the character %U", name, r)
			}
		}
	}
}

// TestDecisionLogWithOtherLinesIsRead shows that lines which are no records are skipped,
// each with a count, a place and an example without tokens.
func TestDecisionLogWithOtherLinesIsRead(t *testing.T) {
	line := strings.TrimSpace(lines(t, full))
	change := func(old, new string) string { return strings.Replace(line, old, new, 1) }
	token := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlc2lnbmF0dXJl"
	for _, row := range []struct {
		name, text, why string
		maybe           bool
	}{
		{"text", "2026/11/29 panic: Bearer " + token, "no JSON object", false},
		{"list", `["type","grpcaud.decision"]`, "no JSON object", false},
		{"rest", line + "x", "a JSON object that is cut off or damaged", true},
		{"other program", `{"time":"2026-11-29T12:00:00Z","level":"INFO","msg":"call refused","method":"/a/B"}`, "a line of another program", false},
		{"other program with other types", `{"time":7,"method":["x"],"line":"y","type":{"a":1}}`, "a line of another program", false},
		{"deep", `{"type":"grpcaud.decision","x":` + strings.Repeat("[", 10000) + "}", "a JSON object that is cut off or damaged", true},
		{"newer", change(`"version":1`, `"version":2`), "a record of a newer version, which this program cannot read", true},
		{"version 0", change(`"version":1`, `"version":0`), "a record with a field of another form", true},
		{"no version", change(`"version":1,`, ``), "a record with a field of another form", true},
		{"number for text", change(`"service":"order-status"`, `"service":7`), "a record with a field of another form", true},
		{"text for list", change(`"roles":["clerk"]`, `"roles":"clerk"`), "a record with a field of another form", true},
		{"fraction", change(`"line":17`, `"line":1.5`), "a record with a field of another form", true},
		{"negative", change(`"line":17`, `"line":-1`), "a record with a field of another form", true},
		{"negative duration", change(`"duration_ns":1234`, `"duration_ns":-1`), "a record with a field of another form", true},
		{"unknown decision", change(`"decision":"refused"`, `"decision":"allowed"`), "a record with a field of another form", true},
		{"unknown mode", change(`"mode":"enforce"`, `"mode":"off"`), "a record with a field of another form", true},
		{"unknown caller", change(`"caller":"user"`, `"caller":"robot"`), "a record with a field of another form", true},
		{"no time", change(`"time":"2026-11-29T12:00:00.123456789Z",`, ``), "a record with a field of another form", true},
		{"bad time", change(`2026-11-29T`, `2026-13-29T`), "a record with a field of another form", true},
		{"twice", change(`"mode":"enforce"`, `"mode":"enforce","mode":"observe"`), "a record with a field of another form", true},
		{"empty gap", `{"time":"2026-11-29T12:00:00Z","type":"grpcaud.gap","version":1,"records":0,"first":"2026-11-29T12:00:00Z","last":"2026-11-29T12:00:00Z","reason":"full"}`, "a record with a field of another form", true},
		{"too long", change(`"client":"`, `"client":"`+strings.Repeat("x", 300<<10)), "a line that is too long", true},
	} {
		records, gaps, skipped := read(t, line+"\n"+row.text+"\n\n"+line+"\n"+row.text+"\n")
		if len(records) != 2 || len(gaps) != 0 || len(skipped) != 1 {
			t.Errorf("%s: %d records, %d gaps, skipped %v", row.name, len(records), len(gaps), skipped)
			continue
		}
		if s := skipped[0]; s.Why != row.why || s.Lines != 2 || s.Line != 2 || s.Example == "" || s.MaybeRecords != row.maybe || skipped.MaybeRecords() != row.maybe {
			t.Errorf("%s: skipped %+v, want 2 lines from line 2 for %q", row.name, s, row.why)
		}
		if s := skipped[0].String(); strings.Contains(s, "eyJ") || strings.ContainsAny(s, "\x1b\n") || len(s) > 500 {
			t.Errorf("%s: the example is %q", row.name, s)
		}
	}
}

func TestDecisionLogThatIsCutOffIsRead(t *testing.T) {
	text := lines(t, full, full)
	for end := len(text) / 2; end < len(text); end++ {
		records, _, skipped := read(t, text[:end])
		whole := strings.Count(text[:end]+"\n", "}\n")
		if len(records) != whole || (whole == 1 && end > len(text)/2) != skipped.MaybeRecords() {
			t.Fatalf("cut off at %d of %d: %d records, skipped %v", end, len(text), len(records), skipped)
		}
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCompressedDecisionLogIsRead(t *testing.T) {
	text := zipped(t, lines(t, full))
	if records, _, skipped := read(t, text+text); len(records) != 2 || len(skipped) != 0 {
		t.Errorf("two compressed files in one: %d records, skipped %v", len(records), skipped)
	}
	large := zipped(t, strings.Repeat(lines(t, full), 5000))
	for _, broken := range []string{large[:len(large)-1], large[:len(large)/2], large[:5], large + "garbage", large[:len(large)-6] + "xxxxxx"} {
		records, _, skipped := read(t, broken)
		if !skipped.MaybeRecords() {
			t.Errorf("damaged file: %d records, skipped %v, want to be told of the damage", len(records), skipped)
		}
	}
}

func TestReadingEndsWithTheFirstError(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	_, err := decision.Read(strings.NewReader(lines(t, full, full)), func(*decision.Record) error { n++; return stop }, nil)
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("error %v after %d records, want that of the first", err, n)
	}
	if _, err := decision.Read(io.MultiReader(strings.NewReader(lines(t, full)), failing{}), func(*decision.Record) error { return nil }, nil); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want that of the reader with the line", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no disk") }

// FuzzRead shows that no input makes the reader panic, and that it takes a line for a
// record only if encoding/json reads the same in it.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-29T12:00:00Z","type":"grpcaud.decision","version":1,"caller":"none","decision":"admitted","mode":"warn","scopes":["a\u00e4"],"duration_ns":1}`))
	f.Add([]byte(`{"time":"2026-11-29T12:00:00Z","type":"grpcaud.gap","version":1,"records":3,"first":"2026-11-29T12:00:00Z","last":"2026-11-29T12:00:00Z","reason":"full"}`))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = decision.Read(bytes.NewReader(data), func(r *decision.Record) error {
			if bytes.Count(data, []byte("\n")) > 0 || data[0] == 0x1f || !json.Valid(bytes.TrimPrefix(data, []byte("\ufeff"))) {
				return nil
			}
			var want struct {
				Method, Service, User string
				Scopes                []string
				Line                  int
			}
			if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &want); err != nil {
				return nil // keys in another case, which are of other programs
			}
			if strings.Contains(strings.ToLower(string(data)), "service") && r.Service != "" && r.Service != want.Service && strings.Count(strings.ToLower(string(data)), "service") == 1 {
				t.Errorf("service %q, want %q", r.Service, want.Service)
			}
			return nil
		}, func(decision.Gap) error { return nil })
	})
}

func BenchmarkRead(b *testing.B) {
	line := slogLines(b.Context(), decision.Record{
		Time: full.Time, RequestID: "8f14e45fceea167a5a36dedd4bea2543", Method: full.Method, Service: full.Service, Issuer: full.Issuer, Audience: full.Audience, Client: "customer-portal",
		ClientName: "customer-portal", Caller: decision.User, User: "hmac-sha256:00112233445566778899aabbccddeeff", Scopes: []string{"openid", "orders.read"}, Peer: "10.0.0.7:40312",
		Decision: decision.Admitted, Mode: "enforce", Entry: full.Entry, File: full.File, Line: 17, Policy: strings.Repeat("ab", 32), Token: full.Token, Duration: full.Duration,
	})
	data := strings.Repeat(line, 1000)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 1000 {
		if _, err := decision.Read(strings.NewReader(data), func(*decision.Record) error { return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
}
