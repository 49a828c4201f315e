package logout_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestLogoutTokensAreTaken shows the forms that a logout token may have, and what follows.
func TestLogoutTokensAreTaken(t *testing.T) {
	for name, row := range map[string]struct {
		claims           map[string]any
		typ              string
		session, subject string
	}{
		"sid and sub":         {nil, "logout+jwt", "s-1", "alice"},
		"sid":                 {map[string]any{"sub": nil}, "logout+jwt", "s-1", ""},
		"sub":                 {map[string]any{"sid": nil}, "logout+jwt", "", "alice"},
		"the whole type":      {nil, "application/LOGOUT+jwt", "s-1", "alice"},
		"one of two clients":  {map[string]any{"aud": []string{"other", portal}}, "logout+jwt", "s-1", "alice"},
		"an event with data":  {map[string]any{"events": map[string]any{event: map[string]any{"x": 1}, "urn:other": 1}}, "logout+jwt", "s-1", "alice"},
		"further claims":      {map[string]any{"trace_id": "x", "typ": "Logout"}, "logout+jwt", "s-1", "alice"},
		"within the leeway":   {map[string]any{"iat": int64(946684800 - 60), "exp": int64(946684800 - 10)}, "logout+jwt", "s-1", "alice"},
		"a clock that is off": {map[string]any{"iat": int64(946684800 + 20)}, "logout+jwt", "s-1", "alice"},
	} {
		synctest.Test(t, func(t *testing.T) { // at 946684800
			o := newOffice(t, company(t))
			if got := o.send(t, o.token(statement(row.claims), testutil.Header("typ", row.typ))); got.status != http.StatusOK {
				t.Errorf("%s: %d %s\n%s", name, got.status, got.error, &o.log)
				return
			}
			if len(o.ended.all) != 1 || o.ended.all[0].Session != row.session || o.ended.all[0].Subject != row.subject || o.ended.all[0].Issuer != corp {
				t.Errorf("%s: told %+v", name, o.ended.all)
			}
		})
	}
}

// TestBadLogoutTokensAreRefused shows that each is answered 400, that nothing follows from
// it, that the log has its cause, and no part of its signature.
func TestBadLogoutTokensAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		o := newOffice(t, company(t), logout.RevokeIn(list))
		for name, row := range badTokens(o) {
			time.Sleep(40 * time.Second) // after the pause between fetches of keys
			fresh := badTokens(o)[name].token
			o.log.Reset()
			if got := o.send(t, fresh); got.status != http.StatusBadRequest || got.error != "invalid_request" {
				t.Errorf("%s: %d %s, want 400", name, got.status, got.error)
			}
			if !strings.Contains(o.log.String(), row.cause) {
				t.Errorf("%s: log %s, want %s", name, &o.log, row.cause)
			}
			if last := fresh[strings.LastIndex(fresh, ".")+1:]; len(last) > 20 && strings.Contains(o.log.String(), last) {
				t.Errorf("%s: the log has the signature", name)
			}
		}
		if len(o.ended.all) > 0 {
			t.Errorf("told of %+v", o.ended.all)
		}
		for _, sid := range []string{"s-1", "s-2"} {
			if err := list.Revoked(t.Context(), issued(t, testutil.Claims{"sid": sid})); err != nil {
				t.Errorf("a token of session %s: %v", sid, err)
			}
		}
		if got := o.send(t, o.token(statement(nil))); got.status != http.StatusOK {
			t.Errorf("a good one after them: %d\n%s", got.status, &o.log)
		}
	})
}

