package claims_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// subjectOf returns the subject of a security event with this sub_id.
func subjectOf(t testing.TB, subID string) (*claims.SubjectID, error) {
	t.Helper()
	e, err := event(strings.Replace(eventClaims, `{"format":"iss_sub","iss":"https://idp.example.com","sub":"alice"}`, subID, 1))
	if err != nil {
		t.Fatal(err)
	}
	return e.Subject()
}

// TestSubjectFormats shows the formats of a subject, and that other members do not change it.
func TestSubjectFormats(t *testing.T) {
	user := &claims.SubjectID{Format: "iss_sub", Issuer: "i", Subject: "alice"}
	session := &claims.SubjectID{Format: "opaque", ID: "s-1"}
	for text, want := range map[string]*claims.SubjectID{
		`{"format":"iss_sub","iss":"i","sub":"alice","id":"x"}`: user,
		`{"format":"opaque","id":"s-1"}`:                        session,
		`{"format":"email","email":"a@example.com"}`:            {Format: "email", Email: "a@example.com"},
		`{"format":"complex","user":{"format":"iss_sub","iss":"i","sub":"alice"},"session":{"format":"opaque","id":"s-1"}}`: {Format: "complex", User: user, Session: session},
		`{"format":"complex","session":{"format":"opaque","id":"s-1"},"tenant":{"format":"opaque","id":"x"}}`:               {Format: "complex", Session: session},
		`{"format":"complex","user":{"format":"iss_sub","iss":"i","sub":"alice"},"device":1}`:                               {Format: "complex", User: user},
	} {
		got, err := subjectOf(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestOtherSubjectsAreRefused shows that a subject is read whole or not at all.
func TestOtherSubjectsAreRefused(t *testing.T) {
	for _, text := range []string{
		`null`, `"alice"`, `[]`, `{}`, `{"iss":"i","sub":"alice"}`,
		`{"format":"ISS_SUB","iss":"i","sub":"alice"}`, `{"Format":"iss_sub","iss":"i","sub":"alice"}`, `{"format":"iss_sub ","iss":"i","sub":"alice"}`,
		`{"format":["iss_sub"],"iss":"i","sub":"alice"}`, `{"format":"account","uri":"acct:alice"}`, `{"format":"aliases","identifiers":[]}`, `{"format":"phone_number","phone_number":"+1"}`,
		`{"format":"iss_sub","iss":"i"}`, `{"format":"iss_sub","sub":"alice"}`, `{"format":"iss_sub","iss":"i","sub":""}`, `{"format":"iss_sub","iss":"i","sub":null}`, `{"format":"iss_sub","iss":"i","Sub":"alice"}`,
		`{"format":"opaque"}`, `{"format":"opaque","id":1}`, `{"format":"opaque","id":"a\u0000"}`, `{"format":"email"}`,
		`{"format":"complex"}`, `{"format":"complex","tenant":{"format":"opaque","id":"x"}}`, `{"format":"complex","user":"alice"}`,
		`{"format":"complex","user":{"format":"complex","user":{"format":"opaque","id":"x"}}}`,
		`{"format":"complex","user":{"format":"iss_sub","iss":"i","sub":"alice"},"session":{"format":"opaque"}}`,
		`{"format":"complex","user":{"format":"iss_sub","iss":"i","sub":"alice"},"session":null}`,
	} {
		if got, err := subjectOf(t, text); !errors.Is(err, audience.CauseClaimsMalformed) {
			t.Errorf("%s: %+v, %v, want it refused", text, got, err)
		}
	}
	without, err := event(strings.Replace(eventClaims, `"sub_id"`, `"Sub_id"`, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.Subject(); !errors.Is(err, audience.CauseClaimMissing) {
		t.Errorf("no sub_id: %v, want it missing", err)
	}
}

// FuzzSecurityEvent shows that what is read names an issuer, an id, and, if it has a
// subject, one that can be written back.
func FuzzSecurityEvent(f *testing.F) {
	f.Add(eventClaims)
	f.Add(strings.Replace(eventClaims, `"format":"iss_sub"`, `"format":"complex","user":{"format":"opaque","id":"x"}`, 1))
	f.Add(`{"iss":1,"events":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := event(text)
		if err != nil {
			return
		}
		if e.Issuer == "" || e.ID == "" || e.IssuedAt.IsZero() || len(e.Events) == 0 {
			t.Errorf("%q: %+v", text, e)
		}
		for _, members := range e.Events {
			if at, err := e.HappenedAt(members); err == nil && at.After(e.IssuedAt) {
				t.Errorf("%q: happened at %v, after %v", text, at, e.IssuedAt)
			}
		}
		s, err := e.Subject()
		if err != nil {
			return
		}
		again, err := subjectOf(t, written(t, s))
		if err != nil || cmp.Diff(s, again) != "" {
			t.Errorf("%q: subject %+v, written back %+v, %v", text, s, again, err)
		}
	})
}

// written returns a subject as JSON.
func written(t testing.TB, s *claims.SubjectID) string {
	t.Helper()
	members := map[string]any{"format": s.Format}
	for name, value := range map[string]string{"iss": s.Issuer, "sub": s.Subject, "id": s.ID, "email": s.Email} {
		if value != "" {
			members[name] = value
		}
	}
	for name, part := range map[string]*claims.SubjectID{"user": s.User, "session": s.Session} {
		if part != nil {
			members[name] = json.RawMessage(written(t, part))
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
