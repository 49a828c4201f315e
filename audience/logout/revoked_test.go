package logout_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/testutil"
)

// issued returns the claims of an access token that is issued now, with changes.
func issued(t testing.TB, changes testutil.Claims) *claims.Claims {
	t.Helper()
	members := testutil.Claims{
		"iss": corp, "sub": "alice", "sid": "s-1", "aud": "order-status", "client_id": portal, "jti": "1",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	preset, _ := claims.LookupPreset(claims.DefaultPreset)
	c, err := preset.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWhatALogoutRevokes shows which tokens a logout revokes: those of its session, or, if
// it names none, those of its user that were issued in the same second or before.
func TestWhatALogoutRevokes(t *testing.T) {
	logouts := map[string]struct {
		claims map[string]any
		opts   []logout.Option
	}{
		"session":       {nil, nil},
		"session alone": {map[string]any{"sub": nil}, nil},
		"user":          {map[string]any{"sid": nil}, nil},
		"every session": {nil, []logout.Option{logout.EverySession()}},
		"half a second": {map[string]any{"sid": nil, "iat": 946684800.9}, nil},
	}
	tokens := map[string]struct {
		changes testutil.Claims
		by      string // the logouts that revoke it
	}{
		"of the session":             {nil, "session, session alone, user, every session, half a second"},
		"of another session":         {testutil.Claims{"sid": "s-2"}, "user, every session, half a second"},
		"without a session":          {testutil.Claims{"sid": nil}, "user, every session, half a second"},
		"of another user's session":  {testutil.Claims{"sub": "bob", "sid": "s-2"}, ""},
		"of the session, later":      {testutil.Claims{"iat": int64(946684801)}, "session, session alone, every session"},
		"of another session, later":  {testutil.Claims{"sid": "s-2", "iat": int64(946684801)}, ""},
		"of another session, before": {testutil.Claims{"sid": "s-2", "iat": int64(946684000)}, "user, every session, half a second"},
		"of the other issuer":        {testutil.Claims{"iss": "https://login.partner.example"}, ""},
	}
	for logoutName, l := range logouts {
		synctest.Test(t, func(t *testing.T) { // at 946684800
			list := revocation.NewList(8)
			o := newOffice(t, company(t), append(l.opts, logout.RevokeIn(list))...)
			if got := o.send(t, o.token(statement(l.claims))); got.status != http.StatusOK {
				t.Fatalf("%s: %d\n%s", logoutName, got.status, &o.log)
			}
			for tokenName, row := range tokens {
				err := list.Revoked(t.Context(), issued(t, row.changes))
				want := false
				for name := range strings.SplitSeq(row.by, ", ") {
					want = want || name == logoutName
				}
				if want != errors.Is(err, audience.CauseRevoked) {
					t.Errorf("logout of %s, token %s: %v, revoked should be %v", logoutName, tokenName, err, want)
				}
			}
		})
	}
}

// TestRevocationLastsAsLongAsTheTokens shows that no token of the session is accepted again.
func TestRevocationLastsAsLongAsTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		o := newOffice(t, company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, MaxLifetime: 3 * time.Hour, Leeway: 2 * time.Minute}
		}), logout.RevokeIn(list))
		o.send(t, o.token(statement(nil)))
		c := issued(t, testutil.Claims{"exp": in(3 * time.Hour)})
		time.Sleep(3*time.Hour + 2*time.Minute)
		if err := list.Revoked(t.Context(), c); !errors.Is(err, audience.CauseRevoked) {
			t.Errorf("at the end of the longest token: %v, want it revoked", err)
		}
	})
}
