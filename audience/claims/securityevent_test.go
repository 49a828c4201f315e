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

const (
	revokedEvent = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
	eventClaims  = `{"iss":"https://idp.example.com","aud":"orders","iat":200,"jti":"1","txn":"t",` +
		`"sub_id":{"format":"iss_sub","iss":"https://idp.example.com","sub":"alice"},"events":{"` + revokedEvent + `":{"event_timestamp":100}}}`
)

// event decodes the claims of a security event token.
func event(text string) (*claims.SecurityEvent, error) {
	p, err := claims.Decode(text)
	if err != nil {
		return nil, err
	}
	return p.SecurityEvent()
}

func TestSecurityEventIsRead(t *testing.T) {
	e, err := event(eventClaims)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := e.Subject()
	if err != nil {
		t.Fatal(err)
	}
	at, err := e.HappenedAt(e.Events[revokedEvent])
	if err != nil || !at.Equal(time.Unix(100, 0)) {
		t.Errorf("happened at %v, %v, want 100", at, err)
	}
	if diff := cmp.Diff(&claims.SubjectID{Format: "iss_sub", Issuer: "https://idp.example.com", Subject: "alice"}, subject); diff != "" {
		t.Errorf("subject (-want +got):\n%s", diff)
	}
	if e.Issuer != "https://idp.example.com" || e.ID != "1" || cmp.Diff([]string{"orders"}, e.Audience) != "" || !e.IssuedAt.Equal(time.Unix(200, 0)) || len(e.Events) != 1 {
		t.Errorf("event %+v", e)
	}
}

// TestEventIsNoLaterThanItsToken shows that a time which is missing, or after the token
// was issued, is that of the token.
func TestEventIsNoLaterThanItsToken(t *testing.T) {
	for _, row := range []struct {
		value string
		want  int64 // 0: refused
	}{
		{`"event_timestamp":100`, 100},
		{``, 200},
		{`"event_timestamp":200`, 200},
		{`"event_timestamp":100000`, 200},
		{`"event_timestamp":"100"`, 0},
		{`"event_timestamp":null`, 0},
		{`"event_timestamp":-1`, 0},
		{`"event_timestamp":0`, 0},
	} {
		e, err := event(strings.Replace(eventClaims, `"event_timestamp":100`, row.value, 1))
		if err != nil {
			t.Fatal(err)
		}
		at, err := e.HappenedAt(e.Events[revokedEvent])
		if row.want == 0 {
			if !errors.Is(err, audience.CauseClaimsMalformed) {
				t.Errorf("%s: %v, %v, want it refused", row.value, at, err)
			}
		} else if err != nil || at.Unix() != row.want {
			t.Errorf("%s: %v, %v, want %d", row.value, at, err, row.want)
		}
	}
}

// TestOtherClaimsAreNoSecurityEvent shows that each claim which a security event token must
// have, or must not have, counts.
func TestOtherClaimsAreNoSecurityEvent(t *testing.T) {
	many := `"events":{`
	for n := range 17 {
		many += `"urn:` + string(rune('a'+n)) + `":{},`
	}
	for _, row := range []struct {
		old, changed string
		cause        audience.Cause
	}{
		{`"iss":"https://idp.example.com","aud"`, `"aud"`, audience.CauseClaimMissing},
		{`"aud":"orders",`, ``, audience.CauseClaimMissing},
		{`"iat":200,`, ``, audience.CauseClaimMissing},
		{`"jti":"1",`, ``, audience.CauseClaimMissing},
		{`"events"`, `"Events"`, audience.CauseClaimMissing},
		{`"jti":"1",`, `"jti":"1","sub":"alice",`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":"1","sub":null,`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":"1","exp":300,`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":"1","nonce":"n",`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":"1","jti":"2",`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":1,`, audience.CauseClaimsMalformed},
		{`"jti":"1",`, `"jti":"",`, audience.CauseClaimsMalformed},
		{`"iat":200,`, `"iat":"200",`, audience.CauseClaimsMalformed},
		{`"aud":"orders",`, `"aud":[""],`, audience.CauseClaimsMalformed},
		{`{"event_timestamp":100}`, `null`, audience.CauseClaimsMalformed},
		{`{"event_timestamp":100}`, `[]`, audience.CauseClaimsMalformed},
		{`{"` + revokedEvent + `":{"event_timestamp":100}}`, `{}`, audience.CauseClaimsMalformed},
		{`{"` + revokedEvent + `":{"event_timestamp":100}}`, `["` + revokedEvent + `"]`, audience.CauseClaimsMalformed},
		{`"` + revokedEvent, `"":{},"` + revokedEvent, audience.CauseClaimsMalformed},
		{`"events":{`, many, audience.CauseClaimsMalformed},
	} {
		text := strings.Replace(eventClaims, row.old, row.changed, 1)
		if text == eventClaims {
			t.Errorf("%s is not there", row.old)
		}
		if _, err := event(text); !errors.Is(err, row.cause) {
			t.Errorf("%s: %v, want %v", text, err, row.cause)
		}
	}
}
