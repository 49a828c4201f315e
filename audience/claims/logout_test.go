package claims_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

const logoutClaims = `{"iss":"https://idp.example.com","aud":["portal"],"iat":100,"exp":220,"jti":"1","sid":"s","sub":"alice","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`

func TestLogoutIsRead(t *testing.T) {
	p, err := claims.Decode(logoutClaims)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Logout()
	if err != nil {
		t.Fatal(err)
	}
	want := &claims.Logout{
		Issuer: "https://idp.example.com", ID: "1", Audience: []string{"portal"}, Session: "s", Subject: "alice",
		IssuedAt: time.Unix(100, 0).UTC(), Expiry: time.Unix(220, 0).UTC(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logout (-want +got):\n%s", diff)
	}
}

// TestOtherClaimsAreNoLogout shows that each claim which a logout token must have, or must
// not have, counts.
func TestOtherClaimsAreNoLogout(t *testing.T) {
	for _, row := range []struct {
		old, changed string
		cause        audience.Cause
	}{
		{`"iss":"https://idp.example.com",`, ``, audience.CauseClaimMissing},
		{`"aud":["portal"],`, ``, audience.CauseClaimMissing},
		{`"iat":100,`, ``, audience.CauseClaimMissing},
		{`"exp":220,`, ``, audience.CauseClaimMissing},
		{`"jti":"1",`, ``, audience.CauseClaimMissing},
		{`"events"`, `"Events"`, audience.CauseClaimMissing},
		{`"sid":"s","sub":"alice",`, ``, audience.CauseClaimMissing},
		{`"jti":"1",`, `"jti":"1","nonce":null,`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":1,`, audience.CauseClaimsMalformed},
		{`"iat":100,`, `"iat":"100",`, audience.CauseClaimsMalformed},
		{`"exp":220,`, `"exp":null,`, audience.CauseClaimsMalformed},
		{`"aud":["portal"],`, `"aud":[""],`, audience.CauseClaimsMalformed},
		{`"sid":"s",`, `"sid":null,`, audience.CauseClaimsMalformed},
		{`"sub":"alice",`, `"sub":["alice"],`, audience.CauseClaimsMalformed},
		{`logout":{}}`, `logout":null}`, audience.CauseClaimsMalformed},
		{`logout":{}}`, `logout/":{}}`, audience.CauseClaimsMalformed},
		{`{"http://schemas.openid.net/event/backchannel-logout":{}}`, `[]`, audience.CauseClaimsMalformed},
	} {
		text := strings.Replace(logoutClaims, row.old, row.changed, 1)
		p, err := claims.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Logout(); !errors.Is(err, row.cause) || got != nil || text == logoutClaims {
			t.Errorf("%s: %v, %v, want %s", text, got, err, row.cause)
		}
	}
}

// FuzzLogout shows that whatever is read as a logout names its issuer, its id, and a session
// or a user.
func FuzzLogout(f *testing.F) {
	f.Add(logoutClaims)
	f.Add(strings.Replace(logoutClaims, `"sid":"s",`, "", 1))
	f.Add(strings.Replace(logoutClaims, `"sub":"alice",`, `"nonce":"n",`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := claims.Decode(text)
		if err != nil {
			return
		}
		l, err := p.Logout()
		if err != nil {
			return
		}
		if l.Issuer == "" || l.ID == "" || l.Session == "" && l.Subject == "" || l.IssuedAt.IsZero() || l.Expiry.IsZero() {
			t.Errorf("%s is read as %+v", text, l)
		}
	})
}