// TestOtherTypesAreAccepted shows that an access token or an ID token stays refused where
// logout tokens have no type of their own.
func TestOtherTypesAreAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t), logout.Types("JWT"))
		typ := testutil.Header("typ", "JWT")
		idToken := testutil.Claims{"aud": portal, "sub": "alice", "sid": "s-1", "nonce": "n"}
		for name, row := range map[string]struct {
			token string
			want  int
		}{
			"a logout token":      {o.issuer.Mint(statement(nil), typ), 200},
			"of the default type": {o.token(statement(nil)), 400},
			"of no type":          {o.issuer.Mint(statement(nil), testutil.Header("typ", nil)), 400},
			"an ID token":         {o.issuer.Mint(idToken, typ), 400},
			"an access token":     {o.issuer.Mint(testutil.Claims{"aud": portal, "sub": "alice", "sid": "s-1"}, typ), 400},
		} {
			if got := o.send(t, row.token); got.status != row.want {
				t.Errorf("%s: %d, want %d", name, got.status, row.want)
			}
		}
	})
}

// TestLogoutTokenCountsOnce shows that a replay is refused for as long as the token is
// good, and that a logout token which could not be taken may come again.
func TestLogoutTokenCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		token := o.token(statement(nil))
		o.ended.err = errors.New("the store of sessions is down")
		if got := o.send(t, token); got.status != http.StatusServiceUnavailable {
			t.Errorf("while the program fails: %d, want 503", got.status)
		}
		o.ended.err = nil
		if got := o.send(t, token); got.status != http.StatusOK {
			t.Errorf("again: %d, want 200", got.status)
		}
		for range 3 {
			if got := o.send(t, token); got.status != http.StatusBadRequest || len(o.ended.all) != 1 {
				t.Errorf("a replay: %d, told %d times", got.status, len(o.ended.all))
			}
			time.Sleep(time.Minute)
		}
		if !strings.Contains(o.log.String(), "came before") {
			t.Errorf("log %s", &o.log)
		}
	})
}

// TestFullListIsAnsweredLater shows that a logout which cannot be kept is not answered as
// if it were, and that the program ends its session all the same.
func TestFullListIsAnsweredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(1)
		o := newOffice(t, company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, MaxLifetime: time.Hour}
		}), logout.RevokeIn(list))
		o.send(t, o.token(changed("sid", "s-0")))
		second := o.token(changed("exp", in(time.Hour)))
		got := o.send(t, second)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "60" || len(o.ended.all) != 2 {
			t.Errorf("a full list: %d, Retry-After %q, told %d times", got.status, got.header.Get("Retry-After"), len(o.ended.all))
		}
		time.Sleep(time.Hour + 5*time.Minute)
		if got := o.send(t, o.token(statement(nil))); got.status != http.StatusOK {
			t.Errorf("when the entry has expired: %d\n%s", got.status, &o.log)
		}
	})
}

// TestRevocationThatFailsIsAnsweredLater shows that a shared list which cannot be written
// makes no logout count as done, and that the program ends its session all the same.
func TestRevocationThatFailsIsAnsweredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []revocation.Entry
		down := errors.New("the store is down")
		err := down
		o := newOffice(t, company(t), logout.RevokeWith(func(_ context.Context, e revocation.Entry) error {
			written = append(written, e)
			return err
		}))
		token := o.token(statement(nil))
		if got := o.send(t, token); got.status != http.StatusServiceUnavailable || len(o.ended.all) != 1 {
			t.Errorf("while the store is down: %d, told %d times", got.status, len(o.ended.all))
		}
		err = nil
		if got := o.send(t, token); got.status != http.StatusOK || len(o.ended.all) != 2 {
			t.Errorf("again: %d, told %d times", got.status, len(o.ended.all))
		}
		want := revocation.Entry{Issuer: corp, Session: "s-1", Expires: time.Now().Add(access.DefaultMaxLifetime)}
		if diff := cmp.Diff([]revocation.Entry{want, want}, written); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
	})
}

