package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// TestExpiry shows how long a token is used. A token whose exp is no date (RFC 7519,
// section 2) is unavailable, as no server accepts it; the endpoint is not asked
// again before the end of the pause.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jwt := func(exp string) string { return jwt(`{"aud":"a","exp":` + exp + `}`) }
		in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
		for _, row := range []struct {
			name, token, member string
			want                time.Duration // 0: refused
		}{
			{"missing", "opaque", ``, 5 * time.Minute},
			{"null", "opaque", `,"expires_in":null`, 5 * time.Minute},
			{"0", "opaque", `,"expires_in":0`, 0},
			{"-1", "opaque", `,"expires_in":-1`, 0},
			{"1", "opaque", `,"expires_in":1`, time.Second},
			{"string", "opaque", `,"expires_in":"3600"`, time.Hour},
			{"string of 0", "opaque", `,"expires_in":"0"`, 0},
			{"float", "opaque", `,"expires_in":3600.0`, 0},
			{"1e18", "opaque", `,"expires_in":1e18`, 0},
			{"10^18", "opaque", `,"expires_in":1000000000000000000`, 24 * time.Hour},
			{"word", "opaque", `,"expires_in":"soon"`, 0},
			{"24 h", "opaque", `,"expires_in":86400`, 24 * time.Hour},
			{"more than 24 h", "opaque", `,"expires_in":86401`, 24 * time.Hour},
			{"only exp", jwt(in(time.Hour)), ``, time.Hour},
			{"exp is earlier", jwt(in(time.Minute)), `,"expires_in":3600`, time.Minute},
			{"expires_in is earlier", jwt(in(time.Hour)), `,"expires_in":60`, time.Minute},
			{"exp is past", jwt(in(-time.Minute)), `,"expires_in":60`, 0},
			{"exp is now", jwt(in(0)), ``, 0},
			{"exp is far ahead", jwt(`9007199254740991`), ``, 24 * time.Hour},
			{"exp is no number", jwt(`"tomorrow"`), `,"expires_in":60`, 0},
			{"exp is null", jwt(`null`), `,"expires_in":60`, 0},
			{"exp is 0", jwt(`0`), `,"expires_in":60`, 0},
			{"exp is 2^53", jwt(`9007199254740992`), `,"expires_in":60`, 0},
			{"exp is absurd", jwt(`1e300`), `,"expires_in":60`, 0},
			{"exp is absurdly past", jwt(`-1e300`), `,"expires_in":60`, 0},
		} {
			w := &wire{token: always(reply(200, `{"access_token":"`+row.token+`","token_type":"Bearer"`+row.member+`}`))}
			s, start := newSource(t, w), time.Now()
			token, err := s.Token(t.Context(), tokensource.Request{Audience: "a"})
			switch got := token.Expiry().Sub(start); {
			case row.want == 0 && !errors.Is(err, tokensource.ErrUnavailable):
				t.Errorf("%s: got %v, %v, want ErrUnavailable", row.name, got, err)
			case row.want != 0 && (err != nil || got != row.want):
				t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
			}
			for range 50 { // no flood of requests, whatever the answer
				_, _ = s.Token(t.Context(), tokensource.Request{Audience: "a"})
			}
			if w.count() != 1 {
				t.Errorf("%s: got %d token requests, want 1", row.name, w.count())
			}
		}
	})
}

