package operatorlog_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/examples/portals/internal/operatorlog"
)

func TestDecisionIsThatOfTheRequest(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	kept := operatorlog.New(slog.NewTextHandler(&text, nil))
	log := slog.New(kept).With(slog.String("server", "human-resource"))
	log.Warn("call refused", slog.String("decision", "refused"), slog.String("request_id", "r-1"), slog.String("method", "/m"),
		slog.String("issuer", "https://idp.example.com"), slog.String("client", "customer-portal"), slog.String("user", "ada"), slog.String("code", "Unauthenticated"),
		slog.String("reason", "AUDIENCE_MISMATCH"), slog.String("cause", "AUDIENCE_MISMATCH"), slog.String("explain", "by x; passed: issuer"),
		slog.Any("error", fmt.Errorf("audience: AUDIENCE_MISMATCH: got aud %q, want %q; do this; and that", "a", "b")))
	log.Info("call admitted", slog.String("decision", "admitted"), slog.String("request_id", "r-2"))
	log.Warn("call refused", slog.String("decision", "refused"), slog.String("request_id", ""))

	got, ok := kept.Decision("r-1")
	want := operatorlog.Decision{
		Server: "human-resource", Method: "/m", Issuer: "https://idp.example.com", Client: "customer-portal", User: "ada", Code: "Unauthenticated", RequestID: "r-1",
		Reason: "AUDIENCE_MISMATCH", Cause: "AUDIENCE_MISMATCH", Got: `aud "a"`, Want: `"b"`, Fix: "do this; and that", Explain: "by x; passed: issuer",
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("Decision: %t, (-want +got):\n%s", ok, diff)
	}
	for _, id := range []string{"r-2", "r-3", ""} {
		if d, ok := kept.Decision(id); ok {
			t.Errorf("Decision(%q) = %+v, want none", id, d)
		}
	}
	if n := strings.Count(text.String(), "\n"); n != 3 || !strings.Contains(text.String(), "server=human-resource") {
		t.Errorf("the log has %d lines, want all 3:\n%s", n, text.String())
	}
}

func TestTextOfAnotherFormIsShownWhole(t *testing.T) {
	t.Parallel()
	kept := operatorlog.New(slog.DiscardHandler)
	for text, want := range map[string][3]string{
		"audience: CREDENTIALS_MISSING":      {"audience: CREDENTIALS_MISSING", "", ""},
		"audience: X: got nothing":           {"nothing", "", ""},
		"audience: X: got a, want b":         {"a", "b", ""},
		"audience: X: got a; look at b":      {"a", "", "look at b"},
		"":                                   {"", "", ""},
		"audience: X: got a, want b, want c": {"a", "b, want c", ""},
	} {
		slog.New(kept).Warn("call refused", slog.String("decision", "refused"), slog.String("request_id", text+"!"), slog.String("error", text))
		d, ok := kept.Decision(text + "!")
		if got := [3]string{d.Got, d.Want, d.Fix}; !ok || got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestLogIsBounded shows that refused calls do not fill the memory.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	kept := operatorlog.New(slog.DiscardHandler)
	log := slog.New(kept)
	for i := range 150 {
		log.Warn("call refused", slog.String("decision", "refused"), slog.String("request_id", fmt.Sprint(i)))
	}
	for i, want := range map[int]bool{0: false, 49: false, 50: true, 149: true} {
		if _, ok := kept.Decision(fmt.Sprint(i)); ok != want {
			t.Errorf("decision %d of 150: kept = %t, want %t", i, ok, want)
		}
	}
}
