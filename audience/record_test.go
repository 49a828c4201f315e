package audience_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

var asking = audience.Caller{
	Issuer: "https://idp.example.com", Client: "backoffice-portal", User: "alice",
	Chain: []string{"order-status"}, Scopes: []string{"orders.write"}, Audience: []string{"order-status"},
}

func TestRecordSurvivesJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := asking.Record("r-1")
		if !want.Time.Equal(time.Now()) {
			t.Errorf("time: got %v, want now", want.Time)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got audience.Record
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after JSON (-want +got):\n%s", diff)
		}
		for _, leak := range []string{"orders.write", "aud"} {
			if strings.Contains(string(text), leak) {
				t.Errorf("%s holds %q, which grants something", text, leak)
			}
		}
	})
}

func TestRecordIsNoCaller(t *testing.T) {
	record := asking.Record("")
	ctx := audience.NewRecordContext(t.Context(), record)
	if c, ok := audience.FromContext(ctx); ok {
		t.Errorf("got caller %v of a record, want none", c)
	}
	got, ok := audience.RecordFromContext(ctx)
	if diff := cmp.Diff(record, got); !ok || diff != "" {
		t.Errorf("record from its context (-want +got):\n%s", diff)
	}
	got.Chain[0] = "mallory"
	if again, _ := audience.RecordFromContext(ctx); again.Chain[0] != "order-status" {
		t.Error("a change of the copy changed the context")
	}
	if record.Chain[0] = "mallory"; asking.Chain[0] != "order-status" {
		t.Error("a change of the record changed the caller")
	}
	if _, ok := audience.RecordFromContext(context.Background()); ok {
		t.Error("got a record of an empty context")
	}
}

func TestRecordInLog(t *testing.T) {
	tests := map[string]struct {
		record audience.Record
		want   string
	}{
		"whole": {
			audience.Record{Issuer: "i", Client: "s", User: "u", Chain: []string{"a", "b"}, Time: time.Unix(0, 0).UTC(), RequestID: "r"},
			`r.issuer=i r.client=s r.user=u r.chain="[a b]" r.time=1970-01-01T00:00:00.000Z r.request_id=r`,
		},
		"what is known": {
			audience.Record{Issuer: "i", Time: time.Unix(0, 0).UTC()},
			`r.issuer=i r.time=1970-01-01T00:00:00.000Z`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("done", "r", test.record)
			if _, got, _ := strings.Cut(strings.TrimSpace(b.String()), "msg=done "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