// TestKeysThatCannotBeFetched shows that an outage makes no logout token bad.
func TestKeysThatCannotBeFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		token := o.token(statement(nil))
		o.issuer.Down()
		if got := o.send(t, token); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("while the issuer is down: %d, Retry-After %q, want 503", got.status, got.header.Get("Retry-After"))
		}
		o.issuer.Up()
		o.issuer.Fault(testutil.JWKS, testutil.RespondNever())
		time.Sleep(time.Minute)
		began := time.Now()
		if got := o.send(t, o.token(statement(nil))); got.status != http.StatusServiceUnavailable || time.Since(began) > 10*time.Second {
			t.Errorf("while the keys do not come: %d after %v, want 503", got.status, time.Since(began))
		}
		o.issuer.Fault(testutil.JWKS, nil)
		time.Sleep(2 * time.Minute)
		if got := o.send(t, o.token(statement(nil))); got.status != http.StatusOK {
			t.Errorf("after the outage: %d\n%s", got.status, &o.log)
		}
	})
}

// TestStrangersCauseFewRequests shows that forged logout tokens make nobody ask for keys
// without end, nor fill the log.
func TestStrangersCauseFewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		o.send(t, o.token(statement(nil)))
		before := o.issuer.Requests(testutil.JWKS)
		o.log.Reset()
		var strangers sync.WaitGroup
		for range 1000 {
			strangers.Go(func() { o.send(t, o.token(statement(nil), testutil.SignedBy(testutil.NewKey("ES256")))) })
		}
		strangers.Wait()
		if more := o.issuer.Requests(testutil.JWKS) - before; more > 1 {
			t.Errorf("%d more requests for keys, want 1 at most", more)
		}
		if n := strings.Count(o.log.String(), "\n"); n > 20 {
			t.Errorf("%d log lines of 1000 refusals", n)
		}
	})
}

// TestReceiverOfAnIssuerOfOpaqueTokens shows that its logout tokens are JWTs all the same.
func TestReceiverOfAnIssuerOfOpaqueTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Introspection: access.Introspection{ClientID: "asker", Secret: access.SecretRef{Env: "ASKER"}}}
		}))
		if got := o.send(t, o.token(statement(nil))); got.status != http.StatusOK {
			t.Errorf("got %d\n%s", got.status, &o.log)
		}
	})
}

func TestNewReceiverRefuses(t *testing.T) {
	told := logout.OnLogout(func(context.Context, *claims.Logout) error { return nil })
	pods := company(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, Preset: "kubernetes"}
		m.Clients["customer-portal"] = access.Client{ID: "system:serviceaccount:shop:portal"}
	})
	for want, row := range map[string]struct {
		policy *access.Policy
		client string
		opts   []logout.Option
	}{
		"no policy":                    {nil, "customer-portal", []logout.Option{told}},
		"nothing would follow":         {company(t), "customer-portal", nil},
		`no client "portal": want one`: {company(t), "portal", []logout.Option{told}},
		"want RevokeIn, RevokeWith":    {company(t), "customer-portal", []logout.Option{logout.RevokeIn(nil)}},
		`no client ""`:                 {company(t), "", []logout.Option{told}},
		"no logger":                    {company(t), "customer-portal", []logout.Option{told, logout.Logger(nil)}},
		"an empty typ":                 {company(t), "customer-portal", []logout.Option{told, logout.Types("")}},
		"names such as logout+jwt":     {company(t), "customer-portal", []logout.Option{told, logout.Types()}},
		"nobody logs in at issuer":     {pods, "customer-portal", []logout.Option{told}},
	} {
		if _, err := logout.NewReceiver(row.policy, row.client, row.opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewReceiver(%q) = %v, want %s", row.client, err, want)
		}
	}
}

// TestToldLogoutIsTheProgramsOwn shows what the program is told.
func TestToldLogoutIsTheProgramsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		now := time.Now().UTC()
		o.send(t, o.token(changed("jti", "id")))
		want := []claims.Logout{{
			Issuer: corp, ID: "id", Audience: []string{portal}, Session: "s-1", Subject: "alice",
			IssuedAt: now, Expiry: now.Add(2 * time.Minute),
		}}
		if diff := cmp.Diff(want, o.ended.all); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}
