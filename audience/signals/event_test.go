package signals_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestWhatAnEventRevokes shows which tokens an event revokes.
func TestWhatAnEventRevokes(t *testing.T) {
	at := func(events map[string]any) map[string]any { return map[string]any{"events": events} }
	with := func(uri string, subject map[string]any) map[string]any {
		return map[string]any{"events": happened(uri), "sub_id": subject}
	}
	events := map[string]map[string]any{
		"user":             nil,
		"credential":       at(happened(caep + "credential-change")),
		"claims":           at(happened(caep + "token-claims-change")),
		"disabled":         at(happened(risc + "account-disabled")),
		"purged":           at(happened(risc + "account-purged")),
		"sessions":         at(happened(risc + "sessions-revoked")),
		"required":         at(happened(risc + "account-credential-change-required")),
		"compromised":      at(happened(risc + "credential-compromise")),
		"no time":          at(map[string]any{caep + "session-revoked": map[string]any{}}),
		"time ahead":       at(map[string]any{caep + "session-revoked": map[string]any{"event_timestamp": in(1000 * time.Hour)}}),
		"earlier":          at(map[string]any{caep + "session-revoked": map[string]any{"event_timestamp": 946681200}}),
		"session":          with(caep+"session-revoked", session("s-1")),
		"session alone":    with(caep+"session-revoked", map[string]any{"format": "complex", "session": map[string]any{"format": "opaque", "id": "s-1"}}),
		"session, claims":  with(caep+"token-claims-change", session("s-1")),
		"session, account": with(risc+"account-disabled", session("s-1")),
		"opaque":           with(caep+"session-revoked", map[string]any{"format": "opaque", "id": "alice"}),
		"email":            with(caep+"session-revoked", map[string]any{"format": "email", "email": "alice@example.com"}),
		"no such email":    with(caep+"session-revoked", map[string]any{"format": "email", "email": "nobody@example.com"}),
		"tenant":           with(caep+"session-revoked", map[string]any{"format": "complex", "user": alice(), "tenant": map[string]any{"format": "opaque", "id": "t"}}),
		"two events":       at(map[string]any{"urn:unknown": map[string]any{}, caep + "session-revoked": map[string]any{}, risc + "account-disabled": map[string]any{}}),
		"unknown":          at(happened("urn:unknown")),
		"longer":           at(happened(caep + "session-revoked/")),
		"capitals":         at(happened(strings.ToUpper(caep + "session-revoked"))),
		"enabled":          at(happened(risc + "account-enabled")),
		"unknown, whoever": with("urn:unknown", map[string]any{"format": "phone_number"}),
		"verification":     with(ssf+"verification", map[string]any{"format": "opaque", "id": "alice"}),
		"stream":           with(ssf+"stream-updated", map[string]any{"format": "opaque", "id": "alice"}),
	}
	const user = "user, credential, claims, disabled, purged, sessions, required, compromised, no time, time ahead, opaque, email, tenant, two events, session; account"
	const sid = "session, session alone, session; claims"
	tokens := map[string]struct {
		changes testutil.Claims
		by      string // the events that revoke it
	}{
		"of the session":             {nil, user + ", " + sid},
		"of another session":         {testutil.Claims{"sid": "s-2"}, user},
		"without a session":          {testutil.Claims{"sid": nil}, user},
		"of another user's session":  {testutil.Claims{"sub": "bob", "sid": "s-2"}, ""},
		"of the session, later":      {testutil.Claims{"iat": int64(946684801)}, sid},
		"of another session, later":  {testutil.Claims{"sid": "s-2", "iat": int64(946684801)}, ""},
		"of another session, before": {testutil.Claims{"sid": "s-2", "iat": int64(946681200)}, user + ", earlier"},
		"of the other issuer":        {testutil.Claims{"iss": "https://login.partner.example"}, ""},
	}
	emails := signals.Emails(func(_ context.Context, email string) (string, error) {
		user, _ := strings.CutSuffix(email, "alice@example.com")
		return map[bool]string{true: "alice"}[user == ""], nil
	})
	for eventName, claims := range events {
		synctest.Test(t, func(t *testing.T) { // at 946684800
			o := newOffice(t, company(t), emails)
			if got := o.send(t, o.event(statement(claims))); got.status != http.StatusAccepted {
				t.Fatalf("%s: %d\n%s", eventName, got.status, &o.log)
			}
			for tokenName, row := range tokens {
				err := o.store.list.Revoked(t.Context(), issued(t, row.changes))
				want := false
				for name := range strings.SplitSeq(row.by, ", ") {
					want = want || strings.ReplaceAll(name, ";", ",") == eventName
				}
				if want != errors.Is(err, audience.CauseRevoked) {
					t.Errorf("event %s, token %s: %v, revoked should be %v", eventName, tokenName, err, want)
				}
			}
		})
	}
}