func TestAnswersOfATokenEndpoint(t *testing.T) {
	okay := func(token string) string { return grant(token, `"expires_in":300`) }
	json := []string{"Content-Type", "application/json"}
	const form = "access_token=t&token_type=bearer&expires_in=300" // all that a token needs
	typed := func(kind string) string { return `{"access_token":"t","expires_in":300` + kind + `}` }
	for _, row := range []struct {
		name, body string
		status     int
		headers    []string
		want       error
	}{
		{"good", okay("t"), 200, json, nil},
		{"every b64token character", okay("aZ09-._~+/=="), 200, json, nil},
		{"16 KiB", okay(strings.Repeat("t", 16<<10)), 200, json, nil},
		{"bearer", typed(`,"token_type":"bearer"`), 200, json, nil},
		{"BEARER", typed(`,"token_type":"BEARER"`), 200, json, nil},
		{"missing", typed(``), 200, json, tokensource.ErrRefused},
		{"MAC", typed(`,"token_type":"MAC"`), 200, json, tokensource.ErrRefused},
		{"N_A", typed(`,"token_type":"N_A"`), 200, json, tokensource.ErrRefused},
		{"DPoP", typed(`,"token_type":"DPoP"`), 200, json, tokensource.ErrRefused},
		{"200 with error", `{"error":"invalid_target"}`, 200, json, tokensource.ErrRefused},
		{"200 with error and token", `{"error":"x","access_token":"t","token_type":"Bearer"}`, 200, json, tokensource.ErrRefused},
		{"HTML", "<html>login</html>", 200, []string{"Content-Type", "text/html"}, tokensource.ErrUnavailable},
		{"HTML as JSON", "<html>login</html>", 200, json, tokensource.ErrUnavailable},
		{"form", form, 200, []string{"Content-Type", "application/x-www-form-urlencoded"}, tokensource.ErrUnavailable},
		{"form with a charset", form, 200, []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, tokensource.ErrUnavailable},
		{"plain text", form, 200, []string{"Content-Type", "text/plain"}, tokensource.ErrUnavailable},
		{"plain text with a charset", form, 200, []string{"Content-Type", "text/plain; charset=utf-8"}, tokensource.ErrUnavailable},
		{"JSON as plain text", okay("t"), 200, []string{"Content-Type", "text/plain"}, tokensource.ErrUnavailable},
		{"JSON as a form", okay("t"), 200, []string{"Content-Type", "application/x-www-form-urlencoded"}, tokensource.ErrUnavailable},
		{"JSON with a charset", okay("t"), 200, []string{"Content-Type", "application/json; charset=utf-8"}, nil},
		{"no content type", okay("t"), 200, []string{"Content-Type", ""}, tokensource.ErrUnavailable},
		{"2 MiB", okay("t") + strings.Repeat(" ", 2<<20) + "x", 200, json, tokensource.ErrUnavailable},
		{"long token", okay(strings.Repeat("t", 16<<10+1)), 200, json, tokensource.ErrUnavailable},
		{"CRLF", okay("t\r\nx: y"), 200, json, tokensource.ErrUnavailable},
		{"trailing newline", okay("t\n"), 200, json, tokensource.ErrUnavailable},
		{"space", okay("t t"), 200, json, tokensource.ErrUnavailable},
		{"not ASCII", okay("tä"), 200, json, tokensource.ErrUnavailable},
		{"only padding", okay("=="), 200, json, tokensource.ErrUnavailable},
		{"empty token", okay(""), 200, json, tokensource.ErrUnavailable},
		{"empty body", "", 200, json, tokensource.ErrUnavailable},
		{"truncated", okay("t")[:20], 200, json, tokensource.ErrUnavailable},
		{"array", "[]", 200, json, tokensource.ErrUnavailable},
		{"redirect", "", 307, []string{"Location", "https://elsewhere.example.com/token"}, tokensource.ErrUnavailable},
		{"400", `{"error":"invalid_scope"}`, 400, json, tokensource.ErrRefused},
		{"401 empty", ``, 401, nil, tokensource.ErrRefused},
		{"403 HTML", `<html>`, 403, []string{"Content-Type", "text/html"}, tokensource.ErrRefused},
		{"404", `not here`, 404, []string{"Content-Type", "text/plain"}, tokensource.ErrRefused},
		{"429", `{"error":"slow_down"}`, 429, json, tokensource.ErrUnavailable},
		{"500", `{"error":"invalid_client"}`, 500, json, tokensource.ErrUnavailable},
		{"503 empty", ``, 503, nil, tokensource.ErrUnavailable},
	} {
		w := &wire{token: always(reply(row.status, row.body, row.headers...))}
		token, err := newSource(t, w).Token(t.Context(), tokensource.Request{Audience: "a"})
		if !errors.Is(err, row.want) || token.IsZero() != (row.want != nil) {
			t.Errorf("%s: got %q, %v, want %v", row.name, token.Reveal(), err, row.want)
		}
		if w.count() != 1 {
			t.Errorf("%s: got %d requests, want 1", row.name, w.count())
		}
		if err != nil && len(row.body) > 8 && strings.Contains(err.Error(), row.body[:8]) {
			t.Errorf("%s: the error holds the body: %v", row.name, err)
		}
	}
}

var bearer = regexp.MustCompile(`\A[A-Za-z0-9._~+/-]+=*\z`)

// FuzzAnswer shows that an accepted token can be sent as a bearer token and expires
// within 24 h, and that no error holds a token or a secret.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", grant("t", `"expires_in":300`), false)
	f.Add(200, "application/json", grant(jwt(`{"aud":["a"],"exp":4102444800}`)), true)
	f.Add(200, "application/json", `{"access_token":"t","token_type":"N_A","expires_in":"-1"}`, true)
	f.Add(400, "application/json", `{"error":"invalid_grant","error_description":"subject-of-fuzz\r\n`+secret+`"}`, true)
	f.Add(429, "text/plain", `error=slow_down`, false)
	f.Add(200, "text/plain", `access_token=t&token_type=bearer&expires_in=9`, false)
	f.Fuzz(func(t *testing.T, status int, kind, body string, exchange bool) {
		w := &wire{token: always(reply(100+(status%500+500)%500, body, "Content-Type", kind))}
		s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret),
			tokensource.Transport(w), tokensource.TokenURL(issuer+"/token"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := tokensource.Request{Audience: "a"}
		if exchange {
			r.Subject = tokensource.NewToken("subject-of-fuzz", time.Time{})
			r.SubjectIssuer = issuer
		}
		token, err := s.Token(context.Background(), r)
		if err != nil {
			text := err.Error()
			if strings.Contains(text, secret) || exchange && strings.Contains(text, "subject-of-fuzz") || strings.Contains(text, "eyJ") {
				t.Errorf("secret in the error: %s", text)
			}
			if strings.ContainsAny(text, "\r\n") || !errors.Is(err, tokensource.ErrUnavailable) &&
				!errors.Is(err, tokensource.ErrRefused) && !errors.Is(err, tokensource.ErrMismatch) {
				t.Errorf("error of no kind, or of two lines: %q", text)
			}
			return
		}
		if text := token.Reveal(); !bearer.MatchString(text) || len(text) > 16<<10 {
			t.Errorf("accepted token %q", text)
		}
		if life := time.Until(token.Expiry()); life <= 0 || life > 24*time.Hour {
			t.Errorf("accepted a life of %v", life)
		}
	})
}

// TestNoAnswerIsUnavailable shows also that the cause is not lost.
func TestNoAnswerIsUnavailable(t *testing.T) {
	broken := errors.New("connection reset")
	w := &wire{token: func(*http.Request, url.Values) (*http.Response, error) { return nil, broken }}
	_, err := newSource(t, w).Token(t.Context(), tokensource.Request{Audience: "a"})
	if !errors.Is(err, tokensource.ErrUnavailable) || !errors.Is(err, broken) {
		t.Errorf("got %v, want ErrUnavailable and its cause", err)
	}
}
