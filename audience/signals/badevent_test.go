package signals_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// badEvents are security event tokens that are refused, each with its cause and what the
// issuer is told.
func badEvents(o *office) map[string]struct{ token, cause, err string } {
	stranger := testutil.NewIssuer("https://login.stranger.example")
	other := testutil.NewKey("ES256")
	good := o.event(statement(nil))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"secevent+jwt"}`))
	revoked := caep + "session-revoked"
	logout := map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
	const bad = "invalid_request"
	return map[string]struct{ token, cause, err string }{
		"another issuer":           {stranger.Mint(statement(nil), testutil.Header("typ", "secevent+jwt")), "ISSUER_UNKNOWN", "invalid_issuer"},
		"another issuer's key":     {o.event(statement(nil), testutil.SignedBy(other)), "KEY_UNKNOWN", "invalid_key"},
		"a key id that is taken":   {o.event(statement(nil), testutil.SignedBy(other), testutil.Header("kid", kid(header))), "SIGNATURE_INVALID", "invalid_key"},
		"a changed payload":        {header + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(decoded(payload), "alice", "admin", 1))) + "." + signature, "SIGNATURE_INVALID", "invalid_key"},
		"not signed":               {unsigned + "." + payload + ".AA", "ALGORITHM_NOT_ALLOWED", "invalid_key"},
		"no signature":             {unsigned + "." + payload + ".", "TOKEN_MALFORMED", bad},
		"HS256":                    {o.event(statement(nil), testutil.Header("alg", "HS256")), "ALGORITHM_NOT_ALLOWED", "invalid_key"},
		"its own key":              {o.event(statement(nil), testutil.SignedBy(other), testutil.Header("jwk", other.JWK())), "TOKEN_MALFORMED", bad},
		"a key elsewhere":          {o.event(statement(nil), testutil.Header("jku", "https://evil.example/")), "TOKEN_MALFORMED", bad},
		"an extension":             {o.event(statement(nil), testutil.Header("crit", []string{"exp"})), "TOKEN_MALFORMED", bad},
		"a nested token":           {o.event(nil, testutil.Header("cty", "JWT"), testutil.RawPayload([]byte(good))), "CLAIMS_MALFORMED", bad},
		"an encrypted token":       {good + ".AA.AA", "TOKEN_MALFORMED", bad},
		"nothing":                  {"", "TOKEN_MALFORMED", bad},
		"a line break":             {good + "\n", "TOKEN_MALFORMED", bad},
		"an access token":          {o.issuer.Mint(testutil.Claims{"aud": aud, "sub": "alice", "client_id": "6f1c"}), "TYPE_NOT_ALLOWED", bad},
		"an ID token":              {o.issuer.Mint(testutil.Claims{"aud": aud, "sub": "alice", "nonce": "n"}, testutil.Header("typ", "JWT")), "TYPE_NOT_ALLOWED", bad},
		"a logout token":           {o.event(testutil.Claims{"aud": aud, "sub": "alice", "events": logout}, testutil.Header("typ", "logout+jwt")), "TYPE_NOT_ALLOWED", bad},
		"a logout by that type":    {o.event(testutil.Claims{"aud": aud, "sub": "alice", "events": logout}), "CLAIMS_MALFORMED", bad},
		"no type":                  {o.event(statement(nil), testutil.Header("typ", nil)), "TYPE_NOT_ALLOWED", bad},
		"another audience":         {o.event(changed("aud", "https://hr.example.com/signals")), "AUDIENCE_MISMATCH", "invalid_audience"},
		"a longer audience":        {o.event(changed("aud", aud+"/")), "AUDIENCE_MISMATCH", "invalid_audience"},
		"nobody":                   {o.event(changed("aud", []string{})), "AUDIENCE_MISMATCH", "invalid_audience"},
		"no aud":                   {o.event(changed("aud", nil)), "CLAIM_MISSING", bad},
		"no jti":                   {o.event(changed("jti", nil)), "CLAIM_MISSING", bad},
		"an empty jti":             {o.event(changed("jti", "")), "CLAIMS_MALFORMED", bad},
		"no iat":                   {o.event(changed("iat", nil)), "CLAIM_MISSING", bad},
		"an iat that is text":      {o.event(changed("iat", "now")), "CLAIMS_MALFORMED", bad},
		"an iat ahead":             {o.event(changed("iat", in(time.Hour))), "NOT_YET_VALID", bad},
		"an iat before all tokens": {o.event(changed("iat", in(-25*time.Hour))), "TOKEN_TOO_OLD", bad},
		"an exp":                   {o.event(changed("exp", in(time.Hour))), "CLAIMS_MALFORMED", bad},
		"a null exp":               {o.event(changed("exp", json.RawMessage("null"))), "CLAIMS_MALFORMED", bad},
		"a sub":                    {o.event(changed("sub", "alice")), "CLAIMS_MALFORMED", bad},
		"a nonce":                  {o.event(changed("nonce", "n")), "CLAIMS_MALFORMED", bad},
		"no events":                {o.event(changed("events", nil)), "CLAIM_MISSING", bad},
		"empty events":             {o.event(changed("events", map[string]any{})), "CLAIMS_MALFORMED", bad},
		"events in a list":         {o.event(changed("events", []string{revoked})), "CLAIMS_MALFORMED", bad},
		"events that are text":     {o.event(changed("events", revoked)), "CLAIMS_MALFORMED", bad},
		"a null event":             {o.event(changed("events", map[string]any{revoked: nil})), "CLAIMS_MALFORMED", bad},
		"events in capitals":       {o.event(statement(map[string]any{"events": nil, "Events": happened(revoked)})), "CLAIM_MISSING", bad},
		"a time that is text":      {o.event(changed("events", map[string]any{revoked: map[string]any{"event_timestamp": "now"}})), "CLAIMS_MALFORMED", bad},
		"no subject":               {o.event(changed("sub_id", nil)), "CLAIM_MISSING", bad},
		"a subject that is text":   {o.event(changed("sub_id", "alice")), "CLAIMS_MALFORMED", bad},
		"an unknown format":        {o.event(changed("sub_id", map[string]any{"format": "account", "uri": "acct:alice@example.com"})), "CLAIMS_MALFORMED", bad},
		"a format in capitals":     {o.event(changed("sub_id", map[string]any{"format": "ISS_SUB", "iss": corp, "sub": "alice"})), "CLAIMS_MALFORMED", bad},
		"another issuer's user":    {o.event(changed("sub_id", map[string]any{"format": "iss_sub", "iss": "https://login.partner.example", "sub": "alice"})), "ISSUER_UNKNOWN", "invalid_issuer"},
		"another issuer's user in a complex subject": {o.event(changed("sub_id", map[string]any{"format": "complex", "session": map[string]any{"format": "opaque", "id": "s-1"}, "user": map[string]any{"format": "iss_sub", "iss": corp + "/", "sub": "alice"}})), "ISSUER_UNKNOWN", "invalid_issuer"},
		"an email address":                           {o.event(changed("sub_id", map[string]any{"format": "email", "email": "alice@example.com"})), "CLAIMS_MALFORMED", bad},
		"a device alone":                             {o.event(changed("sub_id", map[string]any{"format": "complex", "device": alice()})), "CLAIMS_MALFORMED", bad},
		"an empty session":                           {o.event(changed("sub_id", session(""))), "CLAIMS_MALFORMED", bad},
		"a null session":                             {o.event(changed("sub_id", session(nil))), "CLAIMS_MALFORMED", bad},
		"a session of a user's format":               {o.event(changed("sub_id", map[string]any{"format": "complex", "user": alice(), "session": alice()})), "CLAIMS_MALFORMED", bad},
		"a session with a line break":                {o.event(changed("sub_id", session("s-1\nlevel=ERROR"))), "CLAIMS_MALFORMED", bad},
		"a claim twice":                              {o.event(nil, testutil.RawPayload([]byte(`{"jti":"x",`+decoded(payload)[1:]))), "CLAIMS_MALFORMED", bad},
		"a user twice":                               {o.event(nil, testutil.RawPayload([]byte(strings.Replace(decoded(payload), `"sub":"alice"`, `"sub":"bob","sub":"alice"`, 1)))), "CLAIMS_MALFORMED", bad},
		"claims that are no object":                  {o.event(nil, testutil.RawPayload([]byte("[]"))), "CLAIMS_MALFORMED", bad},
		"a token of 20000 bytes":                     {o.event(changed("x", strings.Repeat("x", 20000))), "TOKEN_TOO_LARGE", bad},
		"an issuer with a slash":                     {o.event(changed("iss", corp+"/")), "ISSUER_UNKNOWN", "invalid_issuer"},
	}
}

func kid(header string) string {
	var members struct{ Kid string }
	if err := json.Unmarshal([]byte(decoded(header)), &members); err != nil {
		panic(err)
	}
	return members.Kid
}

func decoded(part string) string {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// TestBadEventsAreRefused shows that each is answered 400, that nothing follows from it, that
// the log has its cause, and no part of its signature.
func TestBadEventsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, company(t))
		for name := range badEvents(o) {
			time.Sleep(40 * time.Second) // after the pause between fetches of keys
			row := badEvents(o)[name]
			o.log.reset()
			if got := o.send(t, row.token); got.status != http.StatusBadRequest || got.err != row.err {
				t.Errorf("%s: %d %s, want 400 %s\n%s", name, got.status, got.err, row.err, &o.log)
			}
			if !strings.Contains(o.log.String(), row.cause) {
				t.Errorf("%s: log %s, want %s", name, &o.log, row.cause)
			}
			if last := row.token[strings.LastIndex(row.token, ".")+1:]; len(last) > 20 && strings.Contains(o.log.String(), last) {
				t.Errorf("%s: the log has the signature", name)
			}
		}
		if got := o.store.entries(); len(got) > 0 {
			t.Errorf("revoked %+v", got)
		}
		if got := o.send(t, o.event(statement(nil))); got.status != http.StatusAccepted || len(o.store.entries()) != 1 {
			t.Errorf("a good one after them: %d\n%s", got.status, &o.log)
		}
	})
}