// TestEverySessionAtKeycloak shows that Keycloak's id for all sessions of a user is no
// session, and that this is so at Keycloak alone.
func TestEverySessionAtKeycloak(t *testing.T) {
	keycloak := func(i *access.Issuer) { i.Preset = "keycloak" }
	for _, row := range []struct {
		policy  *access.Policy
		subject map[string]any
		status  int
		want    revocation.Entry
	}{
		{company(t, keycloak), session("ALL"), 202, revocation.Entry{Subject: "alice"}},
		{company(t, keycloak), session("all"), 202, revocation.Entry{Session: "all"}},
		{company(t), session("ALL"), 202, revocation.Entry{Session: "ALL"}},
		{company(t, keycloak), map[string]any{"format": "complex", "session": map[string]any{"format": "opaque", "id": "ALL"}}, 400, revocation.Entry{}},
	} {
		o := newOffice(t, row.policy)
		if got := o.send(t, o.event(changed("sub_id", row.subject))); got.status != row.status {
			t.Errorf("%v: %d, want %d\n%s", row.subject, got.status, row.status, &o.log)
		}
		var got revocation.Entry
		for _, e := range o.store.entries() {
			got = revocation.Entry{Session: e.Session, Subject: e.Subject}
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", row.subject, diff)
		}
	}
}

// TestEmailThatCannotBeLookedUp shows that such an event may come again.
func TestEmailThatCannotBeLookedUp(t *testing.T) {
	o := newOffice(t, company(t), signals.Emails(func(context.Context, string) (string, error) { return "", errors.New("away") }))
	if got := o.send(t, o.event(changed("sub_id", map[string]any{"format": "email", "email": "alice@example.com"}))); got.status != http.StatusServiceUnavailable {
		t.Errorf("%d, want 503\n%s", got.status, &o.log)
	}
}

// TestRevocationLastsAsLongAsTheTokens shows that no token that was issued before the event
// is accepted again.
func TestRevocationLastsAsLongAsTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t, func(i *access.Issuer) { i.MaxLifetime, i.Leeway = 3*time.Hour, 2*time.Minute }))
		o.send(t, o.event(statement(nil)))
		c := issued(t, testutil.Claims{"exp": in(3 * time.Hour)})
		time.Sleep(3*time.Hour + 2*time.Minute)
		if err := o.store.list.Revoked(t.Context(), c); !errors.Is(err, audience.CauseRevoked) {
			t.Errorf("at the end of the longest token: %v, want it revoked", err)
		}
	})
}

// FuzzEvent shows that what an issuer signs revokes tokens of its own alone, and ends.
func FuzzEvent(f *testing.F) {
	o := newOffice(f, company(f))
	for _, c := range []testutil.Claims{statement(nil), changed("sub_id", session("s-1")), changed("events", happened("urn:x"))} {
		c["iss"], c["jti"], c["iat"] = corp, "1", time.Now().Unix()
		delete(c, "exp")
		payload, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		before := len(o.store.entries())
		got := o.send(t, o.event(nil, testutil.RawPayload(payload)))
		for _, e := range o.store.entries()[before:] {
			if got.status != http.StatusAccepted && got.status != http.StatusServiceUnavailable || e.Issuer != corp || e.Session == "" && (e.Subject == "" || e.IssuedBefore.IsZero()) || e.Session != "" && e.Subject != "" {
				t.Errorf("%q: %d, revoked %+v", payload, got.status, e)
			}
		}
	})
}
