package tokensource_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestTokenErrorIsOneLineWithoutSecrets(t *testing.T) {
	const subject = "subject-token"
	for _, row := range []struct{ name, description, want string }{
		{"plain", "audience not allowed", "audience not allowed"},
		{"lines", "one\r\ntwo\x00\x1b[31m\u2028three", "one two [31m three"},
		{"JWT", "bad token eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIn0.c2ln, sorry", "bad token [redacted], sorry"},
		{"our secret", "wrong secret " + secret + "!", "wrong secret [redacted]!"},
		{"our credentials, as sent", "got Basic " + base64.StdEncoding.EncodeToString([]byte(client+":"+url.QueryEscape(secret))), "got Basic [redacted]"},
		{"our secret, as sent in a form", "got client_secret=" + url.QueryEscape(secret), "got client_secret=[redacted]"},
		{"the subject", "cannot use '" + subject + "'", "cannot use '[redacted]'"},
		{"10 KiB", strings.Repeat("x", 10<<10), strings.Repeat("x", 1024)},
		{"10 KiB of three bytes each", strings.Repeat("€", 10<<10), strings.Repeat("€", 341)},
		{"absent", "", ""},
	} {
		body, err := json.Marshal(map[string]string{"error": "invalid_client", "error_description": row.description})
		if err != nil {
			t.Fatal(err)
		}
		w := &wire{token: always(reply(401, string(body)))}
		r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken(subject, time.Time{}), SubjectIssuer: issuer}
		_, err = newSource(t, w).Token(t.Context(), r)
		var refused *tokensource.TokenError
		if !errors.As(err, &refused) || !errors.Is(err, tokensource.ErrRefused) {
			t.Fatalf("%s: got %v, want a RefusedError", row.name, err)
		}
		if refused.Code != "invalid_client" || refused.Status != 401 || refused.Description != row.want {
			t.Errorf("%s: got %q, %d, %q, want %q", row.name, refused.Code, refused.Status, refused.Description, row.want)
		}
		if text := err.Error(); !utf8.ValidString(text) || !strings.Contains(text, "invalid_client") || !strings.Contains(text, row.want) {
			t.Errorf("%s: text %q", row.name, text)
		}
	}
}

// TestShortSecretsAreNotRedacted shows that secrets of a few letters stay: to redact
// them would garble the text and reveal them.
func TestShortSecretsAreNotRedacted(t *testing.T) {
	w := &wire{token: always(reply(400, `{"error":"invalid_scope","error_description":"no scope for abcd, ask again"}`))}
	for _, row := range []struct{ secret, want string }{
		{"a", "no scope for abcd, ask again"},
		{"abc", "no scope for abcd, ask again"},
		{"abcd", "no scope for [redacted], ask again"},
	} {
		s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, row.secret), tokensource.Transport(w), silent)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Token(t.Context(), tokensource.Request{Audience: "a"})
		s.Close()
		if refused, ok := errors.AsType[*tokensource.TokenError](err); !ok || refused.Description != row.want {
			t.Errorf("secret %q: got %v, want %q", row.secret, err, row.want)
		}
	}
}

// TestErrorsHoldNoSecret shows it for every place where an issuer writes a name.
func TestErrorsHoldNoSecret(t *testing.T) {
	evil := secret + "\r\neyJhbGciOiJSUzI1NiJ9.eyJ4IjoxfQ.c2ln subject-token"
	text, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*wire{
		"error":             {token: always(reply(400, `{"error":`+string(text)+`}`))},
		"token_type":        {token: always(reply(200, `{"access_token":"t","token_type":`+string(text)+`}`))},
		"issued_token_type": {token: always(reply(200, `{"access_token":"t","token_type":"bearer","issued_token_type":`+string(text)+`}`))},
		"body":              {token: always(reply(400, evil, "Content-Type", "text/html"))},
		"expires_in":        {token: always(reply(200, grant("t", `"expires_in":`+string(text))))},
		"issuer":            {discovery: reply(200, document(evil, issuer+"/token"))},
		"token_endpoint":    {discovery: reply(200, document(issuer, evil))},
	} {
		r := tokensource.Request{Audience: "a", Subject: tokensource.NewToken("subject-token", time.Time{}), SubjectIssuer: issuer}
		_, err := newSource(t, w).Token(t.Context(), r)
		if err == nil || w.discovery == nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "subject-token")) ||
			strings.Contains(err.Error(), "eyJ") || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
